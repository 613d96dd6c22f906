use super::logic::Transfer;
use super::schema::Recorded;
use jiff::Timestamp;
use shared::database::Statement;
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
/// place and by time, whatever a server's clock says. The day is that of the clinic's zone. A foreign key compares the currency
/// with the clinic's, which is the balance's.
pub(super) fn insert_transfer(clinic: Uuid, id: Uuid, transfer: &Transfer, now: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.insert_transfer",
        "WITH balance AS MATERIALIZED (
             SELECT clinic_id, patient_id, seq, balance_minor, updated_at
               FROM billing.balances
              WHERE clinic_id = $1
                AND patient_id = $2
         )
         INSERT INTO billing.transfers
                (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency,
                 method, description, seq, balance_after_minor, occurred_on, created_at)
         SELECT b.clinic_id, $3, b.patient_id, $4, $5, $6, $7, $8, $9, $10, b.seq, b.balance_minor,
                (b.updated_at AT TIME ZONE c.time_zone)::date, b.updated_at
           FROM balance AS b
           JOIN identity.published_clinics AS c ON c.id = b.clinic_id
          WHERE kernel.ensure(b.updated_at <= $11::timestamptz + interval '5 seconds', 'clocks_agree')",
    )
    .bind(clinic)
    .bind(transfer.patient)
    .bind(id)
    .bind(transfer.kind.name())
    .bind(transfer.debit)
    .bind(transfer.credit)
    .bind(transfer.amount_minor)
    .bind(transfer.currency.clone())
    .bind(transfer.method.name())
    .bind(transfer.description.clone())
    .bind(now)
}

pub(super) fn recorded(clinic: Uuid, id: Uuid) -> Statement<Recorded> {
    Statement::new(
        "billing.recorded_transaction",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'transactionId', id, 'patientId', patient_id, 'type', kind, 'amountMinor', amount_minor,
                    'currency', currency, 'balanceMinor', balance_after_minor,
                    'createdAt', created_at)::text, true) AS reply
           FROM billing.transfers
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
