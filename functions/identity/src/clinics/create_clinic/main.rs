//! The `create-clinic` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<identity::clinics::create_clinic::CreateClinic>()
}
