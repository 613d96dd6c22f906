use super::schema::Verified;
use crate::receipts::code::Code;
use shared::database::Statement;

/// What the receipt of this code says; no row for a code of nothing.
pub(super) fn verified(code: &Code) -> Statement<Verified> {
    Statement::new(
        "billing.verified_receipt",
        "SELECT jsonb_build_object(
                    'number', r.number, 'clinicName', COALESCE(c.legal_name, c.name), 'kind', r.kind,
                    'amountMinor', r.amount_minor, 'currency', r.currency, 'issuedOn', r.issued_on,
                    'status', CASE WHEN v.id IS NOT NULL THEN 'returned' ELSE 'valid' END)::text AS reply
           FROM billing.receipts AS r
           JOIN identity.published_clinics AS c ON c.id = r.clinic_id
           LEFT JOIN billing.transfers AS v ON v.clinic_id = r.clinic_id AND v.reverses_id = r.transaction_id
          WHERE r.clinic_id = $1
            AND r.code = $2",
    )
    .bind(code.clinic)
    .bind(code.random.to_vec())
    .reply()
}
