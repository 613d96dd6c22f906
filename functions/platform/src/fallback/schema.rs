//! What comes in: any method on any path.

use http::Method;
use shared::failure::Problem;
use shared::http::{Input, Raw};
use shared::validation::Violation;

/// A request that no other route takes.
#[derive(Debug)]
pub struct Anything {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// Whether it is a CORS preflight (it names the method to come).
    pub is_preflight: bool,
}

impl Input for Anything {
    const HAS_BODY: bool = false;
    const BODY_MAY_BE_EMPTY: bool = true;
    const IGNORES_QUERY: bool = true;

    fn rules() -> Vec<&'static Problem> {
        Vec::new()
    }

    fn parse(raw: &Raw<'_>) -> Result<Self, Vec<Violation>> {
        Ok(Self {
            method: raw.request.method.clone(),
            path: raw.request.path.clone(),
            is_preflight: raw.request.headers.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD),
        })
    }
}
