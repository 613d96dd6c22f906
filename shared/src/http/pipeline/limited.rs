//! The limit of a request (C7): whose bucket is charged.

use crate::access::Principal;
use crate::failure::Fault;
use crate::failure::problem::{ACCESS_CHANGED, SESSION_ENDED};
use crate::http::{Policy, RateClass, Request};
use crate::limits::{ADDRESS, Bucket, CallLimits, Of, Rule};
use http::Method;

/// Charges an ordinary request to the member whom a good token names, and else to its address. A good token is not charged to
/// the address: twenty people behind one router would share what is for one.
pub(super) async fn ask_ordinary(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    caller: &Result<Option<Principal>, Fault>,
) -> Result<(), Fault> {
    let is_free = request.method == Method::OPTIONS || policy.rate == RateClass::Unlimited;
    match (policy.rate, caller) {
        _ if is_free => Ok(()),
        (_, Err(_)) => charge(limits, policy, request, None).await,
        (RateClass::Ordinary, Ok(member)) => charge(limits, policy, request, *member).await,
        _ => Ok(()),
    }
}

/// Asks strict rules, where the policy has them.
pub(super) async fn ask_strict(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    member: Option<Principal>,
) -> Result<(), Fault> {
    let RateClass::Strict(rules, asked) = policy.rate else { return Ok(()) };
    let bucket = |rule: &Rule| match (rule.of, &member) {
        (Of::Address, _) => Some(Bucket::of_address(*rule, &request.source_address)),
        (Of::Member, Some(member)) => Some(Bucket::of_member(*rule, member)),
        (Of::Member, None) | (Of::Named, _) => None,
    };
    let is_named = policy.rate.named().is_some();
    limits.strict(rules.iter().filter_map(bucket).collect(), is_named, asked).await
}

/// Charges what the outcome asks for: a token whose session is over is a bad one, what should have been signed was not, and what
/// failed before strict rules were asked was not counted.
pub(super) async fn settle(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    member: Option<Principal>,
    fault: Option<&Fault>,
) -> Result<(), Fault> {
    // Who meets a failure of ours is charged nothing for it.
    let Some(problem) = fault.map(|fault| fault.problem).filter(|problem| problem.status < 500) else {
        return Ok(());
    };
    if member.is_some() && [SESSION_ENDED.code, ACCESS_CHANGED.code].contains(&problem.code) {
        limits.uncharge();
        return charge(limits, policy, request, None).await;
    }
    match policy.rate {
        RateClass::Unsigned => charge(limits, policy, request, None).await,
        RateClass::Strict(..) if !limits.is_asked() => charge(limits, policy, request, member).await,
        _ => Ok(()),
    }
}

async fn charge(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    member: Option<Principal>,
) -> Result<(), Fault> {
    let bucket = match &member {
        Some(member) => Bucket::of_member(Rule::of_plan(member.plan), member),
        None => Bucket::of_address(ADDRESS, &request.source_address),
    };
    limits.ordinary(bucket, policy.round_trips > 0).await
}
