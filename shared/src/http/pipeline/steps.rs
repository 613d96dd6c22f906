//! The steps that know the endpoint: those between a request and the handler, then the handler. The head of
//! [`pipeline`](super) lists them among the others.

use super::Incoming;
use super::conditions::{all_valid, explained, idempotency_key, if_match, missing_headers};
use super::limited::{ask_ordinary, ask_strict, settle};
use crate::access::Principal;
use crate::app::App;
use crate::database::Claim;
use crate::failure::Fault;
use crate::failure::problem::{
    BODY_TOO_LARGE, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, OUTCOME_UNKNOWN, PERMISSION_DENIED, ROUTE_NOT_FOUND,
    TOKEN_INVALID, TOKEN_REQUIRED, UNSUPPORTED_MEDIA_TYPE,
};
use crate::http::{
    Access, Answer as _, Call, Declaration, Endpoint, IfMatch, Input, Policy, Raw, Request, Response,
    idempotency, negotiation,
};
use crate::parts::Parts;
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;

/// The header that lists the media types of a `PATCH` (RFC 5789 §3.1).
pub const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The media types that every `PATCH` takes, as that header lists them.
pub const PATCHES_ACCEPTED: &str = "application/merge-patch+json, application/json";

/// The same, one by one.
const PATCHES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// Steps 3 to 10 of the [pipeline](super), in their order.
pub(crate) async fn serve<E: Endpoint>(
    incoming: Incoming<'_>,
    parts: &<E::Parts as Parts>::Opened,
) -> Result<Response, Fault> {
    let Incoming { app, request, now, round_trips, seen, limits, .. } = incoming;
    let policy = const { &E::POLICY };

    // 3. Route and method.
    let path = routed(incoming.declaration, request)?;
    // 4. The media types that the caller accepts.
    let media_type = acceptable(policy, request)?;
    // 5. Size, type and coding of the body.
    sized(policy, request)?;
    typed::<E>(request)?;
    // 6. The token. 7. The limit.
    let caller = authenticated(app, policy, request, now);
    ask_ordinary(limits, policy, request, &caller).await?;
    let principal = caller?;
    seen.caller(principal);
    let outcome = handled::<E>(&incoming, parts, &path, media_type, principal).await;
    settle(limits, policy, request, principal, outcome.as_ref().err()).await?;
    let is_unknown = outcome.as_ref().is_err_and(|fault| fault.problem.code == OUTCOME_UNKNOWN.code);
    limits.judge(is_unknown || policy.writes() || round_trips.has_written())?;
    outcome
}

/// Steps 8 to 10.
async fn handled<E: Endpoint>(
    incoming: &Incoming<'_>,
    parts: &<E::Parts as Parts>::Opened,
    path: &[(String, String)],
    media_type: &'static str,
    principal: Option<Principal>,
) -> Result<Response, Fault> {
    let Incoming { app, request, request_id, trace, now, deadline, round_trips, reads, limits, .. } =
        *incoming;
    let policy = const { &E::POLICY };
    // 8. The permission.
    authorize(policy, principal)?;
    // 9. Headers and input, with all violations at once.
    let if_match = if_match(policy, request)?;
    let key = idempotency_key(policy, request);
    let input = E::Input::parse(&Raw { request, path, now });
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
        limits,
        source_address: &request.source_address,
        cookies: &request.cookies,
    };
    // What is strict is asked of who is admitted and has said what is right.
    ask_strict(limits, policy, request, principal).await?;
    // 10. The handler, in one transaction: claim, change, history, outbox, audit, reply.
    let output = limits.beside(E::handle(&call, input)).await;
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
    if length <= policy.body_limit {
        return Ok(());
    }
    let most = policy.body_limit / 1024;
    Err(Fault::from(&BODY_TOO_LARGE)
        .saying(format!("The body is larger than this endpoint takes ({most} KiB).")))
}

/// Refuses a body that is not JSON (B11); a `PATCH` also takes a JSON merge patch (RFC 7396), and says so in a header
/// (RFC 5789 §2.2).
fn typed<E: Endpoint>(request: &Request) -> Result<(), Fault> {
    let is_empty = request.body.as_ref().is_some_and(bytes::Bytes::is_empty);
    if !E::Input::HAS_BODY || (E::Input::BODY_MAY_BE_EMPTY && is_empty) {
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

/// The caller by the token; none on public endpoints but those that know their callers, where a bad token is as none.
fn authenticated(
    app: &App,
    policy: &Policy,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Principal>, Fault> {
    match policy.access {
        Access::Public if policy.knows_callers => Ok(verified(app, request, now).ok()),
        Access::Public => Ok(None),
        _ => verified(app, request, now).map(Some),
    }
}

fn verified(app: &App, request: &Request, now: Timestamp) -> Result<Principal, Fault> {
    let Some(header) = request.headers.get(AUTHORIZATION) else {
        return Err(Fault::from(&TOKEN_REQUIRED));
    };
    let header = header.to_str().map_err(|_| Fault::from(&TOKEN_INVALID))?;
    let (scheme, token) = header.split_once(' ').ok_or_else(|| Fault::from(&TOKEN_INVALID))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Fault::from(&TOKEN_REQUIRED));
    }
    app.verifier.verify(token.trim(), now)
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
