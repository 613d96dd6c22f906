use super::schema::NewRefund;
use crate::payments::provider::Provider;
use crate::refunds::noting::DUE_AFTER;
use jiff::Timestamp;
use serde::Deserialize;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use uuid::Uuid;

/// The refunds of one payment, those that failed included: the provider's list of them is read at once.
const AT_MOST: i64 = 50;

/// Holds the payment, and fails for one that is not there, of which no money was taken, that is disputed, or that has too many
/// refunds: refunds of one payment queue here.
pub(super) fn hold_refundable(clinic: Uuid, payment: Uuid) -> Statement<()> {
    Statement::new(
        "billing.hold_refundable_payment",
        "WITH held AS MATERIALIZED (
             SELECT status, disputed_at
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure(count(*) = 1, 'payment_exists'),
                kernel.ensure(count(*) FILTER (WHERE status = 'succeeded') = 1, 'payment_settled'),
                kernel.ensure(count(*) FILTER (WHERE disputed_at IS NULL) = 1, 'payment_undisputed'),
                kernel.ensure((SELECT count(*) FROM billing.refunds WHERE clinic_id = $1 AND payment_id = $2) < $3,
                              'payment_refunds_few')
           FROM held",
    )
    .bind(clinic)
    .bind(payment)
    .bind(AT_MOST)
}

/// Reserves the amount, or all that is left, and makes the refund of it: committed before the provider hears of it. A check of
/// the payment says whether so much is left, one of the refund whether anything is.
pub(super) fn insert_refund(
    clinic: Uuid,
    payment: Uuid,
    id: Uuid,
    new: NewRefund,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.insert_refund",
        "WITH payment AS MATERIALIZED (
             SELECT clinic_id, id, COALESCE($4, amount_minor - refunded_minor) AS wanted
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
         ), reserved AS (
             UPDATE billing.payments AS p
                SET refunded_minor = p.refunded_minor + payment.wanted, version = p.version + 1, updated_at = $6
               FROM payment
              WHERE p.clinic_id = payment.clinic_id
                AND p.id = payment.id
             RETURNING p.clinic_id, p.id, payment.wanted
         )
         INSERT INTO billing.refunds (id, clinic_id, payment_id, amount_minor, reason, due_at, created_at, updated_at)
         SELECT $3, clinic_id, id, wanted, $5, $7, $6, $6
           FROM reserved",
    )
    .bind(clinic)
    .bind(payment)
    .bind(id)
    .bind(new.amount_minor)
    .bind(new.reason.map(String::from))
    .bind(now)
    .bind(now + DUE_AFTER)
}

/// The audit row, about the payment's patient.
pub(super) fn audit(call: &Call<'_, Provider>, clinic: Uuid, id: Uuid) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "billing.audit_refund",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
         SELECT $3, r.clinic_id, $4, $5, $6, r.id, p.patient_id, $7, $8
           FROM billing.refunds AS r
           JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
          WHERE r.clinic_id = $1
            AND r.id = $2",
    );
    Ok(statement
        .bind(clinic)
        .bind(id)
        .bind(call.new_id())
        .bind(call.principal()?.user_id)
        .bind(audited.action)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(call.now))
}

/// What is stored with the key: no answer, but where the answer is found, and what is asked of the provider.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pointer {
    pub(super) refund_id: Uuid,
    pub(super) provider_account: Option<String>,
    pub(super) provider_payment_id: String,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) created_at: Timestamp,
}

/// The pointer to the refund just made.
pub(super) fn pointer(clinic: Uuid, id: Uuid) -> Statement<Pointer> {
    Statement::new(
        "billing.point_to_refund",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'refundId', r.id, 'providerAccount', p.provider_account,
                    'providerPaymentId', p.provider_payment_id, 'amountMinor', r.amount_minor, 'currency', p.currency,
                    'createdAt', r.created_at)::text, true) AS reply
           FROM billing.refunds AS r
           JOIN billing.payments AS p ON p.clinic_id = r.clinic_id AND p.id = r.payment_id
          WHERE r.clinic_id = $1
            AND r.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
