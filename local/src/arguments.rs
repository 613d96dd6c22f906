//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use uuid::Uuid;

/// Grafono on one machine.
#[derive(Debug, Parser)]
#[command(name = "grafono", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeOptions,
}

/// What to do; `serve` when nothing is said.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything behind one address
    Serve(ServeOptions),
    /// Bring a database to this program's schema
    Migrate {
        /// A direct address (not a pooler's) of a user who may create roles
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
    },
    /// List all endpoints
    Routes,
    /// Write the files generated from the declarations
    Generate,
    /// Say what a clinic pays for
    Clinics {
        /// What to do
        #[command(subcommand)]
        action: ClinicsAction,
    },
    /// Hold the ledger against its seals
    Ledger {
        /// What to do
        #[command(subcommand)]
        action: LedgerAction,
    },
    /// List, replay or drop events that a consumer failed at too often
    DeadLetters {
        /// What to do
        #[command(subcommand)]
        action: DeadLettersAction,
    },
    /// Verify the file of a receipt
    Receipts {
        /// What to do
        #[command(subcommand)]
        action: ReceiptsAction,
    },
    /// Make a key pair for the access tokens or the receipts of a deployment, and print the public key
    TokenKeys {
        /// The new file that the secret key is written to
        secret_file: PathBuf,
    },
}

/// What to do with a receipt.
#[derive(Debug, Subcommand)]
pub enum ReceiptsAction {
    /// Say whether a PDF is what was issued, by its signature, without asking anybody
    Verify {
        /// The PDF
        file: PathBuf,
        /// The public key, k4.public.… [default: that of the running `cargo run`]
        #[arg(long)]
        key: Option<String>,
        /// The data folder of the running `cargo run`, when it is not the default one
        #[arg(long, env = "GRAFONO_DATA")]
        data: Option<PathBuf>,
    },
}

/// What to do with a clinic.
#[derive(Debug, Subcommand)]
pub enum ClinicsAction {
    /// Put it on a plan, which says how much its people may ask a minute; it holds from their next access tokens on
    Plan {
        /// The clinic's id
        clinic: Uuid,
        /// free: 300 requests a minute and member; pro: 1000
        #[arg(value_parser = ["free", "pro"])]
        plan: String,
        /// The database, as whoever migrates it [default: that of the running `cargo run`]
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
        /// The data folder of the running `cargo run`, when it is not the default one
        #[arg(long, env = "GRAFONO_DATA")]
        data: Option<PathBuf>,
    },
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerAction {
    /// Say what was changed, deleted or slipped in behind the program's back; ends with 1 when there is something
    Verify {
        /// The clinic's id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        clinic: Option<Uuid>,
        /// All clinics
        #[arg(long)]
        all: bool,
        /// A seal that was noted elsewhere, as the log has it: its number and its hash, such as 7:5f0c…
        #[arg(long, conflicts_with = "all", value_parser = expected)]
        expect: Option<Expected>,
        /// The database, as whoever migrates it [default: that of the running `cargo run`]
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: Option<String>,
        /// The data folder of the running `cargo run`, when it is not the default one
        #[arg(long, env = "GRAFONO_DATA")]
        data: Option<PathBuf>,
    },
}

/// A seal as it was noted elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its number in the clinic.
    pub number: i64,
    /// Its hash, in 64 hexadecimal digits.
    pub hash: String,
}

/// Reads `NUMBER:HASH`.
fn expected(text: &str) -> Result<Expected, String> {
    let parts = text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash)));
    parts
        .filter(|(_, hash)| hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .map(|(number, hash)| Expected { number, hash: hash.to_ascii_lowercase() })
        .ok_or_else(|| "not a seal's number, a colon and 64 hexadecimal digits".to_owned())
}

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLettersAction {
    /// List them: consumer, event, kind, since when, how often replayed, why
    List {
        /// Where they are
        #[command(flatten)]
        options: DeadLetterOptions,
    },
    /// Have events sent again to the consumer that failed at them
    Replay {
        /// Where they are
        #[command(flatten)]
        options: DeadLetterOptions,
        /// The consumer
        #[arg(long)]
        consumer: String,
        /// The event; all of the consumer's when not given
        #[arg(long)]
        event: Option<Uuid>,
    },
    /// Give an event up for good: its consumer never has it, and goes on with those behind it
    Drop {
        /// Where they are
        #[command(flatten)]
        options: DeadLetterOptions,
        /// The consumer
        #[arg(long)]
        consumer: String,
        /// The event
        #[arg(long)]
        event: Uuid,
    },
}

/// Where the dead letters are.
#[derive(Debug, Clone, Args)]
pub struct DeadLetterOptions {
    /// The database, as the role relay or somebody who may take it [default: that of the running `cargo run`]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The data folder of the running `cargo run`, when it is not the default one
    #[arg(long, env = "GRAFONO_DATA")]
    pub data: Option<PathBuf>,
    /// On AWS, where the queues are: what the relay is told. Their dead letters are fetched first
    #[arg(long, env = "QUEUE_URL_PREFIX")]
    pub queue_url_prefix: Option<String>,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// The port of 127.0.0.1 to listen on; 0 takes a free one
    #[arg(long, env = "GRAFONO_PORT", default_value_t = 3000)]
    pub port: u16,
    /// The folder for the database and keys [default: one for each checkout, in the user's data folder]
    #[arg(long, env = "GRAFONO_DATA")]
    pub data: Option<PathBuf>,
    #[expect(clippy::doc_markdown, reason = "it is printed by --help as it stands")]
    /// Your own PostgreSQL, 17 or newer, instead of the one that is installed and started
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

impl Arguments {
    /// The command given, or serving.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}
