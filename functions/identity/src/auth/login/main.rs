//! The `login` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<identity::auth::login::Login>()
}
