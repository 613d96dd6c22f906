use super::db::{self, Reset};
use super::logic;
use crate::auth::credentials::{end_resets, enter_account};
use shared::access::{LinkToken, PublicUrl};
use shared::background::{Delivery, Halt, request_mail};
use shared::failure::{Fault, NoFailure};

/// Finds out whose the address is; then makes the token and requests the mail, or nothing.
pub(super) async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
    let request = delivery.id("requestId")?;
    let mut tx = delivery.read();
    tx.add(db::enter_account_of(request));
    let recipient = tx.add(db::recipient());
    let recipient = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&recipient)?;

    let mut tx = delivery.begin();
    tx.add(db::delete_request(request));
    let Some(recipient) = recipient else {
        return delivery.commit(tx).await.map(drop);
    };
    let token = LinkToken::new(recipient.account)?;
    let text = token.text();
    let link = format!("{}/reset-password?token={}", delivery.parts.as_str(), text.expose());
    let words = logic::words(&recipient, &link).map_err(|_| Fault::internal("a template does not render"))?;
    let reset = Reset {
        id: delivery.new_id(),
        account: recipient.account,
        token_hash: token.hash(),
        expires_at: delivery.now + logic::LIFETIME,
    };
    tx.add(enter_account(recipient.account));
    tx.add(db::hold_account(recipient.account));
    tx.add(end_resets(recipient.account, delivery.now));
    tx.add(db::insert_reset(reset, delivery.now));
    let mail =
        words.to(format!("password-reset/{request}"), recipient.language, recipient.email, recipient.name);
    tx.add(request_mail(delivery, mail));
    delivery.commit(tx).await.map(drop)
}
