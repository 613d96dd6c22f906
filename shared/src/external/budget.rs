//! The budget of repetitions: a tenth of all calls, and a few more. When every call fails, repeating every call would
//! double the load on a service that is down already.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The price of a repetition, in tenths: ten calls earn one.
const PRICE: u32 = 10;

/// The budget at the start: three repetitions.
const FLOOR: u32 = 3 * PRICE;

/// The largest budget: ten repetitions.
const CEILING: u32 = 10 * PRICE;

/// The budgets of this process, one for each service.
#[derive(Debug, Default)]
pub(super) struct RetryBudget(Mutex<HashMap<&'static str, u32>>);

impl RetryBudget {
    /// Counts the first attempt of a call.
    pub(super) fn earn(&self, service: &'static str) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tenths = saved.entry(service).or_insert(FLOOR);
        *tenths = (*tenths + 1).min(CEILING);
    }

    /// Pays for one more repetition, if the budget allows.
    pub(super) fn spend(&self, service: &'static str) -> bool {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tenths = saved.entry(service).or_insert(FLOOR);
        let left = tenths.checked_sub(PRICE);
        *tenths = left.unwrap_or(*tenths);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_all_calls_fail_a_tenth_of_them_and_three_more_are_repeated() {
        let budget = RetryBudget::default();
        let mut repeated = 0;
        for _ in 0..1_000 {
            budget.earn("a");
            repeated += u32::from(budget.spend("a"));
        }
        assert_eq!(repeated, 103);
    }

    #[test]
    fn calm_times_save_up_ten_repetitions_and_no_more() {
        let budget = RetryBudget::default();
        (0..10_000).for_each(|_| budget.earn("a"));
        assert_eq!((0..50).filter(|_| budget.spend("a")).count(), 10);
    }

    #[test]
    fn each_service_has_its_own() {
        let budget = RetryBudget::default();
        while budget.spend("a") {}
        assert!(budget.spend("b"));
    }
}
