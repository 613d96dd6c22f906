//! The `list-patients` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<patients::list_patients::ListPatients>()
}
