//! Clinics.

pub mod create_clinic;
mod document;
mod fields;
pub mod get_clinic;
mod settings;
pub mod update_clinic;

pub use settings::ClinicSettings;
