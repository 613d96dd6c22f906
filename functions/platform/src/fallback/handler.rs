use super::logic;
use super::schema::Anything;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderValue,
    LOCATION,
};
use http::{Method, StatusCode};
use shared::failure::problem::{METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND};
use shared::failure::{Error, Fault, NoFailure};
use shared::http::{ACCEPT_PATCH, PATCHES_ACCEPTED, Response};

/// The request headers that a script of an allowed origin may send.
const ALLOWED_HEADERS: &str =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent, X-Grafono-Csrf";

/// 302 from an address that leads elsewhere, 404 at an unknown one, 204 to `OPTIONS`, 405 to every other method.
pub(super) fn handle(request: &Anything) -> Result<Response, Error<NoFailure>> {
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    if let Some(target) = logic::redirect(&request.path).filter(|_| is_read) {
        let mut response = Response::empty(StatusCode::FOUND);
        response.headers.insert(LOCATION, HeaderValue::from_static(target));
        return Ok(response);
    }
    let methods =
        logic::methods_at(&request.path).map_err(|_| Fault::internal("routes.json does not parse"))?;
    if methods.is_empty() {
        return Err(Fault::from(&ROUTE_NOT_FOUND).into());
    }
    let allow =
        HeaderValue::try_from(methods.join(", ")).map_err(|_| Fault::internal("a method is no header"))?;
    if request.method != Method::OPTIONS {
        return Err(Fault::from(&METHOD_NOT_ALLOWED).with_header(ALLOW, allow).into());
    }
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    if request.is_preflight {
        // The pipeline adds an origin of the allow-list; without an origin these headers allow nothing.
        response.headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
        response.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
        response.headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    if methods.contains(&"PATCH") {
        response.headers.insert(ACCEPT_PATCH, HeaderValue::from_static(PATCHES_ACCEPTED));
    }
    response.headers.insert(ALLOW, allow);
    Ok(response)
}
