//! The `export-patient-ledger` function.

fn main() -> std::process::ExitCode {
    shared::lambda::consume::<billing::ledger::export_patient_ledger::ExportPatientLedger>()
}
