//! The methods that an address takes.

use serde::Deserialize;
use shared::http::route::parameters;

#[derive(Deserialize)]
struct Row<'a> {
    method: &'a str,
    path: &'a str,
}

/// The routes of all modules, generated from their declarations by `cargo run -- generate`.
const ROUTES: &str = include_str!("../../routes.json");

/// The methods that `path` takes, `HEAD` and `OPTIONS` included; none for an unknown path.
pub(super) fn methods_at(path: &str) -> Result<Vec<&'static str>, serde_json::Error> {
    let rows: Vec<Row<'static>> = serde_json::from_str(ROUTES)?;
    let mut methods: Vec<&str> =
        rows.iter().filter(|row| parameters(row.path, path).is_some()).map(|row| row.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    if !methods.is_empty() {
        methods.push("OPTIONS");
    }
    Ok(methods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_the_methods_of_its_routes() {
        let mut methods = methods_at("/api/v1/patients").unwrap();
        methods.sort_unstable();
        assert_eq!(methods, ["GET", "HEAD", "OPTIONS", "POST"]);
    }

    #[test]
    fn tricks_with_the_path_lead_nowhere() {
        let tricks = [
            "",
            "/",
            "//api/v1/patients",
            "/api/v1/patients/",
            "/api/v1/../v1/patients",
            "/API/v1/patients",
            "/api/v1/patients%2F",
        ];
        for path in tricks {
            assert!(methods_at(path).unwrap().is_empty(), "{path}");
        }
    }
}
