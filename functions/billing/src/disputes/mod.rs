//! Disputes: the card's owner has gone to the bank, which takes the money back, and decides. Nothing here asks for any of it: the
//! provider tells. Its events come in any order and any number of times; each hangs on the one row that it moves.

use crate::payments::settling::Step;
use shared::database::Statement;
use uuid::Uuid;

/// A dispute, as the provider tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The provider's id.
    pub(crate) id: String,
    /// In minor units of ISO 4217, of the payment's currency.
    pub(crate) amount_minor: i64,
    /// The currency, ISO 4217.
    pub(crate) currency: String,
    /// Why, by the provider's code.
    pub(crate) reason: String,
    /// What happened.
    pub(crate) what: What,
}

/// What happened to a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It was opened.
    Opened,
    /// The bank has taken the money.
    Withdrawn,
    /// The money came back.
    Reinstated,
    /// The bank has decided for the clinic.
    Won,
    /// The bank has decided for the card's owner.
    Lost,
}

/// The statements that write it, in their order: the payment is locked, the dispute is there from then on, and what happened is
/// written once. Fail by `dispute_in_its_currency` where the bank speaks of another currency than the payment's.
pub(crate) fn statements(
    clinic: Uuid,
    payment: Uuid,
    told: &Told,
    dispute: Uuid,
    step: &Step,
) -> Vec<Statement<()>> {
    let mut all = vec![hold(clinic, payment, told), open(clinic, payment, told, dispute, step)];
    match told.what {
        What::Opened => {}
        What::Withdrawn => all.push(book(WITHDRAWN, clinic, told, step)),
        What::Reinstated => all.push(book(REINSTATED, clinic, told, step)),
        What::Won => all.push(close(clinic, told, "won", step)),
        What::Lost => all.push(close(clinic, told, "lost", step)),
    }
    all
}

fn hold(clinic: Uuid, payment: Uuid, told: &Told) -> Statement<()> {
    Statement::new(
        "billing.hold_disputed_payment",
        "WITH held AS MATERIALIZED (
             SELECT currency
               FROM billing.payments
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure(count(*) FILTER (WHERE currency <> $3) = 0, 'dispute_in_its_currency')
           FROM held",
    )
    .bind(clinic)
    .bind(payment)
    .bind(told.currency.clone())
}

/// Notes the dispute, unless it is there; until it is won, the payment is disputed, and is not refunded.
fn open(clinic: Uuid, payment: Uuid, told: &Told, dispute: Uuid, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.open_dispute",
        "WITH opened AS (
             INSERT INTO billing.disputes
                    (id, clinic_id, payment_id, provider_dispute_id, amount_minor, reason, created_at, updated_at)
             SELECT $4, p.clinic_id, p.id, $3, $5, $6, $7, $7
               FROM billing.payments AS p
              WHERE p.clinic_id = $1
                AND p.id = $2
                AND NOT EXISTS (SELECT FROM billing.disputes AS d
                                 WHERE d.clinic_id = p.clinic_id AND d.provider_dispute_id = $3)
             RETURNING clinic_id, id, payment_id, version
         ), marked AS (
             UPDATE billing.payments AS p
                SET disputed_at = COALESCE(p.disputed_at, $7), version = p.version + 1, updated_at = $7
               FROM opened AS o
              WHERE p.clinic_id = o.clinic_id
                AND p.id = o.payment_id
             RETURNING p.patient_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $8, o.clinic_id, 'dispute', o.id, o.version, 'dispute.opened',
                jsonb_build_object('disputeId', o.id, 'paymentId', o.payment_id, 'patientId', m.patient_id), $9, $7, $7
           FROM opened AS o
          CROSS JOIN marked AS m",
    )
    .bind(clinic)
    .bind(payment)
    .bind(told.id.clone())
    .bind(dispute)
    .bind(told.amount_minor)
    .bind(told.reason.clone())
    .bind(step.at)
    .bind(step.events[0])
    .bind(step.traceparent.clone())
}

/// How money of a dispute moves: the kind of the transfer, its accounts, the sign of the balance, and the column that has it.
#[derive(Debug, Clone, Copy)]
struct Movement {
    name: &'static str,
    sql: &'static str,
}

