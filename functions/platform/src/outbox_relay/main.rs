//! The `outbox-relay` function.

fn main() -> std::process::ExitCode {
    shared::lambda::work::<platform::outbox_relay::OutboxRelay>()
}
