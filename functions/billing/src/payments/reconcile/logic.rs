//! What fits, and what does not.

use crate::payments::PaymentStatus;
use crate::payments::provider::{Intent, Status};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// A payment of ours, with what the ledger has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) clinic: Uuid,
    pub(super) id: Uuid,
    pub(super) account: Option<String>,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) status: PaymentStatus,
    pub(super) provider_payment: Option<String>,
    /// Amount and currency of its transfer, if it has one.
    pub(super) booked: Option<(i64, String)>,
    /// Whether a person is to look at it, or has looked and said what became of it.
    pub(super) is_reviewed: bool,
    /// When it was asked for.
    pub(super) asked_at: Timestamp,
}

/// The time within which payments are compared, the end excluded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) before: Timestamp,
}

impl Window {
    pub(super) fn has(self, at: Timestamp) -> bool {
        at >= self.from && at < self.before
    }
}

/// What does not fit of which payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Discrepancy {
    pub(super) clinic: Uuid,
    pub(super) payment: Uuid,
    pub(super) what: &'static str,
}

/// The provider took money for a payment that is not known here.
pub(super) const UNKNOWN_HERE: &str = "taken_and_unknown_here";
/// The provider took money that is not in the ledger.
pub(super) const NOT_BOOKED: &str = "taken_and_not_booked";
/// The ledger has money that the provider did not take.
pub(super) const NOT_TAKEN: &str = "booked_and_not_taken";
/// Amounts or currencies differ.
pub(super) const ANOTHER_AMOUNT: &str = "another_amount";
/// The provider took money twice for one payment.
pub(super) const TAKEN_TWICE: &str = "taken_twice";
/// A payment that succeeded is not in the ledger as it is, or the other way round.
pub(super) const LEDGER_DIFFERS: &str = "ledger_differs";

/// Everything that does not fit between the provider's payments and ours, of one account, of payments that were asked for
/// within that window. There may be others before and behind it on either side.
pub(super) fn compare(intents: &[Intent], rows: &[Row], window: Window) -> Vec<Discrepancy> {
    let known: HashMap<(Uuid, Uuid), &Row> = rows.iter().map(|row| ((row.clinic, row.id), row)).collect();
    let mut taken: HashMap<(Uuid, Uuid), &Intent> = HashMap::new();
    let mut found = Vec::new();
    for intent in intents.iter().filter(|intent| intent.status == Status::Succeeded) {
        let Some(place) = intent.clinic.zip(intent.payment) else { continue };
        let what = match (taken.insert(place, intent), known.get(&place)) {
            (Some(_), _) => Some(TAKEN_TWICE),
            (None, None) => Some(UNKNOWN_HERE).filter(|_| instant(place.1).is_some_and(|at| window.has(at))),
            (None, Some(row)) => judge(intent, row).filter(|_| window.has(row.asked_at)),
        };
        found.extend(what.map(|what| discrepancy(place, what)));
    }
    for row in rows.iter().filter(|row| window.has(row.asked_at)) {
        let place = (row.clinic, row.id);
        if row.status == PaymentStatus::Succeeded && !taken.contains_key(&place) {
            found.push(discrepancy(place, NOT_TAKEN));
        }
        let expected =
            (row.status == PaymentStatus::Succeeded).then(|| (row.amount_minor, row.currency.clone()));
        if expected != row.booked {
            found.push(discrepancy(place, LEDGER_DIFFERS));
        }
    }
    found.sort_unstable();
    found
}

/// When a payment was asked for, to the millisecond: its id says it (RFC 9562 §5.7).
fn instant(payment: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = payment.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

fn discrepancy((clinic, payment): (Uuid, Uuid), what: &'static str) -> Discrepancy {
    Discrepancy { clinic, payment, what }
}

/// What does not fit of a payment that the provider took the money of. What a person is to look at, or has
/// looked at, is no news.
fn judge(intent: &Intent, row: &Row) -> Option<&'static str> {
    if row.is_reviewed {
        return None;
    }
    if row.status != PaymentStatus::Succeeded {
        return Some(NOT_BOOKED);
    }
    let is_same = intent.received_minor == Some(row.amount_minor) && intent.currency == row.currency;
    (!is_same || row.provider_payment.as_deref() != Some(intent.id.as_str())).then_some(ANOTHER_AMOUNT)
}

