//! The `get-balance` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<billing::ledger::get_balance::GetBalance>()
}
