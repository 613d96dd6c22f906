use super::db;
use super::logic::{self, Next};
use crate::mail::mail_state;
use shared::background::{Delivery, Halt};
use shared::failure::{Fault, NoFailure};
use shared::mail::{Letter, Mail, Unsent};
use uuid::Uuid;

/// Leases, sends, marks.
pub(super) async fn take(delivery: &Delivery<'_, Mail>) -> Result<(), Halt> {
    let id = delivery.id("mailId")?;
    let Some(letter) = lease(delivery, id).await? else {
        // The mail is done, and so is the event: the inbox has its row, or gets it now.
        return delivery.commit(delivery.begin()).await.map(drop);
    };
    let outcome = delivery.parts.send(&letter, delivery.deadline).await;
    let mut tx = delivery.begin();
    match outcome {
        Ok(provider) => tx.add(db::mark_sent(delivery.clinic(), id, provider, delivery.app.clock.now())),
        Err(Unsent::Refused(code)) => {
            tx.add(db::mark_refused(delivery.clinic(), id, code, delivery.app.clock.now()))
        }
        Err(Unsent::Failed(reason)) => {
            release(delivery, id).await?;
            return Err(Fault::internal(reason).into());
        }
    };
    delivery.commit(tx).await.map(drop)
}

/// The mail, on lease; none when the mail is done.
async fn lease(delivery: &Delivery<'_, Mail>, id: Uuid) -> Result<Option<Letter>, Fault> {
    let mut tx = delivery.aside();
    let leased = tx.add(db::lease_mail(delivery.clinic(), id, delivery.now));
    let state = tx.add(mail_state(delivery.clinic(), id));
    let done = tx.commit::<NoFailure>().await?;
    let (leased, state) = (done.optional(&leased)?, done.optional(&state)?);
    match logic::next(leased, state.as_deref()) {
        Next::Send(kept) => kept
            .open(id, delivery.clinic())
            .map(Some)
            .map_err(|_| Fault::internal("a mail that cannot be read")),
        Next::Nothing => Ok(None),
        Next::Wait => Err(Fault::internal("somebody else is sending this mail")),
        Next::Missing => Err(Fault::internal("there is no such mail")),
    }
}

async fn release(delivery: &Delivery<'_, Mail>, id: Uuid) -> Result<(), Fault> {
    let mut tx = delivery.aside();
    tx.add(db::release_mail(delivery.clinic(), id, delivery.app.clock.now()));
    tx.commit::<NoFailure>().await.map(drop).map_err(Fault::from)
}
