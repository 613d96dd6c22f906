//! The `deliver-webhooks` function.

fn main() -> std::process::ExitCode {
    shared::lambda::work::<platform::webhooks::deliver_webhooks::DeliverWebhooks>()
}
