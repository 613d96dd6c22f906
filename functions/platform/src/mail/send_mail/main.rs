//! The `send-mail` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume::<platform::mail::send_mail::SendMail>()
}
