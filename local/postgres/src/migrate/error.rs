//! What can go wrong while migrating: one clear line each.

use refinery::error::Kind;
use std::error::Error as StdError;
use tokio_postgres::Error as PostgresError;

/// Why a database could not be migrated.
///
/// Messages hold at most the primary message and code of a database error: its details and
/// hints can hold people's data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection; holds the reason.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// The server is too old; holds its version.
    #[error("PostgreSQL {0} is too old: Grafono needs 17 or newer")]
    TooOld(String),
    /// A newer program has migrated the database.
    #[error(
        "the database is at migration {database}, newer than this program's {program}: update the program"
    )]
    Newer {
        /// The database's last migration.
        database: i32,
        /// The program's last migration.
        program: i32,
    },
    /// A migration was applied in another form than the program's; holds its name.
    #[error("migration {0} was changed after it was applied to this database")]
    Changed(String),
    /// The program lacks a migration that was applied; holds its name.
    #[error("migration {0} was applied to this database, but this program does not have it")]
    Unknown(String),
    /// The database lacks a migration, but has later ones; holds its name.
    #[error("migration {0} was added before ones that are applied to this database already")]
    Skipped(String),
    /// The database refused a step.
    #[error("{step}: {reason}")]
    Database {
        /// What was being done, such as `error applying migration V1__roles`.
        step: String,
        /// The primary message and code.
        reason: String,
    },
}

impl Error {
    /// Names the step that a database error happened in.
    pub(super) fn at(step: &str) -> impl FnOnce(PostgresError) -> Self + use<> {
        let step = step.to_owned();
        move |error| Self::Database { step, reason: text(&error) }
    }

    /// Says the same as the library, in our words and without the details.
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn from_refinery(error: refinery::Error) -> Self {
        match error.kind() {
            Kind::DivergentVersion(applied, _) => Self::Changed(applied.to_string()),
            Kind::MissingVersion(migration) if migration.applied_on().is_some() => {
                Self::Unknown(migration.to_string())
            }
            Kind::MissingVersion(migration) => Self::Skipped(migration.to_string()),
            Kind::Connection(step, source) => {
                Self::Database { step: step.clone(), reason: source_text(source.as_ref()) }
            }
            other => Self::Database { step: "reading the migrations".to_owned(), reason: other.to_string() },
        }
    }
}

/// The text of the database error somewhere below this error.
fn source_text(error: &(dyn StdError + Send + Sync + 'static)) -> String {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<PostgresError>() {
            return text(error);
        }
        next = error.source();
    }
    "unknown error".to_owned()
}

/// One line on a database error, without its details and hints.
pub(super) fn text(error: &PostgresError) -> String {
    let text = match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    };
    text.replace('\n', " ")
}
