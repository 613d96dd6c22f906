//! The steps that know the endpoint: those between a request and the handler, then the handler. The head of
//! [`pipeline`](super) lists them among the others.

use super::Incoming;
use crate::access::Principal;
use crate::app::App;
use crate::database::Claim;
use crate::failure::problem::{
    BODY_TOO_LARGE, IDEMPOTENCY_KEY_NOT_ACCEPTED, IDEMPOTENCY_KEY_REQUIRED, IF_MATCH_INVALID,
    IF_MATCH_REQUIRED, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, PERMISSION_DENIED, REQUIRED, ROUTE_NOT_FOUND,
    TOKEN_INVALID, TOKEN_REQUIRED, UNSUPPORTED_MEDIA_TYPE,
};
use crate::failure::{Fault, Problem};
use crate::http::{
    Access, Answer as _, Call, Declaration, Endpoint, IDEMPOTENCY_KEY, Idempotency, Input, Policy, Raw,
    Request, Response, idempotency,
};
use crate::parts::Parts;
use crate::validation::{Place, Violation};
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH};
use http::{HeaderValue, Method};
use jiff::Timestamp;

/// Steps 3 to 10 of the [pipeline](super), in their order.
pub(crate) async fn serve<E: Endpoint>(
    incoming: Incoming<'_>,
    parts: &<E::Parts as Parts>::Opened,
) -> Result<Response, Fault> {
    let Incoming { app, request, request_id, trace, now, deadline, round_trips, seen, reads, .. } = incoming;
    let policy = const { &E::POLICY };

    // 3. Route and method.
    let path = routed(incoming.declaration, request)?;
    // 4. The media types that the caller accepts.
    acceptable(policy, request)?;
    // 5. Size, type and coding of the body.
    sized(policy, request)?;
    typed::<E>(request)?;
    // 6. The limit by address belongs here (C7).
    // 7. The token. The limit by principal belongs behind it (C7).
    let principal = authenticated(app, policy, request, now)?;
    seen.caller(principal);
    // 8. The permission.
    authorize(policy, principal)?;
    // 9. Headers and input, with all violations at once.
    let if_match = if_match(policy, request)?;
    let key = idempotency_key(policy, request);
    let input = E::Input::parse(&Raw { request, path: &path, now });
    let (if_match, key, input) = all_valid(missing_headers(policy, request), if_match, key, input)?;

    let claim = match (principal, key) {
        (Some(principal), Some(key)) => {
            let fingerprint = idempotency::fingerprint(&E::ROUTE, if_match, &input.canonical()?);
            Some(Claim { clinic: principal.clinic_id, caller: principal.user_id, key, fingerprint, at: now })
        }
        _ => None,
    };
    let accept = request.header(&ACCEPT);
    let request_id = request_id.to_owned();
    let headers = Some(&request.headers);
    let call = Call {
        app,
        parts,
        request_id,
        trace,
        now,
        deadline,
        if_match,
        accept,
        headers,
        principal,
        claim,
        policy,
        round_trips,
        reads,
        source_address: &request.source_address,
    };
    // 10. The handler, in one transaction: claim, change, history, outbox, audit, reply.
    let output = E::handle(&call, input).await?;
    output.respond()
}

fn routed(declaration: &Declaration, request: &Request) -> Result<Vec<(String, String)>, Fault> {
    let route = &declaration.route;
    let path = route.parameters(&request.path).ok_or_else(|| Fault::from(&ROUTE_NOT_FOUND))?;
    if route.takes(&request.method) {
        return Ok(path);
    }
    let allow =
        HeaderValue::from_str(route.method.as_str()).map_err(|_| Fault::internal("a method is no header"))?;
    Err(Fault::from(&METHOD_NOT_ALLOWED).with_header(ALLOW, allow))
}

/// Refuses a caller who does not accept the endpoint's media types: of the ranges that fit, the most precise one
/// decides, and `q=0` means no (RFC 9110 §12.5.1).
fn acceptable(policy: &Policy, request: &Request) -> Result<(), Fault> {
    let accept = request.header(&ACCEPT).map(str::trim).filter(|accept| !accept.is_empty());
    let Some(accept) = accept else { return Ok(()) };
    let is_taken = |offer: &&str| {
        let ranges = accept.split(',').filter_map(|range| fit(range, offer));
        ranges.max_by_key(|(precision, _)| *precision).is_some_and(|(_, taken)| taken)
    };
    if policy.produces.iter().any(is_taken) { Ok(()) } else { Err(Fault::from(&NOT_ACCEPTABLE)) }
}

/// How precisely a media range fits an offer, and whether the range accepts; `None` for a range that does not fit.
fn fit(range: &str, offer: &str) -> Option<(u8, bool)> {
    let range = range.to_ascii_lowercase();
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?;
    let quality = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
    let taken = quality.parse::<f32>().is_ok_and(|quality| quality > 0.0);
    let precision = match media.strip_suffix("/*") {
        _ if media == offer => 2,
        Some("*") => 0,
        Some(kind) if offer.split('/').next() == Some(kind) => 1,
        _ => return None,
    };
    Some((precision, taken))
}

fn sized(policy: &Policy, request: &Request) -> Result<(), Fault> {
    let length = request.body.as_ref().map_or(0, bytes::Bytes::len);
    if length > policy.body_limit { Err(Fault::from(&BODY_TOO_LARGE)) } else { Ok(()) }
}

