use super::schema::UsersQuery;
use crate::users::{Member, MemberStatus};
use shared::access::Role;
use shared::database::Statement;
use shared::http::PageQuery;
use shared::http::page::COUNTED_AT_MOST;
use uuid::Uuid;

pub(super) fn members_before(
    clinic: Uuid,
    query: &UsersQuery,
    page: &PageQuery<Member>,
) -> Statement<Member> {
    let (at, id) = page.start();
    Statement::new(
        "identity.members_before",
        "SELECT m.id, m.name, a.email, m.role, m.disabled_at IS NULL AS is_active, m.created_at, m.version
           FROM identity.memberships AS m
           JOIN identity.accounts AS a ON a.id = m.account_id
          WHERE m.clinic_id = $1
            AND (m.created_at, m.id) < ($2, $3)
            AND ($4::text IS NULL OR m.role = $4)
            AND ($5::boolean IS NULL OR (m.disabled_at IS NULL) = $5)
          ORDER BY m.created_at DESC, m.id DESC
          LIMIT $6",
    )
    .bind(clinic)
    .bind(at)
    .bind(id)
    .bind(query.role.map(Role::name))
    .bind(query.status.map(|status| status == MemberStatus::Active))
    .bind(page.rows())
    .decode(|columns| {
        let is_active: bool = columns.get("is_active")?;
        Ok(Member {
            id: columns.get("id")?,
            name: columns.text("name")?,
            email: columns.text("email")?,
            role: columns.parsed("role")?,
            status: if is_active { MemberStatus::Active } else { MemberStatus::Disabled },
            created_at: columns.get("created_at")?,
            version: columns.get("version")?,
        })
    })
}

/// Counts along the index of the list.
pub(super) fn count_members(clinic: Uuid, query: &UsersQuery) -> Statement<i64> {
    Statement::new(
        "identity.count_members",
        "SELECT count(*) AS total
           FROM (SELECT 1
                   FROM identity.memberships
                  WHERE clinic_id = $1
                    AND ($2::text IS NULL OR role = $2)
                    AND ($3::boolean IS NULL OR (disabled_at IS NULL) = $3)
                  ORDER BY created_at DESC, id DESC
                  LIMIT $4) AS counted",
    )
    .bind(clinic)
    .bind(query.role.map(Role::name))
    .bind(query.status.map(|status| status == MemberStatus::Active))
    .bind(COUNTED_AT_MOST)
    .decode(|columns| columns.get("total"))
}
