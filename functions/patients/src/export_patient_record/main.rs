//! The `export-patient-record` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume::<patients::export_patient_record::ExportPatientRecord>()
}