/// The bank takes the money: the patient owes it again.
const WITHDRAWN: Movement = Movement {
    name: "billing.withdraw_dispute",
    sql: "WITH dispute AS MATERIALIZED (
              SELECT d.clinic_id, d.id, d.amount_minor, d.transaction_id, p.patient_id, p.currency, p.method
                FROM billing.disputes AS d JOIN billing.payments AS p ON p.clinic_id = d.clinic_id AND p.id = d.payment_id
               WHERE d.clinic_id = $1 AND d.provider_dispute_id = $2
                 FOR NO KEY UPDATE OF d
          ), withdrawn AS (
              UPDATE billing.disputes AS d
                 SET transaction_id = $3, version = d.version + 1, updated_at = $4 FROM dispute
               WHERE d.clinic_id = dispute.clinic_id AND d.id = dispute.id AND dispute.transaction_id IS NULL
              RETURNING d.clinic_id, d.id, d.amount_minor, dispute.patient_id, dispute.currency, dispute.method
          ), moved AS (
              INSERT INTO billing.balances AS b
                     (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
              SELECT clinic_id, patient_id, currency, -amount_minor, 1, $4, $4 FROM withdrawn
              ON CONFLICT (clinic_id, patient_id) DO UPDATE
                 SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                     updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
              RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
          ), posted AS (
              INSERT INTO billing.transfers
                     (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                      source, source_id, seq, balance_after_minor, occurred_on, created_at)
              SELECT w.clinic_id, $3, w.patient_id, 'dispute', 'patient', 'clearing', w.amount_minor, w.currency, w.method,
                     'dispute', w.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
                FROM withdrawn AS w
                JOIN moved AS m ON m.clinic_id = w.clinic_id AND m.patient_id = w.patient_id
                JOIN identity.published_clinics AS c ON c.id = w.clinic_id
               WHERE kernel.ensure(m.updated_at <= $4::timestamptz + interval '5 seconds', 'clocks_agree')
              RETURNING clinic_id, id, patient_id, seq
          )
          INSERT INTO kernel.outbox
                 (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
          SELECT $5, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                 jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $6, $4, $4
            FROM posted AS p",
};

/// The money came back.
const REINSTATED: Movement = Movement {
    name: "billing.reinstate_dispute",
    sql: "WITH dispute AS MATERIALIZED (
              SELECT d.clinic_id, d.id, d.amount_minor, d.won_transaction_id, p.patient_id, p.currency, p.method
                FROM billing.disputes AS d JOIN billing.payments AS p ON p.clinic_id = d.clinic_id AND p.id = d.payment_id
               WHERE d.clinic_id = $1 AND d.provider_dispute_id = $2
                 FOR NO KEY UPDATE OF d
          ), reinstated AS (
              UPDATE billing.disputes AS d
                 SET won_transaction_id = $3, version = d.version + 1, updated_at = $4 FROM dispute
               WHERE d.clinic_id = dispute.clinic_id AND d.id = dispute.id AND dispute.won_transaction_id IS NULL
              RETURNING d.clinic_id, d.id, d.amount_minor, dispute.patient_id, dispute.currency, dispute.method
          ), moved AS (
              INSERT INTO billing.balances AS b
                     (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
              SELECT clinic_id, patient_id, currency, amount_minor, 1, $4, $4 FROM reinstated
              ON CONFLICT (clinic_id, patient_id) DO UPDATE
                 SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                     updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
              RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
          ), posted AS (
              INSERT INTO billing.transfers
                     (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                      source, source_id, seq, balance_after_minor, occurred_on, created_at)
              SELECT r.clinic_id, $3, r.patient_id, 'dispute_won', 'clearing', 'patient', r.amount_minor, r.currency,
                     r.method, 'dispute', r.id, m.seq, m.balance_minor, (m.updated_at AT TIME ZONE c.time_zone)::date,
                     m.updated_at
                FROM reinstated AS r
                JOIN moved AS m ON m.clinic_id = r.clinic_id AND m.patient_id = r.patient_id
                JOIN identity.published_clinics AS c ON c.id = r.clinic_id
               WHERE kernel.ensure(m.updated_at <= $4::timestamptz + interval '5 seconds', 'clocks_agree')
              RETURNING clinic_id, id, patient_id, seq
          )
          INSERT INTO kernel.outbox
                 (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
          SELECT $5, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                 jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $6, $4, $4
            FROM posted AS p",
};

fn book(movement: Movement, clinic: Uuid, told: &Told, step: &Step) -> Statement<()> {
    Statement::new(movement.name, movement.sql)
        .bind(clinic)
        .bind(told.id.clone())
        .bind(step.transaction)
        .bind(step.at)
        .bind(step.events[1])
        .bind(step.traceparent.clone())
}

/// The bank has decided. Whether a payment is disputed goes by all of its disputes: it is, until the last one is won.
fn close(clinic: Uuid, told: &Told, status: &'static str, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.close_dispute",
        "WITH closed AS (
             UPDATE billing.disputes
                SET status = $3, version = version + 1, updated_at = $4
              WHERE clinic_id = $1
                AND provider_dispute_id = $2
                AND status = 'open'
             RETURNING clinic_id, id, payment_id, status, version
         ), settled AS (
             UPDATE billing.payments AS p
                SET disputed_at = CASE WHEN c.status = 'won'
                                        AND NOT EXISTS (SELECT FROM billing.disputes AS d
                                                         WHERE d.clinic_id = p.clinic_id AND d.payment_id = p.id
                                                           AND d.id <> c.id AND d.status <> 'won')
                                       THEN NULL ELSE p.disputed_at END,
                    version = p.version + 1, updated_at = $4
               FROM closed AS c
              WHERE p.clinic_id = c.clinic_id
                AND p.id = c.payment_id
             RETURNING p.patient_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $5, c.clinic_id, 'dispute', c.id, c.version, 'dispute.' || c.status,
                jsonb_build_object('disputeId', c.id, 'paymentId', c.payment_id, 'patientId', s.patient_id), $6, $4, $4
           FROM closed AS c
          CROSS JOIN settled AS s",
    )
    .bind(clinic)
    .bind(told.id.clone())
    .bind(status)
    .bind(step.at)
    .bind(step.events[1])
    .bind(step.traceparent.clone())
}
