//! From the replies to a flush to the outcome of its transaction.
//!
//! The first real error counts: Postgres answers 25P02 to every statement behind it, and COMMIT is a silent ROLLBACK.
//! DETAIL and HINT carry values of rows and are never read.

use super::flush::Reply;
use crate::failure::Fault;
use crate::failure::problem::{DATABASE_BUSY, DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED, OUTCOME_UNKNOWN};
use tokio_postgres::error::{DbError, Severity, SqlState};

/// 25P04: the transaction ran into `transaction_timeout`; the session is gone.
const TRANSACTION_TIMEOUT: &str = "25P04";

/// 23503: a row refers to what is not there, or what rows refer to would not be there any more.
pub(super) const FOREIGN_KEY_VIOLATION: &str = "23503";

/// 25006: the server takes no changes, as a standby, or as one whose disk filled up.
const READ_ONLY: &str = "25006";

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum CommitOutcome {
    /// COMMIT succeeded.
    Committed,
    /// Step `step` failed, and the transaction was rolled back.
    RolledBack {
        /// The index of the step.
        step: usize,
        /// SQLSTATE.
        state: String,
        /// The violated constraint or `kernel.ensure` condition.
        constraint: Option<String>,
        /// Whether the session ended with the error.
        session_lost: bool,
    },
    /// The connection was lost, and with it the answer to COMMIT.
    Unknown,
}

impl CommitOutcome {
    /// SQLSTATE of the failed step, or `lost` for a lost connection.
    pub(super) fn state(&self) -> Option<&str> {
        match self {
            Self::Committed => None,
            Self::RolledBack { state, .. } => Some(state),
            Self::Unknown => Some("lost"),
        }
    }
}

/// Judges the replies of the steps from BEGIN to COMMIT, the last one. `None` is an unanswered step.
pub(super) fn judge(replies: &[Option<Reply>]) -> CommitOutcome {
    for (step, reply) in replies.iter().enumerate() {
        match reply {
            Some(Ok(_)) => {}
            Some(Err(error)) => match error.as_db_error() {
                Some(database) if *database.code() == SqlState::IN_FAILED_SQL_TRANSACTION => {}
                Some(database) if is_fatal(database) && step + 1 == replies.len() => {
                    return CommitOutcome::Unknown;
                }
                Some(database) => return rolled_back(step, database),
                None => return CommitOutcome::Unknown,
            },
            None => return CommitOutcome::Unknown,
        }
    }
    CommitOutcome::Committed
}

fn rolled_back(step: usize, error: &DbError) -> CommitOutcome {
    CommitOutcome::RolledBack {
        step,
        state: error.code().code().to_owned(),
        constraint: error.constraint().map(str::to_owned),
        session_lost: is_fatal(error),
    }
}

fn is_fatal(error: &DbError) -> bool {
    matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}

/// Whether the server ended the session before COMMIT: then one more try is worth it.
pub(super) fn is_worth_repeating(outcome: &CommitOutcome) -> bool {
    matches!(outcome, CommitOutcome::RolledBack { state, session_lost: true, .. } if state != TRANSACTION_TIMEOUT)
}

/// Whether the server lacks what it needs (class 53: disk, memory, connections), fails at its system (class 58), or only
/// reads (25006): what stands then may not for the next connection, or after a failover.
pub(super) fn is_servers_plight(state: &str) -> bool {
    state.starts_with("53") || state.starts_with("58") || state == READ_ONLY
}

/// The common fault behind a rolled-back transaction that none of the slice's failures explains.
pub(super) fn fault(state: &str, constraint: Option<&str>, statement: &str, writes: bool) -> Fault {
    let private = format!("{statement} failed with {state} {}", constraint.unwrap_or(""));
    let problem = match state {
        // lock_timeout, deadlock, serialization failure
        "55P03" | "40P01" | "40001" => &DATABASE_BUSY,
        // statement_timeout, transaction_timeout
        "57014" | TRANSACTION_TIMEOUT => &DEADLINE_EXCEEDED,
        // shutdown, crash, starting up, idle sessions ended, connection exceptions
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => &DATABASE_UNAVAILABLE,
        // A transaction that said it only reads, and writes: that is a mistake of ours.
        READ_ONLY if !writes => return Fault::internal(private),
        _ if is_servers_plight(state) => &DATABASE_UNAVAILABLE,
        // 08P01 is a statement of ours that does not fit its parameters.
        _ if state.starts_with("08") && state != "08P01" => &DATABASE_UNAVAILABLE,
        _ => return Fault::internal(private),
    };
    Fault::from(problem).because(private)
}

/// The fault when nobody knows whether COMMIT ran.
pub(super) fn unknown() -> Fault {
    Fault::from(&OUTCOME_UNKNOWN).because("the connection was lost before COMMIT was answered")
}

/// The fault when a transaction that only reads lost its connection.
pub(super) fn unavailable() -> Fault {
    Fault::from(&DATABASE_UNAVAILABLE).because("the connection was lost while reading")
}
