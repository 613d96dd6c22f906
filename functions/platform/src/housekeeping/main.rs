//! The `housekeeping` function.

fn main() -> std::process::ExitCode {
    shared::lambda::work::<platform::housekeeping::Housekeeping>()
}
