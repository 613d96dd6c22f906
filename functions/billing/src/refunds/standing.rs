//! A refund as it stands, for whoever goes on with it: what is to be asked of the provider, or what was found out.

use super::RefundStatus;
use crate::payments::provider::RefundAsked;
use jiff::Timestamp;
use shared::database::{Columns, DecodeError, Statement};
use uuid::Uuid;

/// A refund as it stands.
pub(crate) struct RefundStanding {
    pub(crate) status: RefundStatus,
    /// What is asked of the provider: of the rows alone, so that it is the same to the byte each time.
    pub(crate) asked: RefundAsked,
    /// The provider's id of the refund, once it has said it.
    pub(crate) provider_refund: Option<String>,
    pub(crate) failure_code: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) settled: Option<SettledRefund>,
}

/// What was booked: of columns that never change again.
pub(crate) struct SettledRefund {
    pub(crate) transaction: Uuid,
    pub(crate) receipt: Uuid,
    pub(crate) receipt_number: i64,
    pub(crate) balance_minor: i64,
}

/// The refund as it stands; no row for an unknown one or another clinic's.
pub(crate) fn standing(clinic: Uuid, id: Uuid) -> Statement<RefundStanding> {
    Statement::new(
        "billing.refund_as_it_stands",
        "SELECT r.clinic_id, r.payment_id, r.id, r.status, r.amount_minor, p.currency, p.provider_account,
                p.provider_payment_id, r.provider_refund_id, r.failure_code, r.created_at, r.transaction_id,
                t.balance_after_minor, n.id AS receipt_id, n.number AS receipt_number
           FROM billing.refunds AS r
           JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
           LEFT JOIN billing.transfers AS t ON t.clinic_id = r.clinic_id AND t.id = r.transaction_id
           LEFT JOIN billing.receipts AS n ON n.clinic_id = r.clinic_id AND n.transaction_id = r.transaction_id
          WHERE r.clinic_id = $1
            AND r.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .decode(decode)
}

/// The refund of a row; what was booked is read only where it was.
pub(crate) fn decode(columns: &Columns<'_>) -> Result<RefundStanding, DecodeError> {
    let settled = match columns.get::<Option<Uuid>>("transaction_id")? {
        Some(transaction) => Some(SettledRefund {
            transaction,
            receipt: columns.get("receipt_id")?,
            receipt_number: columns.get("receipt_number")?,
            balance_minor: columns.get("balance_after_minor")?,
        }),
        None => None,
    };
    Ok(RefundStanding {
        status: columns.parsed("status")?,
        asked: RefundAsked {
            clinic: columns.get("clinic_id")?,
            payment: columns.get("payment_id")?,
            refund: columns.get("id")?,
            account: columns.get("provider_account")?,
            intent: columns.get("provider_payment_id")?,
            amount_minor: columns.get("amount_minor")?,
            currency: columns.get("currency")?,
        },
        provider_refund: columns.get("provider_refund_id")?,
        failure_code: columns.get("failure_code")?,
        created_at: columns.get("created_at")?,
        settled,
    })
}
