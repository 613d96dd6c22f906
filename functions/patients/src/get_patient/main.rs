//! The `get-patient` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<patients::get_patient::GetPatient>()
}
