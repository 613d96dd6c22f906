//! The limit of a request (C7): whose bucket is charged.

use crate::access::Principal;
use crate::failure::Fault;
use crate::http::{Policy, RateClass, Request};
use crate::limits::{ADDRESS, Bucket, CallLimits, Of, Rule};
use http::Method;

/// Charges a request to the member whom a good token names, and else to its address. A good token is not charged to the address:
/// twenty people behind one router would share what is for one. Where rules are strict, they are asked instead.
pub(super) async fn ask_limits(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    caller: &Result<Option<Principal>, Fault>,
) -> Result<(), Fault> {
    if request.method == Method::OPTIONS {
        return Ok(());
    }
    let has_database = policy.round_trips > 0;
    let by_address = |rule| Bucket::of_address(rule, &request.source_address);
    match (policy.rate, caller) {
        (RateClass::Unlimited, _) => Ok(()),
        (_, Err(_)) | (RateClass::Ordinary, Ok(None)) => {
            limits.ordinary(by_address(ADDRESS), has_database).await
        }
        (RateClass::Unsigned, _) => Ok(()),
        (RateClass::Ordinary, Ok(Some(member))) => {
            let bucket = Bucket::of_member(Rule::of_plan(member.plan), member);
            limits.ordinary(bucket, has_database).await
        }
        (RateClass::Strict(rules, asked), Ok(member)) => {
            let bucket = |rule: &Rule| match (rule.of, member) {
                (Of::Address, _) => Some(by_address(*rule)),
                (Of::Member, Some(member)) => Some(Bucket::of_member(*rule, member)),
                (Of::Member, None) | (Of::Named, _) => None,
            };
            let is_named = policy.rate.named().is_some();
            limits.strict(rules.iter().filter_map(bucket).collect(), is_named, asked).await
        }
    }
}

/// Charges the address of a request whose signature is not good. Who signs is charged nothing.
pub(super) async fn charge_unsigned(
    limits: &CallLimits<'_>,
    policy: &Policy,
    request: &Request,
    fault: Option<&Fault>,
) -> Result<(), Fault> {
    let is_unsigned = fault.is_some_and(|fault| matches!(fault.problem.status, 401 | 403));
    if policy.rate == RateClass::Unsigned && is_unsigned {
        let bucket = Bucket::of_address(ADDRESS, &request.source_address);
        return limits.ordinary(bucket, policy.round_trips > 0).await;
    }
    Ok(())
}
