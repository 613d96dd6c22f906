//! The headers of responses.

use serde_json::{Map, Value, json};

/// A header's name, whether every response that documents it has it, and its description.
type Header = (&'static str, bool, &'static str);

/// The headers that some responses have.
pub(super) fn of_some() -> Value {
    described(&[
        ("ETag", true, "The version, strong, as `If-Match` and `If-None-Match` take it."),
        ("Location", true, "Where the thing made can be fetched."),
        ("Link", false, "The address of the next page, with `rel=\"next\"` (RFC 8288)."),
        (
            "Idempotency-Replayed",
            false,
            "`true` when this is the stored reply to an earlier request with this key.",
        ),
        ("Accept-Patch", false, "On a `PATCH`: the media types that its body may have (RFC 5789)."),
        ("Retry-After", false, "The seconds after which to repeat."),
        ("WWW-Authenticate", true, "`Bearer`."),
    ])
}

/// The headers of every response.
pub(super) fn of_every() -> Value {
    described(&[
        ("X-Request-Id", true, "What the log has this request under."),
        ("Traceparent", true, "The trace that this request belongs to (W3C)."),
        ("Cache-Control", true, "`no-store` wherever personal data may be."),
        ("Content-Security-Policy", true, "Nothing may be loaded, nobody may frame it."),
        ("Referrer-Policy", true, "`no-referrer`."),
        ("Strict-Transport-Security", true, "HTTPS for two years."),
        ("X-Content-Type-Options", true, "`nosniff`."),
        ("X-Frame-Options", true, "`DENY`."),
        (
            "RateLimit-Policy",
            false,
            "How much is admitted (draft-ietf-httpapi-ratelimit-headers): `\"user\";q=300;w=60` is 300 requests at \
             once, and as many again in each minute.",
        ),
        (
            "RateLimit",
            false,
            "What is left, as far as is known: `\"user\";r=287;t=1`; after `t` seconds there is more.",
        ),
        ("Vary", false, "What the response depends on beside the address."),
        ("Access-Control-Allow-Origin", false, "The caller's origin, when it is on the allow-list."),
        ("Access-Control-Allow-Credentials", false, "`true`, when the origin is on the allow-list."),
        ("Access-Control-Expose-Headers", false, "What a script of an allowed origin may read."),
    ])
}

fn described(headers: &[Header]) -> Value {
    let described = headers.iter().map(|(name, is_required, description)| {
        let schema = json!({ "type": "string" });
        ((*name).to_owned(), json!({ "description": description, "required": is_required, "schema": schema }))
    });
    Value::Object(described.collect::<Map<_, _>>())
}
