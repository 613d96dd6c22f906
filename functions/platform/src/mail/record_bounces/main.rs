//! The `record-bounces` function.

fn main() -> std::process::ExitCode {
    shared::lambda::work::<platform::mail::record_bounces::RecordBounces>()
}
