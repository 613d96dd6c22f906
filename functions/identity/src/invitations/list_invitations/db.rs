use crate::invitations::Invitation;
use crate::invitations::invitation::inviting_roles;
use jiff::Timestamp;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

pub(super) fn invitations_before(
    clinic: Uuid,
    page: &PageQuery<Invitation>,
    now: Timestamp,
) -> Statement<Invitation> {
    let (at, id) = page.start();
    Statement::new(
        "identity.invitations_before",
        "SELECT i.id, i.name, i.email, i.role, i.invited_by, i.created_at, i.expires_at
           FROM identity.invitations AS i
           JOIN identity.memberships AS inviter ON inviter.clinic_id = i.clinic_id AND inviter.id = i.invited_by
          WHERE i.clinic_id = $1
            AND (i.created_at, i.id) < ($2, $3)
            AND i.ended_at IS NULL
            AND i.expires_at > $4
            AND inviter.disabled_at IS NULL
            AND inviter.role = ANY ($5)
          ORDER BY i.created_at DESC, i.id DESC
          LIMIT $6",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(now)
    .bind(inviting_roles())
    .bind(page.rows())
    .decode(Invitation::decode)
}

pub(super) fn count_invitations(clinic: Uuid, now: Timestamp) -> Statement<i64> {
    Statement::new(
        "identity.count_invitations",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM identity.invitations AS i
                   JOIN identity.memberships AS inviter ON inviter.clinic_id = i.clinic_id AND inviter.id = i.invited_by
                  WHERE i.clinic_id = $1
                    AND i.ended_at IS NULL
                    AND i.expires_at > $2
                    AND inviter.disabled_at IS NULL
                    AND inviter.role = ANY ($3)
                  ORDER BY i.created_at DESC, i.id DESC
                  LIMIT $4) AS counted",
    )
    .bind(clinic)
    .bind(now)
    .bind(inviting_roles())
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
