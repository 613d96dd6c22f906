//! Idempotency keys (E2): claim, effect and stored reply in one transaction.
//!
//! The claim is a plain INSERT: a taken key fails with a unique violation, every statement behind it falls through, and
//! the SELECT after COMMIT reads the stored reply. With `ON CONFLICT DO NOTHING` the effect would run again. The INSERT
//! waits on the unique index for a twin in flight, until the twin commits or until `lock_timeout`.

use super::Statement;
use crate::failure::Fault;
use crate::failure::problem::IDEMPOTENCY_KEY_REUSED;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// How long a key and its reply are kept. Housekeeping deletes expired keys that nobody sends again.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(24);

/// The unique constraint that a repeated claim violates.
pub const CLAIMED_ONCE: &str = "idempotency_keys_claimed_once";

/// A caller's key, and the request that it was sent with.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The tenant.
    pub clinic: Uuid,
    /// The caller: another caller's key of the same text is another key.
    pub caller: Uuid,
    /// The key as sent.
    pub key: String,
    /// SHA-256 of method, route, `If-Match` and the input as it was read.
    pub fingerprint: Vec<u8>,
    /// Now.
    pub at: Timestamp,
}

pub(crate) fn forget_if_expired(claim: &Claim) -> Statement<()> {
    Statement::new(
        "shared.forget_expired_key",
        "DELETE FROM kernel.idempotency_keys
          WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3 AND expires_at <= $4",
    )
    .bind(claim.clinic)
    .bind(claim.caller)
    .bind(claim.key.clone())
    .bind(claim.at)
}

/// The claim. Public, so that the race test can compare it with its broken variant.
pub fn claim(claim: &Claim) -> Statement<()> {
    Statement::new(
        "shared.claim_key",
        "INSERT INTO kernel.idempotency_keys
                (clinic_id, caller_id, key, fingerprint, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(claim.clinic)
    .bind(claim.caller)
    .bind(claim.key.clone())
    .bind(claim.fingerprint.clone())
    .bind(claim.at + RETENTION)
    .bind(claim.at)
}

/// Gives the key back, as if it had never been sent: for a call that found out behind its claim that it changes nothing.
pub(crate) fn forget(claim: &Claim) -> Statement<()> {
    Statement::new(
        "shared.forget_key",
        "DELETE FROM kernel.idempotency_keys
          WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3",
    )
    .bind(claim.clinic)
    .bind(claim.caller)
    .bind(claim.key.clone())
}

/// Stores the reply that the reply statement has put into `app.reply`. Without a reply this statement fails, and so
/// does the transaction.
pub(crate) fn store(claim: &Claim) -> Statement<()> {
    Statement::new(
        "shared.store_reply",
        "UPDATE kernel.idempotency_keys
            SET reply = current_setting('app.reply')::jsonb
          WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3",
    )
    .bind(claim.clinic)
    .bind(claim.caller)
    .bind(claim.key.clone())
}

/// What is stored under a key.
#[derive(Debug)]
pub struct StoredKey {
    fingerprint: Vec<u8>,
    reply: String,
}

/// What is stored under the key, if it is known.
pub(crate) fn stored(claim: &Claim) -> Statement<StoredKey> {
    Statement::new(
        "shared.stored_reply",
        "SELECT fingerprint, reply::text AS reply
           FROM kernel.idempotency_keys
          WHERE clinic_id = $1 AND module = CURRENT_USER::text AND caller_id = $2 AND key = $3 AND expires_at > $4",
    )
    .bind(claim.clinic)
    .bind(claim.caller)
    .bind(claim.key.clone())
    .bind(claim.at)
    .decode(|columns| Ok(StoredKey { fingerprint: columns.get("fingerprint")?, reply: columns.get("reply")? }))
}

impl StoredKey {
    /// The stored data, if the key was sent with the same request.
    pub(crate) fn replay<T: DeserializeOwned>(&self, claim: &Claim) -> Result<T, Fault> {
        if self.fingerprint != claim.fingerprint {
            return Err(Fault::from(&IDEMPOTENCY_KEY_REUSED));
        }
        serde_json::from_str(&self.reply).map_err(|_| Fault::internal("a stored reply does not decode"))
    }
}
