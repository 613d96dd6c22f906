//! The `rotate-webhook-secret` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::webhooks::rotate_webhook_secret::RotateWebhookSecret>()
}
