use super::schema::Verified;
use crate::receipts::code::Code;
use shared::database::Statement;

/// What the receipt of this code says, with the clinic's name as the paper has it; no row for a code of nothing.
pub(super) fn verified(code: &Code) -> Statement<Verified> {
    Statement::new(
        "billing.verified_receipt",
        "SELECT jsonb_build_object(
                    'number', r.number, 'clinicName', COALESCE(d.content::jsonb #>> '{clinic,name}', c.legal_name, c.name),
                    'kind', r.kind,
                    'amountMinor', r.amount_minor, 'currency', r.currency, 'issuedOn', r.issued_on,
                    'status', CASE WHEN v.id IS NOT NULL OR b.returned_transaction_id IS NOT NULL THEN 'returned'
                                   WHEN g.given >= r.amount_minor THEN 'refunded'
                                   WHEN g.given > 0 THEN 'partly_refunded'
                                   ELSE 'valid' END)::text AS reply
           FROM billing.receipts AS r
           JOIN identity.published_clinics AS c ON c.id = r.clinic_id
           LEFT JOIN billing.receipt_documents AS d ON d.clinic_id = r.clinic_id AND d.receipt_id = r.id
           LEFT JOIN billing.transfers AS v ON v.clinic_id = r.clinic_id AND v.reverses_id = r.transaction_id
           LEFT JOIN billing.refunds AS b ON b.clinic_id = r.clinic_id AND b.transaction_id = r.transaction_id
           LEFT JOIN billing.payments AS y ON y.clinic_id = r.clinic_id AND y.transaction_id = r.transaction_id
           LEFT JOIN LATERAL (SELECT sum(f.amount_minor) AS given FROM billing.refunds AS f
                               WHERE f.clinic_id = y.clinic_id AND f.payment_id = y.id AND f.status = 'succeeded') AS g ON true
          WHERE r.clinic_id = $1
            AND r.code = $2",
    )
    .bind(code.clinic)
    .bind(code.random.to_vec())
    .reply()
}
