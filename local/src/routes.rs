//! `routes`: a table of all endpoints.

use crate::error::Error;
use crate::modules;
use shared::http::{Access, Declaration};
use std::io::Write as _;

/// Prints the table.
pub fn print() -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<8} {:<32} {:<20} {:<20} round trips", "method", "path", "function", "caller")
        .map_err(Error::Output)?;
    for module in modules() {
        for endpoint in &module.endpoints {
            writeln!(out, "{}", line(endpoint)).map_err(Error::Output)?;
        }
    }
    Ok(())
}

fn line(endpoint: &Declaration) -> String {
    let route = &endpoint.route;
    let method = if route.is_catch_all() { "any" } else { route.method.as_str() };
    let caller = match endpoint.policy.access {
        Access::Public => "anybody",
        Access::SignedIn => "signed in",
        Access::Requires(permission) => permission.name,
    };
    let round_trips = endpoint.policy.round_trips;
    format!("{method:<8} {:<32} {:<20} {caller:<20} {round_trips}", route.template, endpoint.name)
}
