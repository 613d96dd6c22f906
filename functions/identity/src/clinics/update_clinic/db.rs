use super::schema::ClinicPatch;
use jiff::Timestamp;
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::{Call, IfMatch};
use shared::mail::Language;
use uuid::Uuid;

/// Fails for another version than those, and holds the clinic: a writer on the same version waits here for the row's
/// lock, then finds another version. Rows that refer to the clinic are written meanwhile.
pub(super) fn hold_version(clinic: Uuid, if_match: &IfMatch) -> Statement<()> {
    Statement::new(
        "identity.hold_version",
        "WITH held AS (
             SELECT version
               FROM identity.clinics
              WHERE id = $1
                FOR NO KEY UPDATE
         )
         SELECT kernel.ensure($2::bigint[] IS NULL OR version = ANY($2::bigint[]), 'version_stale') FROM held",
    )
    .bind(clinic)
    .bind(if_match.versions())
}

/// Changes the fields that the patch names. A patch that says what is there already changes nothing: the version stays.
/// The currency is part of a key that rows of money refer to. Where there are any, another currency violates their foreign
/// keys, and is the only thing here that does; whoever is writing the first of them holds that key, and is waited for.
pub(super) fn update_clinic(clinic: Uuid, patch: ClinicPatch, now: Timestamp) -> Statement<()> {
    Statement::new(
        "identity.update_clinic",
        "UPDATE identity.clinics AS c
            SET name                   = patch.name,
                time_zone              = patch.time_zone,
                currency               = patch.currency,
                language               = patch.language,
                second_factor_required = patch.second_factor_required,
                provider_account       = patch.provider_account,
                legal_name             = patch.legal_name,
                document               = patch.document,
                address                = patch.address,
                council_number         = patch.council_number,
                version                = c.version + 1,
                updated_at             = $7
           FROM (SELECT id,
                        COALESCE($2, name)                   AS name,
                        COALESCE($3, time_zone)              AS time_zone,
                        COALESCE($4, currency)               AS currency,
                        COALESCE($5, language)               AS language,
                        COALESCE($6, second_factor_required) AS second_factor_required,
                        CASE WHEN $8 THEN $9 ELSE provider_account END AS provider_account,
                        CASE WHEN $10 THEN $11 ELSE legal_name END AS legal_name,
                        CASE WHEN $12 THEN $13 ELSE document END AS document,
                        CASE WHEN $14 THEN $15 ELSE address END AS address,
                        CASE WHEN $16 THEN $17 ELSE council_number END AS council_number
                   FROM identity.clinics
                  WHERE id = $1) AS patch
          WHERE c.id = patch.id
            AND (c.name, c.time_zone, c.currency, c.language, c.second_factor_required, c.provider_account,
                 c.legal_name, c.document, c.address, c.council_number)
                IS DISTINCT FROM
                (patch.name, patch.time_zone, patch.currency, patch.language, patch.second_factor_required,
                 patch.provider_account, patch.legal_name, patch.document, patch.address, patch.council_number)",
    )
    .bind(clinic)
    .bind(patch.name.into_option().map(String::from))
    .bind(patch.time_zone.into_option().map(String::from))
    .bind(patch.currency.into_option().map(String::from))
    .bind(patch.language.into_option().map(Language::tag))
    .bind(patch.second_factor_required.into_option())
    .bind(now)
    .patch(patch.provider_account.map(String::from))
    .patch(patch.legal_name.map(String::from))
    .patch(patch.document.map(String::from))
    .patch(patch.address.map(String::from))
    .patch(patch.council_number.map(String::from))
}

/// The audit row of the version just made: of the row as this transaction wrote it. A change that changed nothing wrote
/// none, and leaves none.
pub(super) fn audit_change(call: &Call<'_>, clinic: Uuid) -> Result<Statement<()>, Fault> {
    let audited = call.audited()?;
    let statement = Statement::new(
        "identity.audit_change",
        "INSERT INTO kernel.audit_log
                (id, clinic_id, actor_id, action, subject, subject_id, request_id, created_at)
         SELECT $2, id, $3, $4, $5, id, $6, $7
           FROM identity.clinics
          WHERE id = $1
            AND xmin = pg_current_xact_id()::xid",
    );
    Ok(statement
        .bind(clinic)
        .bind(call.new_id())
        .bind(call.principal()?.user_id)
        .bind(audited.action)
        .bind(audited.subject)
        .bind(call.request_id.clone())
        .bind(call.now))
}
