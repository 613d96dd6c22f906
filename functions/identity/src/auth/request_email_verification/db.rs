use super::logic::Owner;
use jiff::Timestamp;
use shared::database::Statement;
use uuid::Uuid;

/// The owner, with the number of links so far, and of those since then.
pub(super) fn owner(clinic: Uuid, user: Uuid, since: Timestamp) -> Statement<Owner> {
    Statement::new(
        "identity.owner_to_verify",
        "SELECT a.id, a.email, m.name, c.name AS clinic_name, c.language, a.email_verified_at IS NOT NULL AS is_verified,
                v.links, v.recent_links
           FROM identity.memberships AS m
           JOIN identity.clinics AS c ON c.id = m.clinic_id
           JOIN identity.accounts AS a ON a.id = m.account_id
          CROSS JOIN LATERAL (
                SELECT count(*) AS links, count(*) FILTER (WHERE created_at > $3) AS recent_links
                  FROM identity.email_verifications
                 WHERE clinic_id = m.clinic_id
                   AND user_id = m.id) AS v
          WHERE m.clinic_id = $1
            AND m.id = $2",
    )
    .bind(clinic)
    .bind(user)
    .bind(since)
    .decode(|columns| {
        Ok(Owner {
            account: columns.get("id")?,
            email: columns.text("email")?,
            name: columns.text("name")?,
            clinic_name: columns.text("clinic_name")?,
            language: columns.parsed("language")?,
            is_verified: columns.get("is_verified")?,
            links: columns.get("links")?,
            recent_links: columns.get("recent_links")?,
        })
    })
}

/// A token in a mail: whose, its hash, its end.
pub(super) struct Verification {
    pub(super) id: Uuid,
    pub(super) clinic: Uuid,
    pub(super) account: Uuid,
    pub(super) user: Uuid,
    pub(super) token_hash: Vec<u8>,
    pub(super) expires_at: Timestamp,
}

pub(super) fn insert_verification(new: Verification, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.insert_email_verification",
        "INSERT INTO identity.email_verifications
                (id, clinic_id, account_id, user_id, token_hash, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(new.id)
    .bind(new.clinic)
    .bind(new.account)
    .bind(new.user)
    .bind(new.token_hash)
    .bind(new.expires_at)
    .bind(now)
}
