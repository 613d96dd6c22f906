use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::Call;
use uuid::Uuid;

/// Fails for a transaction that is not there, and for one that something else has booked.
pub(super) fn ensure_reversible(clinic: Uuid, original: Uuid) -> Statement<()> {
    Statement::new(
        "billing.ensure_transaction_reversible",
        "WITH original AS MATERIALIZED (
             SELECT kind, source
               FROM billing.transfers
              WHERE clinic_id = $1
                AND id = $2
         )
         SELECT kernel.ensure(count(*) = 1, 'transaction_exists'),
                kernel.ensure(
                    count(*) FILTER (WHERE kind IN ('income', 'expense') OR (kind = 'charge' AND source = 'external')) = 1,
                    'transaction_reversible')
           FROM original",
    )
    .bind(clinic)
    .bind(original)
}

/// Moves the balance the other way and writes the transfer with the accounts swapped. Reversals of one transaction queue for the
/// balance, and the index of what is reversed lets the first one pass.
pub(super) fn reverse(
    clinic: Uuid,
    original: Uuid,
    id: Uuid,
    reason: Option<String>,
    now: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.reverse_transaction",
        "WITH original AS MATERIALIZED (
             SELECT clinic_id, id, patient_id, debit_account, credit_account, amount_minor, currency, method
               FROM billing.transfers
              WHERE clinic_id = $1
                AND id = $2
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency,
                    CASE WHEN credit_account = 'patient' THEN -amount_minor ELSE amount_minor END, 1, $5, $5
               FROM original
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         )
         INSERT INTO billing.transfers
                (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                 description, source, source_id, reverses_id, seq, balance_after_minor, occurred_on, created_at)
         SELECT o.clinic_id, $3, o.patient_id, 'reversal', o.credit_account, o.debit_account, o.amount_minor, o.currency,
                o.method, $4, 'transfer', o.id, o.id, m.seq, m.balance_minor,
                (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
           FROM original AS o
           JOIN moved AS m ON m.clinic_id = o.clinic_id AND m.patient_id = o.patient_id
           JOIN identity.published_clinics AS c ON c.id = o.clinic_id
          WHERE kernel.ensure(m.updated_at <= $5::timestamptz + interval '5 seconds', 'clocks_agree')",
    )
    .bind(clinic)
    .bind(original)
    .bind(id)
    .bind(reason)
    .bind(now)
}

/// The audit row, about the patient of the reversal.
pub(super) fn audit(call: &Call<'_>, clinic: Uuid, id: Uuid) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "billing.audit_reversal",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
         SELECT $3, clinic_id, $4, $5, $6, id, patient_id, $7, $8
           FROM billing.transfers
          WHERE clinic_id = $1
            AND id = $2",
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
