//! The `request-email-verification` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume::<identity::auth::request_email_verification::RequestEmailVerification>()
}
