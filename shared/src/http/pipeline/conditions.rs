//! The headers of a request that say how it is meant: `If-Match`, `Idempotency-Key`, and those that one endpoint reads.

use crate::failure::problem::{
    IDEMPOTENCY_KEY_NOT_ACCEPTED, IDEMPOTENCY_KEY_REQUIRED, IF_MATCH_INVALID, IF_MATCH_REQUIRED, REQUIRED,
    VERSION_STALE,
};
use crate::failure::{Fault, Problem};
use crate::http::{IDEMPOTENCY_KEY, Idempotency, IfMatch, Policy, Request, idempotency};
use crate::validation::{Place, Violation};
use http::header::IF_MATCH;

/// The detail of a 412 for a weak tag.
const WEAK_TAG: &str = "If-Match has a weak tag (W/), which matches no version. A proxy on the way made the tag weak, \
    as those do that pack replies. Let it pass replies unchanged, or send the data's version in quotes.";

/// The versions in `If-Match`. A missing header is a 428 by itself; a malformed one is reported with the other
/// violations.
pub(super) fn if_match(
    policy: &Policy,
    request: &Request,
) -> Result<Result<Option<IfMatch>, Violation>, Fault> {
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
pub(super) fn explained(fault: Fault, had_weak_tag: bool) -> Fault {
    if had_weak_tag && fault.problem.code == VERSION_STALE.code { fault.saying(WEAK_TAG) } else { fault }
}

fn header_violation(pointer: &str, problem: &'static Problem) -> Violation {
    Violation::new(Place::Header, pointer, problem.code, problem.detail)
}

/// The key, if the policy takes one; a missing or malformed key is reported with the other violations.
pub(super) fn idempotency_key(policy: &Policy, request: &Request) -> Result<Option<String>, Violation> {
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
pub(super) fn missing_headers(policy: &Policy, request: &Request) -> Vec<Violation> {
    let required = policy.headers.iter().filter(|header| header.is_required);
    let missing = required.filter(|header| !request.headers.contains_key(header.name));
    missing.map(|header| header_violation(&header.pointer(), &REQUIRED)).collect()
}

/// Headers and input, or all violations of any of them.
pub(super) fn all_valid<I>(
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
