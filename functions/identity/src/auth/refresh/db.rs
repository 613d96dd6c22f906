use super::logic::Verdict;
use jiff::Timestamp;
use shared::access::{LinkToken, Plan, Role};
use shared::database::{Columns, DecodeError, Statement};
use shared::http::Call;
use shared::parts::Parts;
use uuid::Uuid;

/// What came, and what takes its place if it is the newest.
pub(super) struct Turn {
    pub(super) clinic: Uuid,
    pub(super) presented: LinkToken,
    pub(super) nonce: [u8; 32],
    /// The hash of the token of the device, if the client sent it.
    pub(super) device: Option<Vec<u8>>,
}

/// The session of a token, and what became of the token.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) verdict: Verdict,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) session: Uuid,
    pub(super) user: Uuid,
    pub(super) role: Role,
    pub(super) access_version: i64,
    pub(super) assurance: i16,
    pub(super) plan: Plan,
    pub(super) authenticated_at: Timestamp,
    /// When the token that is there expires.
    pub(super) expires_at: Timestamp,
    /// When one expires that is made now.
    pub(super) next_expires_at: Timestamp,
}

/// Locks the session of the token: what the next statement sees is what is left when all others are done with it.
pub(super) fn hold_session(turn: &Turn) -> Statement<()> {
    Statement::new(
        "identity.hold_session_of_token",
        "SELECT s.id::text
           FROM identity.refresh_tokens AS t
           JOIN identity.sessions AS s ON s.clinic_id = t.clinic_id AND s.id = t.session_id
          WHERE t.clinic_id = $1
            AND t.token_hash = $2
            FOR NO KEY UPDATE OF s",
    )
    .bind(turn.clinic)
    .bind(turn.presented.secret_hash())
}

/// What became of the token, unless too much was asked (`app.limited`), by the rows as they stand behind the lock; no row for an unknown one.
///
/// A token younger than ten seconds stays, so that within them a successor is always the newest: a second tab would
/// otherwise be handed one that was replaced already.
pub(super) fn judge(turn: &Turn, now: Timestamp) -> Statement<Turned> {
    Statement::new(
        "identity.judge_refresh_token",
        "SELECT t.session_id, s.user_id, s.assurance, s.created_at, c.plan, m.role, m.access_version, t.successor_nonce,
                LEAST(CASE WHEN t.consumed_at IS NOT NULL THEN t.consumed_at + interval '7 days'
                           ELSE t.expires_at END, s.expires_at) AS expires_at,
                LEAST($3::timestamptz + interval '7 days', s.expires_at) AS next_expires_at,
                set_config('app.verdict', CASE
                    WHEN current_setting('app.limited', true) = 'true' THEN 'limited'
                    WHEN s.ended_at IS NOT NULL OR m.disabled_at IS NOT NULL THEN 'ended'
                    WHEN s.expires_at <= $3 OR t.expires_at <= $3 THEN 'expired'
                    WHEN t.replaced_at IS NOT NULL THEN 'reused'
                    WHEN t.consumed_at IS NULL AND t.created_at > $3::timestamptz - interval '10 seconds' THEN 'fresh'
                    WHEN t.consumed_at IS NULL THEN 'rotate'
                    WHEN t.consumed_at > $3::timestamptz - interval '10 seconds' THEN 'repeat'
                    WHEN s.transport = 'body' AND s.device_token_hash = $4 AND s.late_at IS NULL
                         AND t.consumed_at > $3::timestamptz - interval '24 hours' AND next.token_hash IS NOT NULL THEN 'late'
                    ELSE 'reused' END, true) AS verdict
           FROM identity.refresh_tokens AS t
           JOIN identity.sessions AS s ON s.clinic_id = t.clinic_id AND s.id = t.session_id
           JOIN identity.memberships AS m ON m.clinic_id = s.clinic_id AND m.id = s.user_id
           JOIN identity.clinics AS c ON c.id = s.clinic_id
           LEFT JOIN identity.refresh_tokens AS next
             ON next.clinic_id = t.clinic_id AND next.session_id = t.session_id
            AND next.generation = t.generation + 1 AND next.consumed_at IS NULL AND next.replaced_at IS NULL
          WHERE t.clinic_id = $1
            AND t.token_hash = $2",
    )
    .bind(turn.clinic)
    .bind(turn.presented.secret_hash())
    .bind(now)
    .bind(turn.device.clone())
    .decode(turned)
}

