//! The `delete-webhook-endpoint` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::webhooks::delete_webhook_endpoint::DeleteWebhookEndpoint>()
}
