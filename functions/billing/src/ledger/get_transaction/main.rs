//! The `get-transaction` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<billing::ledger::get_transaction::GetTransaction>()
}
