//! The `get-job-result` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::jobs::get_job_result::GetJobResult>()
}
