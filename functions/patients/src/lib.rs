//! patients: the people treated, and what changed about them.
//!
//! | table | holds |
//! |---|---|
//! | `patients.patients` | one row a person; published as `published_patients` (id, name, archived) |
//! | `patients.patient_history` | append-only: the row as it was after each change |
//!
//! Events: `patient.created`, `patient.updated`; `seq` is the row's version. `patient.export_requested`, of a job.
//! Consumers: `export-patient-record`.

pub mod create_patient;
pub mod export_patient;
pub mod export_patient_record;
pub mod exporters;
mod fields;
pub mod get_patient;
pub mod list_patients;
mod patient;
pub mod update_patient;

pub use patient::Patient;

use shared::access::{Permission, Role};
use shared::background::ConsumerDeclaration;
use shared::http::Declaration;
use shared::module::Module;

/// Reading who the patients are.
pub const READ_PATIENTS: Permission = Permission::new("patients:read", Role::ALL);

/// Adding and editing patients.
pub const WRITE_PATIENTS: Permission =
    Permission::new("patients:write", &[Role::Owner, Role::Admin, Role::Clinician, Role::FrontDesk]);

/// Handing out everything that is held about a patient.
pub const EXPORT_PATIENTS: Permission = Permission::new("patients:export", &[Role::Owner, Role::Admin]);

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "patients",
        about: "The people treated.",
        endpoints: vec![
            Declaration::of::<create_patient::CreatePatient>(),
            Declaration::of::<list_patients::ListPatients>(),
            Declaration::of::<get_patient::GetPatient>(),
            Declaration::of::<update_patient::UpdatePatient>(),
            Declaration::of::<export_patient::ExportPatient>(),
        ],
        consumers: vec![ConsumerDeclaration::of::<export_patient_record::ExportPatientRecord>()],
        workers: Vec::new(),
    }
}
