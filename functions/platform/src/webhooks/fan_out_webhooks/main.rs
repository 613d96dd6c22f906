//! The `fan-out-webhooks` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume::<platform::webhooks::fan_out_webhooks::FanOutWebhooks>()
}
