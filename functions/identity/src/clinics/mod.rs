//! Clinics.

pub mod create_clinic;
