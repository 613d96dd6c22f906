use super::schema::MemberPatch;
use crate::invitations::inviting_roles;
use crate::users::MemberStatus;
use jiff::Timestamp;
use shared::access::{Principal, Role};
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::{Call, IfMatch};
use shared::validation::MaybeValue as _;
use uuid::Uuid;

/// Takes the clinic's active owners, in one order, until the end of the transaction: whoever else changes a role or a status
/// waits here, and what follows sees what was changed.
pub(super) fn hold_owners(clinic: Uuid) -> Statement<()> {
    Statement::new(
        "identity.hold_owners",
        "SELECT id
           FROM identity.memberships
          WHERE clinic_id = $1
            AND role = 'owner'
            AND disabled_at IS NULL
          ORDER BY id
          LIMIT 1000
            FOR NO KEY UPDATE",
    )
    .bind(clinic)
}

/// Admits the caller by what holds now: while the transaction waited, somebody may have changed what the caller may do.
pub(super) fn admit_again(caller: Principal, now: Timestamp) -> Statement<()> {
    Statement::new("identity.admit_again", "SELECT kernel.admit($1, $2, $3, $4, $5)")
        .bind(caller.clinic_id)
        .bind(caller.user_id)
        .bind(caller.session_id)
        .bind(caller.access_version)
        .bind(now)
}

pub(super) fn ensure_member(clinic: Uuid, id: Uuid) -> Statement<()> {
    Statement::new(
        "identity.ensure_member",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.memberships
                     WHERE clinic_id = $1
                       AND id = $2), 'user_exists')",
    )
    .bind(clinic)
    .bind(id)
}

/// Takes the member, and fails for a change that the caller may not make: of an owner, or to one, or of the own role, by
/// somebody who is none; disabling oneself. The caller's role is the token's, which is the one of now: the caller was admitted.
pub(super) fn hold_member(caller: Principal, id: Uuid, patch: &MemberPatch) -> Statement<()> {
    Statement::new(
        "identity.hold_member",
        "WITH held AS (
             SELECT id, role
               FROM identity.memberships
              WHERE clinic_id = $1
                AND id = $2
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure($3
                           OR (role <> 'owner' AND $4::text IS DISTINCT FROM 'owner'
                               AND (id <> $6 OR COALESCE($4, role) = role)), 'owner_required'),
                kernel.ensure($5::text IS DISTINCT FROM 'disabled' OR id <> $6, 'not_oneself')
           FROM held",
    )
    .bind(caller.clinic_id)
    .bind(id)
    .bind(caller.role == Role::Owner)
    .bind(patch.role.given().map(|role: &Role| role.name()))
    .bind(patch.status.given().map(|status: &MemberStatus| status.name()))
    .bind(caller.user_id)
}

/// Fails for another version of the member than those.
pub(super) fn ensure_version(clinic: Uuid, id: Uuid, if_match: &IfMatch) -> Statement<()> {
    Statement::new(
        "identity.ensure_version_of_member",
        "SELECT kernel.ensure($3::bigint[] IS NULL OR version = ANY($3::bigint[]), 'version_stale')
           FROM identity.memberships
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .bind(if_match.versions())
}

/// Changes the fields that the patch names, with the audit rows of it. A patch that says what is there already changes
/// nothing: the version stays, and nothing is noted.
///
/// With another status the member's open sessions end. Of a member who is enabled only a sign-in that was on its way
/// while somebody disabled the member can have left one, and it is not to come to life.
pub(super) fn update_member(
    call: &Call<'_>,
    caller: Principal,
    id: Uuid,
    patch: MemberPatch,
) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.update_member",
        "WITH changed AS (
             UPDATE identity.memberships AS m
                SET name = patch.name, role = patch.role, disabled_at = patch.disabled_at,
                    access_version = m.access_version + CASE WHEN m.role <> patch.role OR patch.is_turned THEN 1 ELSE 0 END,
                    version = m.version + 1, updated_at = $6
               FROM (SELECT clinic_id, id, COALESCE($3, name) AS name, COALESCE($4, role) AS role,
                            (disabled_at IS NULL) <> COALESCE($5, disabled_at IS NULL) AS is_turned,
                            CASE $5 WHEN true THEN NULL WHEN false THEN COALESCE(disabled_at, $6)
                                    ELSE disabled_at END AS disabled_at
                       FROM identity.memberships
                      WHERE clinic_id = $1
                        AND id = $2) AS patch
              WHERE m.clinic_id = patch.clinic_id
                AND m.id = patch.id
                AND (m.name, m.role, m.disabled_at) IS DISTINCT FROM (patch.name, patch.role, patch.disabled_at)
             RETURNING m.clinic_id, m.id, m.disabled_at, patch.is_turned
         ), open AS (
             SELECT s.clinic_id, s.id
               FROM identity.sessions AS s
               JOIN changed ON changed.clinic_id = s.clinic_id AND changed.id = s.user_id
              WHERE changed.is_turned
                AND s.ended_at IS NULL
                AND s.expires_at > $6
              ORDER BY s.id
              LIMIT 1000000
                FOR NO KEY UPDATE OF s
         ), ended AS (
             UPDATE identity.sessions AS s
                SET ended_at = $6, expires_at = $6, end_reason = 'disabled', updated_at = $6
               FROM open
              WHERE s.clinic_id = open.clinic_id
                AND s.id = open.id
         )
         INSERT INTO kernel.audit_log (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT said.id, changed.clinic_id, $7, said.action, $8, changed.id, $9, $6
           FROM changed
          CROSS JOIN (VALUES ($10::uuid, $11, false), ($12::uuid, 'user.disabled', true)) AS said (id, action, is_of_disabling)
          WHERE NOT said.is_of_disabling
             OR (changed.is_turned AND changed.disabled_at IS NOT NULL)",
    );
    Ok(statement
        .bind(caller.clinic_id)
        .bind(id)
        .bind(patch.name.into_option().map(String::from))
        .bind(patch.role.into_option().map(Role::name))
        .bind(patch.status.into_option().map(|status| status == MemberStatus::Active))
        .bind(call.now)
        .bind(caller.user_id)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(call.new_id())
        .bind(audited.action)
        .bind(call.new_id()))
}

/// Ends the member's open invitations, if the member may not invite any more.
pub(super) fn withdraw_invitations(clinic: Uuid, id: Uuid, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.withdraw_invitations",
        "UPDATE identity.invitations AS i
            SET ended_at = $3, expires_at = LEAST(i.expires_at, $3), end_reason = 'withdrawn', updated_at = $3
           FROM identity.memberships AS inviter
          WHERE inviter.clinic_id = $1
            AND inviter.id = $2
            AND (inviter.disabled_at IS NOT NULL OR inviter.role <> ALL ($4))
            AND i.clinic_id = inviter.clinic_id
            AND i.invited_by = inviter.id
            AND i.ended_at IS NULL",
    )
    .bind(clinic)
    .bind(id)
    .bind(now)
    .bind(inviting_roles())
}

/// Fails when the clinic has no active owner any more.
pub(super) fn ensure_an_owner(clinic: Uuid) -> Statement<()> {
    Statement::new(
        "identity.ensure_an_owner",
        "SELECT kernel.ensure(EXISTS (
                    SELECT 1
                      FROM identity.memberships
                     WHERE clinic_id = $1
                       AND role = 'owner'
                       AND disabled_at IS NULL), 'last_owner_stays')",
    )
    .bind(clinic)
}
