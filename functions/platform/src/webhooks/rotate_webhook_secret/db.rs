use jiff::{SignedDuration, Timestamp};
use shared::database::Statement;
use uuid::Uuid;

/// How long a secret that was rotated out still signs.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// Ends the current secret with the overlap, and the secrets before it now.
pub(super) fn end_secrets(clinic: Uuid, endpoint: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "platform.end_webhook_secrets",
        "UPDATE platform.webhook_secrets
            SET expires_at = CASE WHEN expires_at IS NULL THEN $4 ELSE LEAST(expires_at, $3) END,
                updated_at = $3
          WHERE clinic_id = $1
            AND endpoint_id = $2",
    )
    .bind(clinic)
    .bind(endpoint)
    .bind(now)
    .bind(now + OVERLAP)
}
