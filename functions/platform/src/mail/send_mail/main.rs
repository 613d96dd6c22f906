//! The `send-mail` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume_with_mail::<platform::mail::send_mail::SendMail>()
}
