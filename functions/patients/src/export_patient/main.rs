//! The `export-patient` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<patients::export_patient::ExportPatient>()
}
