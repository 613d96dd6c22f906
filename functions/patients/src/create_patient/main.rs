//! The `create-patient` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<patients::create_patient::CreatePatient>()
}
