use super::logic::Recipient;
use shared::database::Statement;
use uuid::Uuid;

/// Whose session it is, and on which device; no row where nobody confirmed the account's address.
pub(super) fn recipient(clinic: Uuid, session: Uuid) -> Statement<Recipient> {
    Statement::new(
        "identity.session_alert_recipient",
        "SELECT a.email, m.name, c.name AS clinic_name, c.language, s.device_name
           FROM identity.sessions AS s
           JOIN identity.memberships AS m ON m.clinic_id = s.clinic_id AND m.id = s.user_id
           JOIN identity.accounts AS a ON a.id = s.account_id
           JOIN identity.clinics AS c ON c.id = s.clinic_id
          WHERE s.clinic_id = $1
            AND s.id = $2
            AND a.email_verified_at IS NOT NULL",
    )
    .bind(clinic)
    .bind(session)
    .decode(|columns| {
        Ok(Recipient {
            email: columns.text("email")?,
            name: columns.text("name")?,
            clinic_name: columns.text("clinic_name")?,
            language: columns.parsed("language")?,
            device_name: columns.optional_text("device_name")?,
        })
    })
}
