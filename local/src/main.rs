//! `cargo run`: see `--help`.

use clap::Parser as _;
use grafono::arguments::{Arguments, Command};
use grafono::error::Error;
use grafono::{clinics, database, dead_letters, generate, keys, ledger, receipts, routes, serve};
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough, as `head` has.
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "grafono: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.command() {
        Command::Serve(options) => serve::serve(options).await,
        Command::Migrate { database_url } => database::migrate_given(&database_url).await,
        Command::DeadLetters { action } => dead_letters::run(action).await,
        Command::Clinics { action } => clinics::run(action).await,
        Command::Ledger { action } => ledger::run(action).await,
        Command::Receipts { action } => receipts::run(action, &mut std::io::stdout().lock()),
        Command::Routes => routes::print(),
        Command::Generate => generate::write_all(),
        Command::TokenKeys { secret_file } => keys::make(&secret_file, &mut std::io::stdout().lock()),
    }
}
