//! The `update-patient` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<patients::update_patient::UpdatePatient>()
}
