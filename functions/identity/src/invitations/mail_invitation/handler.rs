use super::{db, logic};
use shared::access::{LinkToken, PublicUrl};
use shared::background::{Delivery, Halt, request_mail};
use shared::failure::{Fault, NoFailure};

/// Reads whom the invitation is for, makes the token, requests the mail; for one that is over, notes the event alone.
pub(super) async fn take(delivery: &Delivery<'_, PublicUrl>) -> Result<(), Halt> {
    let (clinic, invitation) = (delivery.clinic(), delivery.id("invitationId")?);
    let mut tx = delivery.read();
    let guest = tx.add(db::guest(clinic, invitation, delivery.now));
    let guest = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&guest)?;

    let mut tx = delivery.begin();
    if let Some(guest) = guest {
        let token = LinkToken::new(clinic)?;
        let text = token.text();
        let link = format!("{}/accept-invitation?token={}", delivery.parts.as_str(), text.expose());
        let words = logic::words(&guest, &link).map_err(|_| Fault::internal("a template does not render"))?;
        tx.add(db::set_token(clinic, invitation, token.hash(), delivery.now));
        let mail = words.to(format!("invitation/{invitation}"), guest.language, guest.email, guest.name);
        tx.add(request_mail(delivery, mail));
    }
    delivery.commit(tx).await.map(drop)
}
