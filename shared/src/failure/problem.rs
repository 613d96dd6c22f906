//! Problem documents (RFC 9457) and the problems every endpoint shares.

use crate::failure::{Fault, Problem};
use crate::validation::{Place, Violation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The path of the pages behind the `type` of problems.
pub const BASE: &str = "/api/v1/problems/";

macro_rules! common {
    ($( $name:ident = $status:literal $code:literal, $title:literal, $detail:literal; )*) => {
        $(
            #[doc = concat!(stringify!($status), ": ", $title, ".")]
            pub const $name: Problem = Problem::new($status, $code, $title, $detail);
        )*
        /// The problems every endpoint shares.
        pub const COMMON: &[Problem] = &[$($name),*];
    };
}

common! {
    VALIDATION_FAILED = 400 "VALIDATION_FAILED", "Invalid request",
        "Several parts of the request are not valid. Each is listed in error.details with its place and reason.";
    REQUIRED = 400 "REQUIRED", "Required", "A required field or parameter is missing. Send it.";
    INVALID_TYPE = 400 "INVALID_TYPE", "Wrong JSON type",
        "A field has another JSON type than the contract says. Send the type that the message names.";
    INVALID_CHOICE = 400 "INVALID_CHOICE", "Not one of the choices", "Send one of the values that the message lists.";
    INVALID_UUID = 400 "INVALID_UUID", "Invalid id", "An id is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057.";
    INVALID_DATE = 400 "INVALID_DATE", "Invalid date", "A date is an existing day written YYYY-MM-DD.";
    INVALID_DATE_TIME = 400 "INVALID_DATE_TIME", "Invalid instant",
        "Send an instant as RFC 3339 writes it, such as 2026-11-21T10:00:00Z or 2026-11-21T07:00:00-03:00.";
    INVALID_EMAIL = 400 "INVALID_EMAIL", "Invalid e-mail address", "Send an address such as name@example.com.";
    INVALID_CHARACTERS = 400 "INVALID_CHARACTERS", "Characters not allowed",
        "The text has characters that this field does not take, as the message says. Line breaks are allowed in notes only.";
    TOO_SHORT = 400 "TOO_SHORT", "Too short", "Send at least as many characters as the message says.";
    TOO_LONG = 400 "TOO_LONG", "Too long", "Send at most as many characters as the message says.";
    OUT_OF_RANGE = 400 "OUT_OF_RANGE", "Out of range", "Send a number within the bounds that the message says.";
    UNKNOWN_FIELD = 400 "UNKNOWN_FIELD", "Unknown field",
        "The body has a field that this endpoint does not take. Remove it; nothing is ignored silently.";
    UNKNOWN_PARAMETER = 400 "UNKNOWN_PARAMETER", "Unknown query parameter",
        "The query has a parameter that this endpoint does not take. Remove it; nothing is ignored silently.";
    REPEATED_PARAMETER = 400 "REPEATED_PARAMETER", "Repeated query parameter", "Send each query parameter once.";
    MALFORMED_JSON = 400 "MALFORMED_JSON", "Malformed JSON",
        "The body is not one JSON document (RFC 8259). The message says where reading stopped.";
    INVALID_ENCODING = 400 "INVALID_ENCODING", "Not UTF-8",
        "The body must be UTF-8 without a byte order mark, and base64 where the gateway says so.";
    INVALID_NUMBER = 400 "INVALID_NUMBER", "Number out of range", "The body has a number that no field can hold.";
    TOO_DEEP = 400 "TOO_DEEP", "Nested too deep", "The body nests objects or arrays more than 32 deep.";
    DUPLICATE_KEY = 400 "DUPLICATE_KEY", "Duplicate key", "An object names the same key twice. Send it once.";
    INVALID_CURSOR = 400 "INVALID_CURSOR", "Invalid cursor",
        "Send meta.nextCursor of the page before, unchanged, to the same list with the same filters.";
    IDEMPOTENCY_KEY_REQUIRED = 400 "IDEMPOTENCY_KEY_REQUIRED", "Idempotency-Key required",
        "Send an Idempotency-Key header, new for each intended change and the same for each repetition of it.";
    IDEMPOTENCY_KEY_INVALID = 400 "IDEMPOTENCY_KEY_INVALID", "Invalid Idempotency-Key",
        "An Idempotency-Key is 1 to 255 printable ASCII characters, sent once.";
    IDEMPOTENCY_KEY_NOT_ACCEPTED = 400 "IDEMPOTENCY_KEY_NOT_ACCEPTED", "Idempotency-Key not accepted here",
        "This endpoint hands out tokens, which are never stored for a repetition. Send no Idempotency-Key.";
    IF_MATCH_INVALID = 400 "IF_MATCH_INVALID", "Invalid If-Match",
        "If-Match takes the ETag of the version you edited, such as \"7\" with its quotes.";
    TOKEN_REQUIRED = 401 "TOKEN_REQUIRED", "Not signed in", "Send an access token: Authorization: Bearer <token>.";
    TOKEN_INVALID = 401 "TOKEN_INVALID", "Invalid access token", "The access token is not one of ours. Sign in again.";
    TOKEN_EXPIRED = 401 "TOKEN_EXPIRED", "Access token expired",
        "The access token has expired. Get a new one with the refresh token, and repeat.";
    SESSION_ENDED = 401 "SESSION_ENDED", "Session ended",
        "This session is over: somebody signed out, or your access was ended. Sign in again.";
    ACCESS_CHANGED = 401 "ACCESS_CHANGED", "Access changed",
        "What you may do has changed since this access token was issued. Get a new one with the refresh token, and repeat.";
    PERMISSION_DENIED = 403 "PERMISSION_DENIED", "Permission denied",
        "Your role does not include this. Ask an owner or administrator of your clinic.";
    EMAIL_NOT_VERIFIED = 403 "EMAIL_NOT_VERIFIED", "E-mail address not confirmed",
        "This takes a confirmed e-mail address. Open the link in the mail of your sign-up, then sign in anew.";
    ROUTE_NOT_FOUND = 404 "ROUTE_NOT_FOUND", "No such address", "There is nothing at this address. Check it for typing errors and a slash at the end.";
    METHOD_NOT_ALLOWED = 405 "METHOD_NOT_ALLOWED", "Method not allowed",
        "This address does not take this method. The Allow header lists those it takes.";
    NOT_ACCEPTABLE = 406 "NOT_ACCEPTABLE", "Not acceptable",
        "Accept excludes every media type that this address answers. Accept one of those, or send no Accept.";
    IDEMPOTENCY_KEY_IN_FLIGHT = 409 "IDEMPOTENCY_KEY_IN_FLIGHT", "Still being worked on",
        "A request with this Idempotency-Key has not finished. Repeat it after the time in Retry-After.";
    VERSION_STALE = 412 "VERSION_STALE", "Changed by somebody else",
        "Somebody changed this after you read it. Read it again and repeat your edit on the new version.";
    BODY_TOO_LARGE = 413 "BODY_TOO_LARGE", "Body too large", "The body is larger than this endpoint takes (64 KiB).";
    UNSUPPORTED_MEDIA_TYPE = 415 "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type",
        "Send JSON with Content-Type: application/json.";
    IDEMPOTENCY_KEY_REUSED = 422 "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key used for something else",
        "This Idempotency-Key belongs to a request with another address or body. Use a new key for a new change.";
    IF_MATCH_REQUIRED = 428 "IF_MATCH_REQUIRED", "If-Match required",
        "Send If-Match with the ETag of the version you edited, so that nobody's change is overwritten.";
    RATE_LIMITED = 429 "RATE_LIMITED", "Too many requests",
        "You have asked for more than the limits in the header RateLimit-Policy. Repeat after the time in Retry-After.";
    INTERNAL_ERROR = 500 "INTERNAL_ERROR", "Unexpected failure",
        "This is our fault and is logged. Report it with the request id in meta.requestId.";
    OVERLOADED = 503 "OVERLOADED", "Too busy",
        "Too many requests of this kind are being worked on. Nothing was changed. Repeat after the time in Retry-After.";
    LIMITS_UNAVAILABLE = 503 "LIMITS_UNAVAILABLE", "Limits cannot be asked",
        "How much was asked already cannot be found out. Nothing was changed. Repeat after the time in Retry-After.";
    DATABASE_UNAVAILABLE = 503 "DATABASE_UNAVAILABLE", "Database unavailable",
        "The database cannot be reached. Nothing was changed. Repeat after the time in Retry-After.";
    DATABASE_BUSY = 503 "DATABASE_BUSY", "Database busy",
        "Somebody else is changing the same data. Nothing was changed. Repeat after the time in Retry-After.";
    DEADLINE_EXCEEDED = 504 "DEADLINE_EXCEEDED", "Out of time",
        "The request took too long and was given up. Nothing was changed. Repeat after the time in Retry-After.";
    OUTCOME_UNKNOWN = 504 "OUTCOME_UNKNOWN", "Outcome unknown",
        "The connection was lost before the outcome was known. Repeat with the same Idempotency-Key, or read before you repeat.";
}

/// The common problem of that code, if there is one.
pub fn common(code: &str) -> Option<&'static Problem> {
    COMMON.iter().find(|problem| problem.code == code)
}

