use super::schema::Entry;
use jiff::Timestamp;
use serde::Deserialize;
use shared::database::Statement;
use uuid::Uuid;

/// What was read of a balance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read {
    pub(super) balance_minor: i64,
    pub(super) currency: String,
    pub(super) entries: Option<Vec<Entry>>,
    pub(super) carried_forward_minor: Option<i64>,
}

/// The balance in minor units and the clinic's currency; no row for an unknown patient or another clinic's.
pub(super) fn balance(clinic: Uuid, patient: Uuid) -> Statement<Read> {
    Statement::new(
        "billing.balance",
        "SELECT COALESCE(b.balance_minor, 0) AS balance_minor, c.currency
           FROM patients.published_patients AS p
           JOIN identity.published_clinics AS c ON c.id = p.clinic_id
           LEFT JOIN billing.balances AS b ON b.clinic_id = p.clinic_id AND b.patient_id = p.id
          WHERE p.clinic_id = $1
            AND p.id = $2",
    )
    .bind(clinic)
    .bind(patient)
    .decode(|columns| {
        Ok(Read {
            balance_minor: columns.get("balance_minor")?,
            currency: columns.get("currency")?,
            entries: None,
            carried_forward_minor: None,
        })
    })
}

/// The balance after the last transfer at that instant or before, by an index that has it; and what it is made of, by the places
/// that lead up to it.
pub(super) fn balance_as_of(
    clinic: Uuid,
    patient: Uuid,
    as_of: Timestamp,
    explains: bool,
) -> Statement<Read> {
    Statement::new(
        "billing.balance_as_of",
        "SELECT jsonb_build_object(
                    'balanceMinor', COALESCE(at.balance_after_minor, 0), 'currency', c.currency,
                    'entries', COALESCE(e.entries, '[]'),
                    'carriedForwardMinor', COALESCE(e.carried_forward_minor, 0))::text AS reply
           FROM patients.published_patients AS p
           JOIN identity.published_clinics AS c ON c.id = p.clinic_id
           LEFT JOIN LATERAL (
                    SELECT t.seq, t.balance_after_minor
                      FROM billing.transfers AS t
                     WHERE t.clinic_id = $1
                       AND t.patient_id = $2
                       AND t.created_at <= $3
                     ORDER BY t.created_at DESC, t.seq DESC
                     LIMIT 1) AS at ON true
           LEFT JOIN LATERAL (
                    SELECT jsonb_agg(jsonb_build_object(
                               'transactionId', n.id, 'type', n.kind, 'movedMinor', n.moved,
                               'balanceMinor', n.balance_after_minor, 'description', n.description,
                               'occurredOn', n.occurred_on, 'createdAt', n.created_at) ORDER BY n.seq DESC) AS entries,
                           (array_agg(n.balance_after_minor - n.moved ORDER BY n.seq))[1] AS carried_forward_minor
                      FROM (SELECT t.id, t.kind, t.seq, t.balance_after_minor, t.description, t.occurred_on, t.created_at,
                                   CASE WHEN t.credit_account = 'patient' THEN t.amount_minor ELSE -t.amount_minor END AS moved
                              FROM billing.transfers AS t
                             WHERE t.clinic_id = $1
                               AND t.patient_id = $2
                               AND t.seq <= at.seq
                             ORDER BY t.seq DESC
                             LIMIT 100) AS n) AS e ON $4
          WHERE p.clinic_id = $1
            AND p.id = $2",
    )
    .bind(clinic)
    .bind(patient)
    .bind(as_of)
    .bind(explains)
    .reply()
}
