use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// Adds the part, unless the job was called off. A patient without transactions has an empty part.
pub(super) fn add_part(clinic: Uuid, job: Uuid, patient: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.add_export_part",
        "INSERT INTO kernel.job_parts (clinic_id, job_id, name, content, created_at, updated_at)
         SELECT j.clinic_id, j.id, 'billing',
                jsonb_build_object(
                    'balance', (
                        SELECT jsonb_build_object('balanceMinor', b.balance_minor, 'currency', b.currency)
                          FROM billing.balances AS b WHERE b.clinic_id = $1 AND b.patient_id = $3),
                    'transactions', (
                        SELECT COALESCE(jsonb_agg(jsonb_build_object(
                                   'id', t.id, 'transactionId', t.id, 'type', t.kind, 'amountMinor', t.amount_minor,
                                   'currency', t.currency, 'method', t.method, 'description', t.description,
                                   'source', CASE WHEN t.source IS NOT NULL
                                                  THEN jsonb_build_object('kind', t.source, 'id', t.source_id) END,
                                   'reversesId', t.reverses_id, 'payer', t.payer, 'occurredOn', t.occurred_on,
                                   'balanceMinor', t.balance_after_minor, 'createdAt', kernel.instant(t.created_at)) ORDER BY t.seq), '[]')
                          FROM billing.transfers AS t WHERE t.clinic_id = $1 AND t.patient_id = $3),
                    'payments', (
                        SELECT COALESCE(jsonb_agg(jsonb_build_object(
                                   'id', p.id, 'status', p.status, 'amountMinor', p.amount_minor, 'currency', p.currency,
                                   'method', p.method, 'description', p.description, 'payer', p.payer,
                                   'refundedMinor', p.refunded_minor, 'failureCode', p.failure_code,
                                   'declineCode', p.decline_code, 'transactionId', p.transaction_id,
                                   'createdAt', kernel.instant(p.created_at), 'settledAt', kernel.instant(p.settled_at))
                                   ORDER BY p.created_at, p.id), '[]')
                          FROM billing.payments AS p WHERE p.clinic_id = $1 AND p.patient_id = $3),
                    'refunds', (
                        SELECT COALESCE(jsonb_agg(jsonb_build_object(
                                   'id', r.id, 'paymentId', r.payment_id, 'status', r.status, 'amountMinor', r.amount_minor,
                                   'currency', p.currency, 'reason', r.reason, 'failureCode', r.failure_code,
                                   'transactionId', r.transaction_id, 'returnedTransactionId', r.returned_transaction_id,
                                   'createdAt', kernel.instant(r.created_at)) ORDER BY r.created_at, r.id), '[]')
                          FROM billing.payments AS p
                          JOIN billing.refunds AS r ON r.clinic_id = p.clinic_id AND r.payment_id = p.id
                         WHERE p.clinic_id = $1 AND p.patient_id = $3),
                    'disputes', (
                        SELECT COALESCE(jsonb_agg(jsonb_build_object(
                                   'id', d.id, 'paymentId', d.payment_id, 'status', d.status, 'amountMinor', d.amount_minor,
                                   'currency', p.currency, 'reason', d.reason, 'transactionId', d.transaction_id,
                                   'wonTransactionId', d.won_transaction_id, 'createdAt', kernel.instant(d.created_at))
                                   ORDER BY d.created_at, d.id), '[]')
                          FROM billing.payments AS p
                          JOIN billing.disputes AS d ON d.clinic_id = p.clinic_id AND d.payment_id = p.id
                         WHERE p.clinic_id = $1 AND p.patient_id = $3),
                    'receipts', (
                        SELECT COALESCE(jsonb_agg(jsonb_build_object(
                                   'id', r.id, 'number', r.number, 'kind', r.kind, 'transactionId', r.transaction_id,
                                   'amountMinor', r.amount_minor, 'currency', r.currency, 'issuedOn', r.issued_on)
                                   ORDER BY r.number), '[]')
                          FROM billing.transfers AS t
                          JOIN billing.receipts AS r ON r.clinic_id = t.clinic_id AND r.transaction_id = t.id
                         WHERE t.clinic_id = $1 AND t.patient_id = $3)),
                $4, $4
           FROM kernel.jobs AS j
          WHERE j.clinic_id = $1 AND j.id = $2 AND j.state IN ('running', 'succeeded')",
    )
    .bind(clinic)
    .bind(job)
    .bind(patient)
    .bind(now)
}
