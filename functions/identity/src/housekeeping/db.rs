use shared::database::Statement;

/// Deletes sessions that are over, with their tokens.
pub(super) fn delete_sessions() -> Statement<()> {
    Statement::new(
        "identity.delete_old_sessions",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM identity.sessions
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM identity.sessions WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes invitations that are over, however they ended.
pub(super) fn delete_invitations() -> Statement<()> {
    Statement::new(
        "identity.delete_old_invitations",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM identity.invitations
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM identity.invitations WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes links to choose a new password that are over, used or not.
pub(super) fn delete_resets() -> Statement<()> {
    Statement::new(
        "identity.delete_old_password_resets",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM identity.password_resets
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM identity.password_resets WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes requests for such links whose event nobody took.
pub(super) fn delete_reset_requests() -> Statement<()> {
    Statement::new(
        "identity.delete_old_password_reset_requests",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM identity.password_reset_requests
              WHERE created_at <= $1
              ORDER BY created_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM identity.password_reset_requests
              WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND created_at <= $1
             RETURNING created_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}

/// Deletes expired verifications, used or not.
pub(super) fn delete_verifications() -> Statement<()> {
    Statement::new(
        "identity.delete_old_verifications",
        "WITH over AS MATERIALIZED (
             SELECT ctid FROM identity.email_verifications
              WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2
                FOR UPDATE SKIP LOCKED
         ), gone AS (
             DELETE FROM identity.email_verifications WHERE ctid = ANY (ARRAY(SELECT ctid FROM over)) AND expires_at <= $1
             RETURNING expires_at
         )
         SELECT (SELECT count(*) FROM over) AS seen, (SELECT count(*) FROM gone) AS gone",
    )
}
