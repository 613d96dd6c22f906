//! The steps that know the endpoint: those between a request and the handler, then the handler. The head of
//! [`pipeline`](super) lists them among the others.

use super::Incoming;
use crate::access::Principal;
use crate::app::App;
use crate::database::Claim;
use crate::failure::problem::{
    BODY_TOO_LARGE, IDEMPOTENCY_KEY_NOT_ACCEPTED, IDEMPOTENCY_KEY_REQUIRED, IF_MATCH_INVALID,
    IF_MATCH_REQUIRED, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, PERMISSION_DENIED, REQUIRED, ROUTE_NOT_FOUND,
    TOKEN_INVALID, TOKEN_REQUIRED, UNSUPPORTED_MEDIA_TYPE, VERSION_STALE,
};
use crate::failure::{Fault, Problem};
use crate::http::{
    Access, Answer as _, Call, Declaration, Endpoint, IDEMPOTENCY_KEY, Idempotency, IfMatch, Input, Policy,
    Raw, Request, Response, idempotency, negotiation,
};
use crate::parts::Parts;
use crate::validation::{Place, Violation};
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH};
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;

/// The header that lists the media types of a `PATCH` (RFC 5789 §3.1).
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The media types that every `PATCH` takes, as that header lists them.
pub const PATCHES_ACCEPTED: &str = "application/merge-patch+json, application/json";

/// The same, one by one.
const PATCHES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// The detail of a 412 for a weak tag.
const WEAK_TAG: &str = "If-Match has a weak tag (W/), which matches no version. A proxy on the way made the tag weak, \
    as those do that pack replies. Let it pass replies unchanged, or send the data's version in quotes.";

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
    let media_type = acceptable(policy, request)?;
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
            // A list has no order.
            let mut versions = if_match.as_ref().and_then(IfMatch::versions);
            if let Some(versions) = &mut versions {
                versions.sort_unstable();
                versions.dedup();
            }
            let fingerprint = idempotency::fingerprint(&E::ROUTE, versions.as_deref(), &input.canonical()?);
            Some(Claim { clinic: principal.clinic_id, caller: principal.user_id, key, fingerprint, at: now })
        }
        _ => None,
    };
    let had_weak_tag = if_match.as_ref().is_some_and(IfMatch::has_weak);
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
        media_type,
        headers,
        principal,
        claim,
        policy,
        round_trips,
        reads,
        source_address: &request.source_address,
    };
    // 10. The handler, in one transaction: claim, change, history, outbox, audit, reply.
    let output = E::handle(&call, input).await;
    output.map_err(|error| explained(error.into(), had_weak_tag))?.respond()
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

/// The media type of the answer, or the refusal of a caller who accepts none of the endpoint's.
fn acceptable(policy: &Policy, request: &Request) -> Result<&'static str, Fault> {
    let accept = request.header(&ACCEPT).filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
    negotiation::preferred(accept, policy.produces).ok_or_else(|| {
        let answered = policy.produces.join(" and ");
        let detail = format!(
            "This address answers {answered}, which Accept excludes. Accept that, or send no Accept."
        );
        Fault::from(&NOT_ACCEPTABLE).saying(detail)
    })
}

fn sized(policy: &Policy, request: &Request) -> Result<(), Fault> {
    let length = request.body.as_ref().map_or(0, bytes::Bytes::len);
    if length > policy.body_limit { Err(Fault::from(&BODY_TOO_LARGE)) } else { Ok(()) }
}

/// Refuses a body that is not JSON (B11); a `PATCH` also takes a JSON merge patch (RFC 7396), and says so in a header
/// (RFC 5789 §2.2).
fn typed<E: Endpoint>(request: &Request) -> Result<(), Fault> {
    if !E::Input::HAS_BODY {
        return Ok(());
    }
    let taken: &[&str] = if E::ROUTE.method == Method::PATCH { &PATCHES } else { &["application/json"] };
    let refused = |detail: String| {
        let fault = Fault::from(&UNSUPPORTED_MEDIA_TYPE).saying(detail);
        let is_patch = E::ROUTE.method == Method::PATCH;
        if is_patch {
            fault.with_header(ACCEPT_PATCH, HeaderValue::from_static(PATCHES_ACCEPTED))
        } else {
            fault
        }
    };
    let is_plain = |coding: &HeaderValue| coding.to_str().is_ok_and(negotiation::is_identity);
    if !request.headers.get(CONTENT_ENCODING).is_none_or(is_plain) {
        return Err(refused("Send the body as it is, without Content-Encoding.".to_owned()));
    }
    if negotiation::is_one_of(request.header(&CONTENT_TYPE).unwrap_or_default(), taken) {
        return Ok(());
    }
    Err(refused(format!("Send JSON in UTF-8 with Content-Type: {}.", taken.join(" or "))))
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

/// The versions in `If-Match`. A missing header is a 428 by itself; a malformed one is reported with the other
/// violations.
fn if_match(policy: &Policy, request: &Request) -> Result<Result<Option<IfMatch>, Violation>, Fault> {
    if !policy.if_match {
        return Ok(Ok(None));
    }
    let Some(header) = request.headers.get(IF_MATCH) else {
        return Err(Fault::from(&IF_MATCH_REQUIRED));
    };
    let read = IfMatch::parse(header.as_bytes());
    Ok(read.map(Some).ok_or_else(|| header_violation("/if-match", &IF_MATCH_INVALID)))
}

/// A stale version, told apart from a tag that was weak when it came and so matched nothing (RFC 9110 §13.1.1).
fn explained(fault: Fault, had_weak_tag: bool) -> Fault {
    if had_weak_tag && fault.problem.code == VERSION_STALE.code { fault.saying(WEAK_TAG) } else { fault }
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
    if_match: Result<Option<IfMatch>, Violation>,
    key: Result<Option<String>, Violation>,
    input: Result<I, Vec<Violation>>,
) -> Result<(Option<IfMatch>, Option<String>, I), Fault> {
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
