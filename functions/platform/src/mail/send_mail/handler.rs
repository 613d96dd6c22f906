use super::db;
use super::logic::{self, Next};
use shared::consumer::{Halt, Turn};
use shared::failure::{Fault, NoFailure};
use shared::mail::{Letter, Unsent};
use uuid::Uuid;

/// Leases, sends, marks.
pub(super) async fn take(turn: &Turn<'_>) -> Result<(), Halt> {
    let id = turn.id("mailId")?;
    let Some(letter) = lease(turn, id).await? else {
        // It is done, and so is the event: its row is there, or it is written now.
        return turn.commit(turn.begin()).await.map(drop);
    };
    let outcome = turn.app.mail()?.send(&letter, turn.deadline).await;
    let mut tx = turn.begin();
    match outcome {
        Ok(provider) => tx.add(db::mark_sent(turn.clinic(), id, provider, turn.app.clock.now())),
        Err(Unsent::Refused(code)) => tx.add(db::mark_refused(turn.clinic(), id, code, turn.app.clock.now())),
        Err(Unsent::Failed(reason)) => {
            release(turn, id).await?;
            return Err(Fault::internal(reason).into());
        }
    };
    turn.commit(tx).await.map(drop)
}

/// The mail, for as long as the lease runs; none when it is done.
async fn lease(turn: &Turn<'_>, id: Uuid) -> Result<Option<Letter>, Fault> {
    let mut tx = turn.aside();
    let leased = tx.add(db::lease_mail(turn.clinic(), id, turn.now));
    let state = tx.add(db::mail_state(turn.clinic(), id));
    let done = tx.commit::<NoFailure>().await?;
    let (leased, state) = (done.optional(&leased)?, done.optional(&state)?);
    match logic::next(leased, state.as_deref()) {
        Next::Send(kept) => {
            kept.open(id, turn.clinic()).map(Some).map_err(|_| Fault::internal("a mail that cannot be read"))
        }
        Next::Nothing => Ok(None),
        Next::Wait => Err(Fault::internal("somebody else is sending this mail")),
        Next::Missing => Err(Fault::internal("there is no such mail")),
    }
}

async fn release(turn: &Turn<'_>, id: Uuid) -> Result<(), Fault> {
    let mut tx = turn.aside();
    tx.add(db::release_mail(turn.clinic(), id, turn.app.clock.now()));
    tx.commit::<NoFailure>().await.map(drop).map_err(Fault::from)
}
