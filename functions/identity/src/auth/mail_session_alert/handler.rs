use super::db;
use super::logic::{self, Alert};
use shared::background::{Delivery, Halt, request_mail};
use shared::failure::{Fault, NoFailure};

/// Reads whose session it is, and requests the mail; for nobody who is to be told, notes the event alone.
pub(super) async fn take(delivery: &Delivery<'_>) -> Result<(), Halt> {
    let session = delivery.id("sessionId")?;
    let alert: Alert =
        delivery.event.kind.parse().map_err(|_| Fault::internal("the event is of another kind"))?;
    let mut tx = delivery.read();
    let recipient = tx.add(db::recipient(delivery.clinic(), session));
    let recipient = tx.commit::<NoFailure>().await.map_err(Fault::from)?.optional(&recipient)?;

    let mut tx = delivery.begin();
    if let Some(recipient) = recipient {
        let words =
            logic::words(alert, &recipient).map_err(|_| Fault::internal("a template does not render"))?;
        let key = logic::key(alert, session);
        tx.add(request_mail(delivery, words.to(key, recipient.language, recipient.email, recipient.name)));
    }
    delivery.commit(tx).await.map(drop)
}
