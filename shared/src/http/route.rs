//! A route: a method and a path template such as `/api/v1/patients/{id}`.

use http::Method;
use percent_encoding::percent_decode_str;

/// A method and a path template. `HEAD` is answered by `GET`'s own function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for a whole segment; `$default` is the gateway's catch-all.
    pub template: &'static str,
}

impl Route {
    /// `GET` (and `HEAD`).
    pub const fn get(template: &'static str) -> Self {
        Self { method: Method::GET, template }
    }

    /// `POST`.
    pub const fn post(template: &'static str) -> Self {
        Self { method: Method::POST, template }
    }

    /// `PATCH`.
    pub const fn patch(template: &'static str) -> Self {
        Self { method: Method::PATCH, template }
    }

    /// `PUT`.
    pub const fn put(template: &'static str) -> Self {
        Self { method: Method::PUT, template }
    }

    /// `DELETE`.
    pub const fn delete(template: &'static str) -> Self {
        Self { method: Method::DELETE, template }
    }

    /// The gateway's catch-all: every method, every path that no other route has.
    pub const fn catch_all() -> Self {
        Self { method: Method::OPTIONS, template: "$default" }
    }

    /// Whether this is the catch-all.
    pub fn is_catch_all(&self) -> bool {
        self.template == "$default"
    }

    /// Whether `method` is answered here.
    pub fn takes(&self, method: &Method) -> bool {
        self.is_catch_all()
            || self.method == *method
            || (self.method == Method::GET && *method == Method::HEAD)
    }

    /// The path parameters when `path` (as sent, percent-encoded) has this route's shape, else `None`.
    pub fn parameters(&self, path: &str) -> Option<Vec<(String, String)>> {
        if self.is_catch_all() {
            return Some(Vec::new());
        }
        parameters(self.template, path)
    }
}

/// The path parameters when `path` has the shape of `template`, else `None`. A trailing slash is another path.
pub fn parameters(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut given = path.split('/');
    for part in template.split('/') {
        let segment = given.next()?;
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            if segment.is_empty() {
                return None;
            }
            let value = percent_decode_str(segment).decode_utf8().ok()?;
            found.push((name.to_owned(), value.into_owned()));
        } else if part != segment {
            return None;
        }
    }
    given.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: Route = Route::get("/api/v1/patients/{id}");

    #[test]
    fn a_path_of_the_same_shape_gives_its_decoded_parameters() {
        let found = PATIENT.parameters("/api/v1/patients/a%20b").unwrap();
        assert_eq!(found, [("id".to_owned(), "a b".to_owned())]);
    }

    #[test]
    fn other_shapes_do_not_match() {
        for path in
            ["/api/v1/patients", "/api/v1/patients/", "/api/v1/patients/1/", "/api/v1/patients/1/x", "", "/"]
        {
            assert_eq!(PATIENT.parameters(path), None, "{path}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_match() {
        assert_eq!(PATIENT.parameters("/api/v1/patients/%ff"), None);
    }

    #[test]
    fn head_is_taken_by_get_and_by_nothing_else() {
        assert!(PATIENT.takes(&Method::HEAD));
        assert!(!Route::post("/x").takes(&Method::HEAD));
    }
}
