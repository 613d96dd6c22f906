//! The `get-job` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::jobs::get_job::GetJob>()
}
