//! Rules, and the buckets of those whom they hold for.

use crate::access::{Plan, Principal, half_hash};
use crate::database::Take;
use jiff::Timestamp;
use std::net::{IpAddr, Ipv6Addr};

/// How much is admitted: so many at once, and as many again in each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name in headers, e.g. `login`.
    pub name: &'static str,
    /// How many are admitted at once.
    pub count: u16,
    /// In how many seconds as many are admitted again.
    pub window: u16,
    /// Who has a bucket of their own.
    pub of: Of,
    /// Whether callers are told what is left.
    pub is_told: bool,
}

/// Who has a bucket of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The address that a request came from: of IPv6 the first 64 bits, which one household has.
    Address,
    /// The member who calls.
    Member,
    /// Whom the handler names by what is in the request ([`Call::limit`](crate::http::Call::limit)).
    Named,
}

/// Requests of nobody known, of one address.
pub const ADDRESS: Rule = Rule::new("address", 60, 60, Of::Address);

const FREE: Rule = Rule::new("user", 300, 60, Of::Member);
const PRO: Rule = Rule::new("user", 1000, 60, Of::Member);

impl Rule {
    /// So many at once, and as many again in each window of so many seconds.
    pub const fn new(name: &'static str, count: u16, window: u16, of: Of) -> Self {
        Self { name, count, window, of, is_told: true }
    }

    /// As the rule, but nobody is told what is left.
    #[must_use]
    pub const fn untold(self) -> Self {
        Self { is_told: false, ..self }
    }

    /// A quarter of the rule.
    #[must_use]
    pub fn quarter(self) -> Self {
        Self { count: (self.count / 4).max(1), ..self }
    }

    /// Requests of a member of a clinic with this plan.
    pub const fn of_plan(plan: Plan) -> Self {
        match plan {
            Plan::Free => FREE,
            Plan::Pro => PRO,
        }
    }
}

/// One caller under one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The rule.
    pub rule: Rule,
    /// The rule's name and a hash: no store learns whose it is.
    pub name: String,
}

impl Bucket {
    /// The bucket of somebody under a rule.
    pub fn of(rule: Rule, whose: &str) -> Self {
        Self { rule, name: format!("{}:{}", rule.name, half_hash(whose)) }
    }

    /// The bucket of an address, as the gateway has it. What is no address shares one.
    pub fn of_address(rule: Rule, address: &str) -> Self {
        let whose = address.parse().map_or_else(|_| "unknown".to_owned(), network);
        Self::of(rule, &whose)
    }

    /// The bucket of a member.
    pub fn of_member(rule: Rule, member: &Principal) -> Self {
        Self::of(rule, &format!("{}/{}", member.clinic_id, member.user_id))
    }

    /// What is taken of it, where rules are so many `times` as wide.
    pub fn take(&self, times: u16, forced: i32, wanted: i32, at: Timestamp) -> Take {
        let burst = i32::from(self.rule.count).saturating_mul(i32::from(times));
        let every = f64::from(self.rule.window) / f64::from(burst.max(1));
        Take { bucket: self.name.clone(), forced, wanted, burst, every, at }
    }
}

/// What of an address tells one caller from another.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> String {
        Bucket::of_address(ADDRESS, address).name
    }

    #[test]
    fn an_address_has_one_bucket_however_it_is_written_and_a_household_one_in_ipv6() {
        assert_eq!(name("203.0.113.7"), name("::ffff:203.0.113.7"));
        assert_ne!(name("203.0.113.7"), name("203.0.113.8"));
        assert_eq!(name("2001:db8:0:1::1"), name("2001:0DB8:0:1:ffff:ffff:ffff:ffff"));
        assert_ne!(name("2001:db8:0:1::1"), name("2001:db8:0:2::1"));
        for none in ["", "203.0.113.7, 198.51.100.1", "203.0.113.7:443", "localhost"] {
            assert_eq!(name(none), name("unknown"), "{none}");
        }
    }

    #[test]
    fn a_buckets_name_does_not_say_whose_it_is() {
        let bucket = Bucket::of(ADDRESS, "ana@example.com");
        assert!(bucket.name.starts_with("address:") && !bucket.name.contains("ana"), "{}", bucket.name);
        assert_eq!(bucket.name.len(), "address:".len() + 32);
    }

    #[test]
    fn a_rule_that_is_wider_lets_more_through_at_once_and_in_time() {
        let take = Bucket::of(ADDRESS, "a").take(2, 0, 1, Timestamp::UNIX_EPOCH);
        assert_eq!((take.burst, take.every), (120, 0.5));
    }
}
