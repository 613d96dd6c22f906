//! The `create-webhook-endpoint` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::webhooks::create_webhook_endpoint::CreateWebhookEndpoint>()
}
