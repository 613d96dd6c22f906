//! The pages behind the `type` of every problem document.

pub mod get_problem;