/// What went wrong (RFC 9457), with the envelope's members beside it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document<'a> {
    /// The address that explains it.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri-reference", "pattern" = "^/api/v1/problems/[a-z0-9]+(-[a-z0-9]+)*$"))]
    kind: String,
    /// The same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What went wrong and what to do about it.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// Always false.
    #[schemars(extend("const" = false))]
    success: bool,
    /// Always null.
    data: (),
    meta: Meta<'a>,
    error: ErrorMember<'a>,
    #[serde(flatten)]
    #[schemars(skip)]
    extension: &'a Map<String, Value>,
}

/// What the log has under the same id.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProblemMeta")]
struct Meta<'a> {
    /// The same as in `X-Request-Id`.
    request_id: &'a str,
}

/// The problem in the envelope's terms.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProblemError")]
struct ErrorMember<'a> {
    /// Stable and specific: what a program goes by.
    code: &'static str,
    /// What went wrong and what to do about it.
    message: &'a str,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    status_code: u16,
    /// Everything that is wrong with the request, sorted.
    details: Vec<Detail<'a>>,
}

/// One part of the request at fault.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemDetail")]
struct Detail<'a> {
    /// The part of the request.
    #[serde(rename = "in")]
    place: Place,
    /// A JSON pointer (RFC 6901) into that part; empty for the whole of it.
    #[schemars(extend("format" = "json-pointer"))]
    pointer: &'a str,
    /// Stable and specific: what a program goes by.
    #[schemars(regex(pattern = "^[A-Z][A-Z0-9_]*$"))]
    code: &'static str,
    /// Plain words for people; never the value that was sent.
    message: &'a str,
}

