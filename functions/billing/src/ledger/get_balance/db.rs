use shared::database::Statement;
use uuid::Uuid;

/// The balance in minor units and the clinic's currency; no row for an unknown patient or another clinic's.
pub(super) fn balance(clinic: Uuid, patient: Uuid) -> Statement<(i64, String)> {
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
    .decode(|columns| Ok((columns.get("balance_minor")?, columns.get("currency")?)))
}