/// Refuses a body that is not JSON (B11); a `PATCH` also takes a JSON merge patch (RFC 7396).
fn typed<E: Endpoint>(request: &Request) -> Result<(), Fault> {
    if !E::Input::HAS_BODY {
        return Ok(());
    }
    if request.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Fault::from(&UNSUPPORTED_MEDIA_TYPE));
    }
    let given = request.header(&CONTENT_TYPE).unwrap_or("").to_ascii_lowercase();
    let mut parts = given.split(';').map(str::trim);
    let media = parts.next().unwrap_or("");
    let known = media == "application/json"
        || (media == "application/merge-patch+json" && E::ROUTE.method == Method::PATCH);
    let utf_8 = parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim() == "charset" => value.trim().trim_matches('"') == "utf-8",
        _ => true,
    });
    if known && utf_8 { Ok(()) } else { Err(Fault::from(&UNSUPPORTED_MEDIA_TYPE)) }
}

/// The caller by the token; none on public endpoints.
fn authenticated(
    app: &App,
    policy: &Policy,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Principal>, Fault> {
    if policy.access == Access::Public {
        return Ok(None);
    }
    let Some(header) = request.headers.get(AUTHORIZATION) else {
        return Err(Fault::from(&TOKEN_REQUIRED));
    };
    let header = header.to_str().map_err(|_| Fault::from(&TOKEN_INVALID))?;
    let (scheme, token) = header.split_once(' ').ok_or_else(|| Fault::from(&TOKEN_INVALID))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Fault::from(&TOKEN_REQUIRED));
    }
    app.verifier.verify(token.trim(), now).map(Some)
}

/// Default-deny: refuses a caller whose role does not hold the permission (C5).
fn authorize(policy: &Policy, principal: Option<Principal>) -> Result<(), Fault> {
    match (policy.access, principal) {
        (Access::Public, _) | (Access::SignedIn, Some(_)) => Ok(()),
        (Access::Requires(permission), Some(principal)) if permission.is_held_by(principal.role) => Ok(()),
        (Access::Requires(_), Some(_)) => Err(Fault::from(&PERMISSION_DENIED)),
        (_, None) => Err(Fault::from(&TOKEN_REQUIRED)),
    }
}

/// The version in `If-Match`: one strong tag, compared by its characters. A foreign tag matches no version. A missing
/// header is a 428 by itself; a malformed one is reported with the other violations.
fn if_match(policy: &Policy, request: &Request) -> Result<Result<Option<i64>, Violation>, Fault> {
    if !policy.if_match {
        return Ok(Ok(None));
    }
    let Some(header) = request.headers.get(IF_MATCH) else {
        return Err(Fault::from(&IF_MATCH_REQUIRED));
    };
    let tag = header.to_str().ok().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
    let Some(tag) = tag.filter(|tag| !tag.contains('"')) else {
        return Ok(Err(header_violation("/if-match", &IF_MATCH_INVALID)));
    };
    let version = tag.parse().ok().filter(|version: &i64| version.to_string() == tag);
    Ok(Ok(Some(version.unwrap_or(0))))
}

fn header_violation(pointer: &str, problem: &'static Problem) -> Violation {
    Violation::new(Place::Header, pointer, problem.code, problem.detail)
}

/// The key, if the policy takes one; a missing or malformed key is reported with the other violations.
fn idempotency_key(policy: &Policy, request: &Request) -> Result<Option<String>, Violation> {
    let given = request.headers.get(IDEMPOTENCY_KEY);
    let violation = |problem| header_violation("/idempotency-key", problem);
    match (policy.idempotency, given) {
        (Idempotency::Reads, _) | (Idempotency::Accepted | Idempotency::Refused, None) => Ok(None),
        (Idempotency::Refused, Some(_)) => Err(violation(&IDEMPOTENCY_KEY_NOT_ACCEPTED)),
        (Idempotency::Required, None) => Err(violation(&IDEMPOTENCY_KEY_REQUIRED)),
        (Idempotency::Required | Idempotency::Accepted, Some(key)) => {
            idempotency::checked(key.as_bytes()).map(Some).map_err(|fault| violation(fault.problem))
        }
    }
}

/// Violations for missing headers of the policy. The endpoint itself judges their values.
fn missing_headers(policy: &Policy, request: &Request) -> Vec<Violation> {
    let missing = policy.headers.iter().filter(|header| !request.headers.contains_key(header.name));
    missing.map(|header| header_violation(&header.pointer(), &REQUIRED)).collect()
}

/// Headers and input, or all violations of any of them.
fn all_valid<I>(
    missing: Vec<Violation>,
    if_match: Result<Option<i64>, Violation>,
    key: Result<Option<String>, Violation>,
    input: Result<I, Vec<Violation>>,
) -> Result<(Option<i64>, Option<String>, I), Fault> {
    match (if_match, key, input) {
        (Ok(if_match), Ok(key), Ok(input)) if missing.is_empty() => Ok((if_match, key, input)),
        (if_match, key, input) => {
            let mut all = missing;
            all.extend(input.err().unwrap_or_default());
            all.extend(if_match.err());
            all.extend(key.err());
            all.sort();
            Err(Fault::invalid(all))
        }
    }
}
