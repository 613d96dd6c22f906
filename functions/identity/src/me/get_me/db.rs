use crate::auth::session::{Membership, membership};
use shared::database::Statement;
use uuid::Uuid;

/// The membership, and whether the user's address is verified.
pub(super) fn active_membership(clinic: Uuid, user: Uuid) -> Statement<(Membership, bool)> {
    Statement::new(
        "identity.active_membership",
        "SELECT c.id AS clinic_id, c.name AS clinic_name, c.time_zone, c.currency,
                c.language, c.plan, m.id, m.name, m.role, m.access_version, a.email, a.email_verified_at IS NOT NULL AS email_verified
           FROM identity.memberships AS m
           JOIN identity.clinics AS c ON c.id = m.clinic_id
           JOIN identity.accounts AS a ON a.id = m.account_id
          WHERE m.clinic_id = $1
            AND m.id = $2
            AND m.disabled_at IS NULL",
    )
    .bind(clinic)
    .bind(user)
    .decode(|columns| {
        Ok((membership(columns)?, columns.get("email_verified")?))
    })
}