impl<'a> Document<'a> {
    /// The document of `fault`. `rules` are the field problems of the endpoint's own.
    pub fn of(fault: &'a Fault, rules: &[&'static Problem], instance: &'a str, request_id: &'a str) -> Self {
        let known =
            |code| common(code).or_else(|| rules.iter().copied().find(|problem| problem.code == code));
        let only = match fault.violations.as_slice() {
            [only] => known(only.code),
            _ => None,
        };
        let problem = only.unwrap_or(fault.problem);
        let status = fault.problem.status;
        let said = fault.detail.as_deref().unwrap_or(problem.detail);
        Self {
            kind: format!("{BASE}{}", problem.slug()),
            title: problem.title,
            status,
            detail: said,
            instance,
            success: false,
            data: (),
            meta: Meta { request_id },
            error: ErrorMember {
                code: problem.code,
                message: said,
                status_code: status,
                details: details(fault),
            },
            extension: &fault.extension,
        }
    }
}

/// One entry for each violation, or one entry for a slice's failure at one field.
fn details(fault: &Fault) -> Vec<Detail<'_>> {
    if let Problem { code, detail: message, pointer: Some(pointer), .. } = fault.problem {
        return vec![Detail { place: Place::Body, pointer, code, message }];
    }
    fault.violations.iter().map(detail).collect()
}

fn detail(violation: &Violation) -> Detail<'_> {
    let Violation { place, pointer, code, message } = violation;
    Detail { place: *place, pointer, code, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_in_upper_snake_case() {
        let codes: BTreeSet<_> = COMMON.iter().map(|problem| problem.code).collect();
        assert_eq!(codes.len(), COMMON.len());
        for code in codes {
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
        }
    }

    #[test]
    fn status_code_and_type_agree_everywhere_in_the_document() {
        let fault = Fault::from(&VERSION_STALE);
        let document = serde_json::to_value(Document::of(&fault, &[], "/x", "r-1")).unwrap();
        assert_eq!(document["status"], 412);
        assert_eq!(document["error"]["statusCode"], 412);
        assert_eq!(document["type"], "/api/v1/problems/version-stale");
        assert_eq!(document["error"]["code"], "VERSION_STALE");
        assert_eq!(document["meta"]["requestId"], "r-1");
    }
}
