//! The `record-sendgrid-events` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::mail::record_sendgrid_events::RecordSendgridEvents>()
}
