//! The `cancel-job` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::jobs::cancel_job::CancelJob>()
}
