//! A payment as it stands, for whoever goes on with it: what is to be asked of the provider, or what was found out.

use super::payment::{PaymentBy, PaymentStatus};
use super::provider::{Asked, Means};
use jiff::Timestamp;
use shared::database::{Columns, DecodeError, Statement};
use shared::validation::Secret;
use uuid::Uuid;

/// A payment as it stands.
pub(super) struct Standing {
    pub(super) clinic: Uuid,
    pub(super) id: Uuid,
    pub(super) status: PaymentStatus,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) account: Option<String>,
    pub(super) method: PaymentBy,
    pub(super) card_token: Option<String>,
    pub(super) provider_payment: Option<String>,
    /// Until when it waits, or waited, for its customer.
    pub(super) waiting_until: Option<Timestamp>,
    /// Whether a person must look at it, or had to.
    pub(super) is_reviewed: bool,
    pub(super) failure_code: Option<String>,
    pub(super) decline_code: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) settled: Option<Settled>,
}

/// What was booked: of columns that never change again.
pub(super) struct Settled {
    pub(super) transaction: Uuid,
    pub(super) receipt: Uuid,
    pub(super) receipt_number: i64,
    pub(super) balance_minor: i64,
    pub(super) at: Timestamp,
}

impl Standing {
    /// What is asked of the provider: of this row alone, so that it is the same to the byte each time. Nothing once the
    /// card is forgotten, or a person must look.
    pub(super) fn asked(&self) -> Option<Asked> {
        let means = match (self.method, &self.card_token) {
            (PaymentBy::Card, Some(token)) => Means::Card(Secret::new(token.clone())),
            (PaymentBy::Pix, _) if self.status == PaymentStatus::Pending && !self.is_reviewed => Means::Pix,
            _ => return None,
        };
        Some(Asked {
            clinic: self.clinic,
            payment: self.id,
            account: self.account.clone(),
            amount_minor: self.amount_minor,
            currency: self.currency.clone(),
            means,
        })
    }
}

/// The payment as it stands; no row for an unknown one or another clinic's.
pub(super) fn standing(clinic: Uuid, id: Uuid) -> Statement<Standing> {
    Statement::new(
        "billing.payment_as_it_stands",
        "SELECT p.clinic_id, p.id, p.status, p.amount_minor, p.currency, p.provider_account, p.method, p.card_token,
                p.provider_payment_id, p.waiting_until, p.review, p.failure_code, p.decline_code, p.created_at, p.settled_at, p.transaction_id,
                t.balance_after_minor, r.id AS receipt_id, r.number AS receipt_number
           FROM billing.payments AS p
           LEFT JOIN billing.transfers AS t ON t.clinic_id = p.clinic_id AND t.id = p.transaction_id
           LEFT JOIN billing.receipts AS r ON r.clinic_id = p.clinic_id AND r.transaction_id = p.transaction_id
          WHERE p.clinic_id = $1
            AND p.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .decode(decode)
}

/// The payment of a row; what was booked is read only where it was.
pub(super) fn decode(columns: &Columns<'_>) -> Result<Standing, DecodeError> {
    let settled = match columns.get::<Option<Uuid>>("transaction_id")? {
        Some(transaction) => Some(Settled {
            transaction,
            receipt: columns.get("receipt_id")?,
            receipt_number: columns.get("receipt_number")?,
            balance_minor: columns.get("balance_after_minor")?,
            at: columns.get("settled_at")?,
        }),
        None => None,
    };
    Ok(Standing {
        clinic: columns.get("clinic_id")?,
        id: columns.get("id")?,
        status: columns.parsed("status")?,
        amount_minor: columns.get("amount_minor")?,
        currency: columns.get("currency")?,
        account: columns.get("provider_account")?,
        method: columns.parsed("method")?,
        card_token: columns.get("card_token")?,
        provider_payment: columns.get("provider_payment_id")?,
        waiting_until: columns.get("waiting_until")?,
        is_reviewed: columns.get::<Option<String>>("review")?.is_some(),
        failure_code: columns.get("failure_code")?,
        decline_code: columns.get("decline_code")?,
        created_at: columns.get("created_at")?,
        settled,
    })
}
