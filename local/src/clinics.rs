//! `clinics`: what is said of a clinic by whoever runs Grafono, and not by the clinic itself.

use crate::arguments::ClinicsAction;
use crate::database::connect_as_owner;
use crate::error::Error;
use std::io::Write as _;
use tokio_postgres::types::{ToSql, Type};

/// Does what the command line says.
pub async fn run(action: ClinicsAction) -> Result<(), Error> {
    let ClinicsAction::Plan { clinic, plan, database_url, data } = action;
    let client = connect_as_owner(database_url, data).await?;
    // The change and its row in the audit log are one statement; a plan that is the clinic's already changes nothing.
    let sql = "WITH found AS (
                   SELECT id, plan FROM identity.clinics WHERE id = $1
               ), changed AS (
                   UPDATE identity.clinics AS c
                      SET plan = $2, version = version + 1, updated_at = now()
                     FROM found AS f
                    WHERE c.id = f.id
                      AND f.plan <> $2
                   RETURNING c.id
               ), audited AS (
                   INSERT INTO kernel.audit_log
                          (id, clinic_id, module, actor_id, action, subject, subject_id, request_id, created_at)
                   SELECT uuidv7(), id, 'identity', '00000000-0000-0000-0000-000000000000', 'clinic.plan_changed', 'clinic',
                          id, 'command', now()
                     FROM changed
               )
               SELECT plan FROM found";
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&clinic, Type::UUID), (&plan, Type::TEXT)];
    let rows = client.query_typed(sql, &parameters).await.map_err(Error::database("change a plan"))?;
    let row = rows.first().ok_or(Error::NoClinic(clinic))?;
    let before: String = row.try_get("plan").map_err(Error::database("change a plan"))?;
    let said =
        if before == plan { format!("{plan} already\n") } else { format!("{before} before, {plan} now\n") };
    std::io::stdout().lock().write_all(said.as_bytes()).map_err(Error::Output)
}
