//! Who read whose data (LGPD Art. 37, GDPR Art. 30): one audit row a person, written once the reply is sent.
//!
//! A read stays a read: its transaction changes nothing, waits for no lock of a writer, and can be answered by a replica.
//! The rows of one reply go out in one statement behind it, so nobody waits for them. They are not kept for the replies
//! that follow: an instance that is frozen or killed would take them along.

use super::Call;
use crate::access::Principal;
use crate::app::App;
use crate::database::{RoundTrips, Scope, Statement, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, Fault, NoFailure};
use crate::parts::Parts;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How long the rows may take.
const LIMIT: Duration = Duration::from_secs(3);

/// What one reply shows of whom, as far as the handler has told.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<Vec<Read>>);

#[derive(Debug)]
struct Read {
    action: &'static str,
    people: Vec<Uuid>,
}

impl<P: Parts> Call<'_, P> {
    /// Notes that the reply shows something of these people, under the action that the policy names
    /// ([`Policy::shows_people`](crate::http::Policy::shows_people)).
    pub fn shows(&self, people: Vec<Uuid>) -> Result<(), Fault> {
        let action = self.policy.shows_people;
        let action =
            action.ok_or_else(|| Fault::internal("the policy does not say that people are shown"))?;
        if !people.is_empty() {
            self.reads.0.lock().unwrap_or_else(PoisonError::into_inner).push(Read { action, people });
        }
        Ok(())
    }
}

/// The rows of one reply, still to be written.
pub(crate) struct ToNote {
    app: Arc<App>,
    caller: Principal,
    request_id: String,
    at: Timestamp,
    reads: Vec<Read>,
}

impl ToNote {
    /// The rows of a reply, if it shows anything of anybody.
    pub(crate) fn of(
        reads: Reads,
        app: &Arc<App>,
        caller: Option<Principal>,
        request_id: &str,
        at: Timestamp,
    ) -> Option<Self> {
        let reads = reads.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let caller = caller.filter(|_| !reads.is_empty())?;
        Some(Self { app: Arc::clone(app), caller, request_id: request_id.to_owned(), at, reads })
    }

    /// Writes the rows. That they could not be written is an error of the log; the reply is out.
    pub(crate) async fn write(self) {
        let trips = RoundTrips::default();
        let scope = Scope { clinic: Some(self.caller.clinic_id), ..Scope::default() };
        let mut tx = Tx::writing(&self.app.database, &trips, Deadline::within(LIMIT), scope, None);
        for read in &self.reads {
            tx.add(self.rows(read));
        }
        let written: Result<_, Error<NoFailure>> = tx.commit().await;
        if let Err(Error::Fault(fault)) = written {
            tracing::error!(
                event = "reads_not_noted",
                "requestId" = self.request_id,
                reason = fault.log_text(),
                "reads of personal data are missing in the audit log"
            );
        }
    }

    fn rows(&self, read: &Read) -> Statement<()> {
        let ids: Vec<Uuid> = read.people.iter().map(|_| self.app.ids.new_id(self.at)).collect();
        Statement::new(
            "shared.note_reads",
            "INSERT INTO kernel.audit_log
                    (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
             SELECT id, $1, $2, $3, split_part($3, '.', 1), person, person, $4, $5
               FROM unnest($6::uuid[], $7::uuid[]) AS read (id, person)",
        )
        .bind(self.caller.clinic_id)
        .bind(self.caller.user_id)
        .bind(read.action)
        .bind(self.request_id.clone())
        .bind(self.at)
        .bind(ids)
        .bind(read.people.clone())
    }
}
