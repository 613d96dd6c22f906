//! The `list-webhook-endpoints` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::webhooks::list_webhook_endpoints::ListWebhookEndpoints>()
}
