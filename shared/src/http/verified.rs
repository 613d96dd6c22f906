//! Whether the caller's address is verified: asked in the transaction of whatever mails others or hands data out.

use crate::access::Principal;
use crate::database::Statement;

/// Fails with `email_verified`, which is `EMAIL_NOT_VERIFIED`, until the caller has signed in at a confirmed address. A
/// session from before the confirmation may be of whoever signed up with another one's address.
pub(crate) fn ensure_verified(caller: Principal) -> Statement<()> {
    Statement::new(
        "shared.ensure_verified",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.published_members
                     WHERE clinic_id = $1
                       AND id = $2
                       AND email_verified_at <= $3), 'email_verified')",
    )
    .bind(caller.clinic_id)
    .bind(caller.user_id)
    .bind(caller.authenticated_at)
}
