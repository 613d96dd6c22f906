//! The methods that an address takes, and the addresses that lead elsewhere.

use serde::Deserialize;
use shared::http::route::parameters;

#[derive(Deserialize)]
struct Row<'a> {
    method: &'a str,
    path: &'a str,
}

/// The routes of all modules, generated from their declarations by `cargo run -- generate`.
const ROUTES: &str = include_str!("../../routes.json");

/// Where a path leads that people type or follow, and that has nothing of its own.
pub(super) fn redirect(path: &str) -> Option<&'static str> {
    matches!(path, "/" | "/docs/").then_some("/docs")
}

/// The methods that `path` takes, `HEAD` and `OPTIONS` included; none for an unknown path.
pub(super) fn methods_at(path: &str) -> Result<Vec<&'static str>, serde_json::Error> {
    let rows: Vec<Row<'static>> = serde_json::from_str(ROUTES)?;
    let mut methods: Vec<&str> =
        rows.iter().filter(|row| parameters(row.path, path).is_some()).map(|row| row.method).collect();
    if redirect(path).is_some() {
        methods.push("GET");
    }
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
    fn the_root_and_the_page_with_a_slash_lead_to_the_page() {
        for path in ["/", "/docs/"] {
            assert_eq!(redirect(path), Some("/docs"), "{path}");
            assert_eq!(methods_at(path).unwrap(), ["GET", "HEAD", "OPTIONS"], "{path}");
        }
        assert_eq!((redirect("/docs"), redirect("/nowhere")), (None, None));
    }

    #[test]
    fn tricks_with_the_path_lead_nowhere() {
        let tricks = [
            "",
            "//",
            "/docs//",
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
