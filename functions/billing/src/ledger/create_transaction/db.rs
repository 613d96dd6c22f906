use super::logic::Transfer;
use super::schema::Recorded;
use crate::ledger::transfer::Method;
use crate::payer::Payer;
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use uuid::Uuid;

/// Moves the balance by an atomic increment: transactions on one patient queue here for the row's lock, and none is
/// lost. The key is the table's only unique index, so that a patient's first transactions, each of which would make the
/// row, queue for it likewise. The foreign keys say whether the patient and the currency are the clinic's.
pub(super) fn move_balance(clinic: Uuid, transfer: &Transfer, now: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.move_balance",
        "INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 1, $5, $5)
         ON CONFLICT (clinic_id, patient_id) DO UPDATE
            SET balance_minor = balances.balance_minor + EXCLUDED.balance_minor,
                seq           = balances.seq + 1,
                updated_at    = GREATEST(balances.updated_at, EXCLUDED.updated_at)",
    )
    .bind(clinic)
    .bind(transfer.patient)
    .bind(transfer.currency.clone())
    .bind(transfer.delta_minor)
    .bind(now)
}

/// Inserts the transfer, with place, balance and time of the row just moved, so that a patient's transfers have one order by
/// place and by time, whatever a server's clock says. The day is that of the clinic's zone, or one before it that was given. A
/// foreign key compares the currency with the clinic's, which is the balance's; an index lets a source be charged for once.
pub(super) fn insert_transfer(
    clinic: Uuid,
    id: Uuid,
    transfer: &Transfer,
    now: Timestamp,
) -> Result<Statement<()>, Fault> {
    let payer = transfer.payer.as_ref().map(Payer::row).transpose()?;
    let statement = Statement::new(
        "billing.insert_transfer",
        "WITH balance AS MATERIALIZED (
             SELECT b.clinic_id, b.patient_id, b.seq, b.balance_minor, b.updated_at,
                    (b.updated_at AT TIME ZONE c.time_zone)::date AS today
               FROM billing.balances AS b
               JOIN identity.published_clinics AS c ON c.id = b.clinic_id
              WHERE b.clinic_id = $1
                AND b.patient_id = $2
         )
         INSERT INTO billing.transfers
                (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method, description,
                 source, source_id, payer, seq, balance_after_minor, occurred_on, created_at)
         SELECT clinic_id, $3, patient_id, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $11::uuid IS NOT NULL THEN 'external' END,
                $11, $12, seq, balance_minor, COALESCE($13, today), updated_at
           FROM balance
          WHERE kernel.ensure(updated_at <= $14::timestamptz + interval '5 seconds', 'clocks_agree')
            AND kernel.ensure($13::date IS NULL OR $13 <= today, 'occurred_on_has_come')",
    );
    Ok(statement
        .bind(clinic)
        .bind(transfer.patient)
        .bind(id)
        .bind(transfer.kind.name())
        .bind(transfer.debit)
        .bind(transfer.credit)
        .bind(transfer.amount_minor)
        .bind(transfer.currency.clone())
        .bind(transfer.method.map(Method::name))
        .bind(transfer.description.clone())
        .bind(transfer.source)
        .bind(payer)
        .bind(transfer.occurred_on)
        .bind(now))
}

/// Numbers the receipt and issues it, on the day at the clinic on which the money was recorded. The clinic's last number is
/// locked from here to the end, so this stands behind whatever else is written, and a number that is taken is committed with
/// its receipt or not at all: there is no gap.
pub(super) fn issue_receipt(clinic: Uuid, transfer: Uuid, id: Uuid, code: [u8; 16]) -> Statement<()> {
    Statement::new(
        "billing.issue_receipt",
        "WITH numbered AS (
             INSERT INTO billing.receipt_counters AS n (clinic_id, last_number, created_at, updated_at)
             SELECT clinic_id, 1, created_at, created_at
               FROM billing.transfers
              WHERE clinic_id = $1
                AND id = $2
             ON CONFLICT (clinic_id) DO UPDATE
                SET last_number = n.last_number + 1, updated_at = GREATEST(n.updated_at, EXCLUDED.updated_at)
             RETURNING n.clinic_id, n.last_number
         )
         INSERT INTO billing.receipts
                (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code, created_at)
         SELECT $3, t.clinic_id, n.last_number, 'received', t.id, t.patient_id, t.amount_minor, t.currency,
                (t.created_at AT TIME ZONE c.time_zone)::date, $4, t.created_at
           FROM billing.transfers AS t
           JOIN identity.published_clinics AS c ON c.id = t.clinic_id
           JOIN numbered AS n ON n.clinic_id = t.clinic_id
          WHERE t.clinic_id = $1
            AND t.id = $2",
    )
    .bind(clinic)
    .bind(transfer)
    .bind(id)
    .bind(code.to_vec())
}

pub(super) fn recorded(clinic: Uuid, id: Uuid) -> Statement<Recorded> {
    Statement::new(
        "billing.recorded_transaction",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'transactionId', t.id, 'patientId', t.patient_id, 'type', t.kind, 'amountMinor', t.amount_minor,
                    'currency', t.currency,
                    'source', CASE WHEN t.source IS NOT NULL
                                   THEN jsonb_build_object('kind', t.source, 'id', t.source_id) END,
                    'receiptId', r.id, 'receiptNumber', r.number, 'occurredOn', t.occurred_on,
                    'balanceMinor', t.balance_after_minor, 'createdAt', t.created_at)::text, true) AS reply
           FROM billing.transfers AS t
           LEFT JOIN billing.receipts AS r ON r.clinic_id = t.clinic_id AND r.transaction_id = t.id
          WHERE t.clinic_id = $1
            AND t.id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
