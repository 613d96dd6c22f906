//! The `get-me` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<identity::me::get_me::GetMe>()
}
