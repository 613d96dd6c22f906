//! The `create-transaction` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<billing::ledger::create_transaction::CreateTransaction>()
}
