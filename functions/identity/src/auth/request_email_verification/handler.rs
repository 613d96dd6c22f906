use super::db::{self, Verification};
use super::logic;
use crate::auth::resend_email_verification::REQUESTED;
use shared::access::{LinkToken, PublicUrl};
use shared::background::{Delivery, Halt, request_mail};
use shared::failure::{Fault, NoFailure};

/// Reads the owner's address and language, makes the token, requests the mail; where none is due, notes the event alone.
pub(super) async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
    let user = delivery.id("userId")?;
    let mut tx = delivery.read();
    let owner = tx.add(db::owner(delivery.clinic(), user, logic::since(delivery.now)));
    let owner = tx.commit::<NoFailure>().await.map_err(Fault::from)?.one(&owner)?;

    let asked = delivery.event.kind == REQUESTED;
    if asked && !logic::is_due(&owner) {
        return delivery.commit(delivery.begin()).await.map(drop);
    }
    let token = LinkToken::new(delivery.clinic())?;
    let text = token.text();
    let link = format!("{}/verify-email?token={}", delivery.parts.as_str(), text.expose());
    let words = logic::words(&owner, &link).map_err(|_| Fault::internal("a template does not render"))?;
    let verification = Verification {
        id: delivery.new_id(),
        clinic: delivery.clinic(),
        account: owner.account,
        user,
        token_hash: token.hash(),
        expires_at: delivery.now + logic::LIFETIME,
    };

    let mut tx = delivery.begin();
    tx.add(db::insert_verification(verification, delivery.now));
    let mail =
        words.to(logic::key(user, asked.then_some(delivery.now)), owner.language, owner.email, owner.name);
    tx.add(request_mail(delivery, mail));
    delivery.commit(tx).await.map(drop)
}
