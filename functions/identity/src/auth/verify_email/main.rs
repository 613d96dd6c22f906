//! The `verify-email` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<identity::auth::verify_email::VerifyEmail>()
}
