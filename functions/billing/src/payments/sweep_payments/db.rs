use crate::payments::standing::{Standing, decode};
use crate::refunds::standing::{self, RefundStanding};
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// How many payments one step takes.
const BATCH: i64 = 16;

/// The seconds until a payment is due again, by how often it was looked at.
const AGAIN: [i32; 5] = [60, 120, 300, 900, 3_600];

/// Which payments are due, the longest first, in all clinics: all that the sweeper's own role sees.
pub(super) fn due(now: Timestamp) -> Statement<(Uuid, Uuid)> {
    Statement::new(
        "billing.due_payments",
        "SELECT clinic_id, id
           FROM billing.payments
          WHERE due_at <= $1
          ORDER BY due_at, clinic_id, id
          LIMIT $2",
    )
    .bind(now)
    .bind(BATCH)
    .decode(|columns| Ok((columns.get("clinic_id")?, columns.get("id")?)))
}

/// Which refunds are due, likewise.
pub(super) fn due_refunds(now: Timestamp) -> Statement<(Uuid, Uuid)> {
    Statement::new(
        "billing.due_refunds",
        "SELECT clinic_id, id
           FROM billing.refunds
          WHERE due_at <= $1
          ORDER BY due_at, clinic_id, id
          LIMIT $2",
    )
    .bind(now)
    .bind(BATCH)
    .decode(|columns| Ok((columns.get("clinic_id")?, columns.get("id")?)))
}

/// From here to the end of the transaction the sweeper is `billing`, whose policies show one clinic.
pub(super) fn become_billing() -> Statement<()> {
    Statement::new("billing.become_billing", "SELECT set_config('role', 'billing', true)")
}

/// Takes a payment that is still due: its due time moves, for one that waits to its end or by a quarter of an hour, so that another sweeper finds nothing. No row for one that
/// somebody else took, or whose outcome is known meanwhile.
pub(super) fn take(clinic: Uuid, payment: Uuid, now: Timestamp) -> Statement<Standing> {
    Statement::new(
        "billing.take_due_payment",
        "UPDATE billing.payments
            SET attempts   = attempts + 1,
                due_at     = CASE WHEN waiting_until IS NULL
                                  THEN $3 + make_interval(secs => ($4::int[])[LEAST(attempts + 1, cardinality($4::int[]))])
                                  ELSE LEAST($3 + interval '15 minutes', GREATEST(waiting_until, $3 + interval '1 minute'))
                             END,
                updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND due_at <= $3
         RETURNING clinic_id, id, status, amount_minor, currency, provider_account, method, card_token,
                   provider_payment_id, waiting_until, review, failure_code, decline_code, created_at, settled_at, transaction_id",
    )
    .bind(clinic)
    .bind(payment)
    .bind(now)
    .bind(AGAIN.to_vec())
    .decode(decode)
}

/// Takes a refund that is still due, likewise.
pub(super) fn take_refund(clinic: Uuid, refund: Uuid, now: Timestamp) -> Statement<RefundStanding> {
    Statement::new(
        "billing.take_due_refund",
        "UPDATE billing.refunds AS r
            SET attempts   = r.attempts + 1,
                due_at     = $3 + make_interval(secs => ($4::int[])[LEAST(r.attempts + 1, cardinality($4::int[]))]),
                updated_at = $3
           FROM billing.payments AS p
          WHERE r.clinic_id = $1
            AND r.id = $2
            AND r.due_at <= $3
            AND p.clinic_id = r.clinic_id
            AND p.id = r.payment_id
         RETURNING r.clinic_id, r.payment_id, r.id, r.status, r.amount_minor, p.currency, p.provider_account,
                   p.provider_payment_id, r.provider_refund_id, r.failure_code, r.created_at, r.transaction_id",
    )
    .bind(clinic)
    .bind(refund)
    .bind(now)
    .bind(AGAIN.to_vec())
    .decode(standing::decode)
}

/// Deletes events of the provider that were taken long ago.
pub(super) fn delete_events() -> Statement<()> {
    Statement::new(
        "billing.delete_old_provider_events",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM billing.provider_events
              WHERE created_at <= $1
              ORDER BY created_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM billing.provider_events WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND created_at <= $1
             RETURNING created_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}