#[cfg(test)]
mod tests {
    use super::*;
    /// An id that was made at 1970 and some milliseconds.
    fn id(number: u128) -> Uuid {
        Uuid::from_u128(0x0000_0000_0001_7000_8000_0000_0000_0000 | number)
    }

    const WINDOW: Window = Window { from: Timestamp::UNIX_EPOCH, before: Timestamp::MAX };

    fn intent(payment: u128, amount: i64) -> Intent {
        Intent {
            id: format!("pi_{payment}"),
            status: Status::Succeeded,
            amount_minor: Some(amount),
            received_minor: Some(amount),
            currency: "BRL".to_owned(),
            clinic: Some(Uuid::from_u128(1)),
            payment: Some(id(payment)),
            deployment: Some("here".to_owned()),
            created_at: Timestamp::UNIX_EPOCH,
            failure: None,
            action: None,
        }
    }

    fn row(payment: u128, status: PaymentStatus) -> Row {
        let has_succeeded = status == PaymentStatus::Succeeded;
        Row {
            clinic: Uuid::from_u128(1),
            id: id(payment),
            account: None,
            amount_minor: 500,
            currency: "BRL".to_owned(),
            status,
            provider_payment: has_succeeded.then(|| format!("pi_{payment}")),
            booked: has_succeeded.then(|| (500, "BRL".to_owned())),
            is_reviewed: false,
            asked_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn whats(intents: &[Intent], rows: &[Row]) -> Vec<&'static str> {
        compare(intents, rows, WINDOW).into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn what_fits_is_no_news() {
        let rows =
            [row(1, PaymentStatus::Succeeded), row(2, PaymentStatus::Failed), row(3, PaymentStatus::Pending)];
        let declined =
            Intent { status: Status::RequiresPaymentMethod, received_minor: Some(0), ..intent(2, 500) };
        assert_eq!(whats(&[intent(1, 500), declined], &rows), [] as [&str; 0]);
    }

    #[test]
    fn every_way_in_which_it_does_not_fit_is_told() {
        let succeeded = || row(1, PaymentStatus::Succeeded);
        assert_eq!(whats(&[intent(9, 500)], &[]), [UNKNOWN_HERE]);
        assert_eq!(whats(&[intent(1, 500)], &[row(1, PaymentStatus::Failed)]), [NOT_BOOKED]);
        assert_eq!(whats(&[intent(1, 500)], &[row(1, PaymentStatus::Pending)]), [NOT_BOOKED]);
        assert_eq!(whats(&[], &[succeeded()]), [NOT_TAKEN]);
        assert_eq!(whats(&[intent(1, 501)], &[succeeded()]), [ANOTHER_AMOUNT]);
        assert_eq!(whats(&[intent(1, 500), intent(1, 500)], &[succeeded()]), [TAKEN_TWICE]);
        let other = Intent { id: "pi_other".to_owned(), ..intent(1, 500) };
        assert_eq!(whats(&[other], &[succeeded()]), [ANOTHER_AMOUNT]);
        let unbooked = Row { booked: None, ..succeeded() };
        assert_eq!(whats(&[intent(1, 500)], &[unbooked]), [LEDGER_DIFFERS]);
        let booked = Row { booked: Some((500, "BRL".to_owned())), ..row(1, PaymentStatus::Failed) };
        assert_eq!(whats(&[], &[booked]), [LEDGER_DIFFERS]);
    }

    #[test]
    fn what_a_person_is_to_look_at_is_no_news() {
        let reviewed = Row { is_reviewed: true, ..row(1, PaymentStatus::Pending) };
        assert_eq!(whats(&[intent(1, 501)], &[reviewed]), [] as [&str; 0]);
    }

    #[test]
    fn what_was_asked_for_before_or_behind_the_window_is_another_runs() {
        let window = Window { from: Timestamp::MAX, before: Timestamp::MAX };
        let rows = [row(1, PaymentStatus::Pending), row(2, PaymentStatus::Succeeded)];
        assert_eq!(compare(&[intent(1, 500), intent(9, 500)], &rows, window), []);
    }
}