/// Replaces the token, or ends its session, as it was judged. Nothing here raises: the end of a session must be committed.
pub(super) fn turn(call: &Call<'_, impl Parts>, turn: &Turn) -> Statement<()> {
    Statement::new(
        "identity.turn_refresh_token",
        "WITH presented AS (
             SELECT t.clinic_id, t.session_id, t.generation, s.expires_at, current_setting('app.verdict', true) AS verdict
               FROM identity.refresh_tokens AS t
               JOIN identity.sessions AS s ON s.clinic_id = t.clinic_id AND s.id = t.session_id
              WHERE t.clinic_id = $1
                AND t.token_hash = $2
                AND current_setting('app.verdict', true) IN ('rotate', 'late', 'reused')
         ), consumed AS (
             UPDATE identity.refresh_tokens AS t
                SET consumed_at = CASE t.generation WHEN p.generation THEN $3::timestamptz END,
                    successor_nonce = CASE t.generation WHEN p.generation THEN $4::bytea END,
                    replaced_at = CASE WHEN t.generation > p.generation THEN $3::timestamptz END, updated_at = $3
               FROM presented AS p
              WHERE p.verdict <> 'reused'
                AND t.clinic_id = p.clinic_id
                AND t.session_id = p.session_id
                AND t.generation BETWEEN p.generation AND p.generation + 1
         ), made AS (
             INSERT INTO identity.refresh_tokens
                    (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
             SELECT clinic_id, $5, session_id, generation + CASE verdict WHEN 'late' THEN 2 ELSE 1 END,
                    LEAST($3::timestamptz + interval '7 days', expires_at), $3, $3
               FROM presented
              WHERE verdict <> 'reused'
         )
         UPDATE identity.sessions AS s
            SET used_at = $3, updated_at = $3,
                late_at = CASE p.verdict WHEN 'late' THEN $3::timestamptz ELSE s.late_at END,
                ended_at = CASE p.verdict WHEN 'reused' THEN $3::timestamptz END,
                end_reason = CASE p.verdict WHEN 'reused' THEN 'reuse' END,
                expires_at = CASE p.verdict WHEN 'reused' THEN $3::timestamptz ELSE s.expires_at END
           FROM presented AS p
          WHERE s.clinic_id = p.clinic_id
            AND s.id = p.session_id",
    )
    .bind(turn.clinic)
    .bind(turn.presented.secret_hash())
    .bind(call.now)
    .bind(turn.nonce.to_vec())
    .bind(turn.presented.successor(&turn.nonce).secret_hash())
}

/// What a session leaves behind that ends by a token, or is helped on: the audit row, and the event of which its account is
/// mailed. Each comes once a session, and helping on first; the lock on the session holds that, so that no `seq` is there twice.
pub(super) fn tell(call: &Call<'_, impl Parts>, turn: &Turn) -> Statement<()> {
    Statement::new(
        "identity.tell_of_refresh",
        "WITH told AS (
             SELECT s.clinic_id, s.user_id, s.id,
                    CASE current_setting('app.verdict', true)
                         WHEN 'late' THEN 'session.helped_on' ELSE 'session.token_reused' END AS what
               FROM identity.refresh_tokens AS t
               JOIN identity.sessions AS s ON s.clinic_id = t.clinic_id AND s.id = t.session_id
              WHERE t.clinic_id = $1
                AND t.token_hash = $2
                AND current_setting('app.verdict', true) IN ('late', 'reused')
         ), audited AS (
             INSERT INTO kernel.audit_log
                    (id, clinic_id, actor_id, action, subject, subject_id, client_address, request_id, created_at)
             SELECT $3, clinic_id, user_id, what, 'session', id, $4::text::inet, $5, $6
               FROM told
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $7, clinic_id, 'session', id, CASE what WHEN 'session.helped_on' THEN 1 ELSE 2 END, what,
                jsonb_build_object('sessionId', id), $8, $6, $6
           FROM told",
    )
    .bind(turn.clinic)
    .bind(turn.presented.secret_hash())
    .bind(call.new_id())
    .bind(call.client_address().map(|address| address.to_string()))
    .bind(call.request_id.clone())
    .bind(call.now)
    .bind(call.new_id())
    .bind(call.trace.traceparent())
}

fn turned(columns: &Columns<'_>) -> Result<Turned, DecodeError> {
    Ok(Turned {
        verdict: columns.parsed("verdict")?,
        nonce: columns.get("successor_nonce")?,
        session: columns.get("session_id")?,
        user: columns.get("user_id")?,
        role: columns.parsed("role")?,
        access_version: columns.get("access_version")?,
        assurance: columns.get("assurance")?,
        plan: columns.parsed("plan")?,
        authenticated_at: columns.get("created_at")?,
        expires_at: columns.get("expires_at")?,
        next_expires_at: columns.get("next_expires_at")?,
    })
}
