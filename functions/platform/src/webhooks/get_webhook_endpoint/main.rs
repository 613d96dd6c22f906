//! The `get-webhook-endpoint` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::webhooks::get_webhook_endpoint::GetWebhookEndpoint>()
}
