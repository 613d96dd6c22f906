//! Two clinics never see each other (C6), tried out on every table with rows of both: what each role that requests log
//! in with may read, change, delete and insert, it does in its own clinic, and not in the other one.

use crate::rows::{CLINICS, filled, tables};
use testkit::TestDatabase;

/// Roles that views and functions act as, for requests.
const BEHIND: [&str; 3] = ["identity_published", "patients_published", "kernel_turns"];

/// A role's way to a table.
#[derive(Debug)]
struct Way<'a> {
    role: &'a str,
    table: String,
    /// The column with the clinic.
    clinic: String,
}

impl Way<'_> {
    /// Runs SQL under the role in the first clinic, then asks as a superuser; everything is taken back.
    async fn asked(
        &self,
        database: &TestDatabase,
        prepared: &str,
        sql: &str,
        asked: &str,
    ) -> Result<String, String> {
        let sql = format!(
            "BEGIN; SET LOCAL session_replication_role = replica; {prepared}; SET LOCAL ROLE {};
             SET LOCAL app.clinic_id = '{}'; {sql}; RESET ROLE; {asked}; ROLLBACK",
            self.role, CLINICS[0]
        );
        let mut rows = database.run_as("postgres", &sql).await?;
        Ok(rows.pop().unwrap().join(" "))
    }

    /// The rows of either clinic that the statement changed or deleted.
    async fn touched(&self, database: &TestDatabase, sql: &str) -> Result<String, String> {
        let Self { table, clinic, .. } = self;
        let before = format!(
            "CREATE TEMP TABLE before ON COMMIT DROP AS SELECT ctid AS place, {clinic} AS clinic FROM {table}"
        );
        let asked = format!(
            "SELECT count(*) FILTER (WHERE clinic = '{}') > 0, count(*) FILTER (WHERE clinic = '{}') > 0
               FROM before WHERE place NOT IN (SELECT ctid FROM {table})",
            CLINICS[0], CLINICS[1]
        );
        self.asked(database, &before, sql, &asked).await
    }

    /// Whether the role may put a row of that clinic, which stands there, back in.
    async fn inserts(&self, database: &TestDatabase, of: &str) -> Result<String, String> {
        let Self { role, table, clinic } = self;
        let condition = format!("FROM {table} WHERE {clinic} = '{of}'");
        let has_module = self.columns(database, "true").await.split(", ").any(|column| column == "module");
        let own = if has_module { format!("AND module = '{role}'") } else { String::new() };
        let row = database
            .value(&format!("SELECT to_jsonb(t) {} {own} LIMIT 1", condition.replace("WHERE", "AS t WHERE")))
            .await;
        let columns = self.columns(database, "attgenerated = ''").await;
        let sql = format!(
            "INSERT INTO {table} ({columns})
             SELECT {columns} FROM jsonb_populate_record(NULL::{table}, '{}')",
            row.replace('\'', "''")
        );
        self.asked(
            database,
            &format!("DELETE {condition} {own}"),
            &sql,
            &format!("SELECT count(*) > 0 {condition} {own}"),
        )
        .await
    }

    async fn columns(&self, database: &TestDatabase, which: &str) -> String {
        let sql = format!(
            "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped AND {which}",
            self.table
        );
        database.value(&sql).await
    }

    /// Of which columns of the table the role holds the privilege.
    async fn may(&self, database: &TestDatabase, verb: &str) -> Vec<String> {
        let which = format!("has_column_privilege('{}', attrelid, attnum, '{verb}')", self.role);
        let columns = self.columns(database, &which).await;
        columns.split(", ").filter(|column| *column != "NULL").map(str::to_owned).collect()
    }

    async fn may_delete(&self, database: &TestDatabase) -> bool {
        let sql = format!("SELECT has_table_privilege('{}', '{}', 'DELETE')", self.role, self.table);
        database.value(&sql).await == "t"
    }
}

/// Every way in which the role reaches what it must not, or does not reach what it may; and the number of tries.
async fn faults(database: &TestDatabase) -> (Vec<String>, usize) {
    let modules = grafono::modules();
    let roles: Vec<&str> = modules.iter().map(|module| module.name).chain(BEHIND).collect();
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (table, clinic) in tables(database).await {
        let Some(clinic) = clinic else { continue };
        for role in &roles {
            let way = Way { role, table: table.clone(), clinic: clinic.clone() };
            for (what, expected, found) in tries(&way, database).await {
                tried += 1;
                if found != expected {
                    faults.push(format!("{role} {what} {table}: {found:?}"));
                }
            }
        }
    }
    (faults, tried)
}

type Try = (&'static str, Result<String, String>, Result<String, String>);

/// What the role may do with the table: what is tried, what must come of it, what does.
async fn tries(way: &Way<'_>, database: &TestDatabase) -> Vec<Try> {
    let yes = |text: &str| Ok(text.to_owned());
    let denied = || Err("42501".to_owned());
    let (own, other) = (CLINICS[0], CLINICS[1]);
    let Way { table, clinic, .. } = way;
    let mut tries: Vec<Try> = Vec::new();
    if way.may(database, "SELECT").await.contains(clinic) {
        let counts = format!(
            "SELECT count(*) FILTER (WHERE {clinic} = '{own}') > 0, count(*) FILTER (WHERE {clinic} = '{other}') > 0 FROM {table}"
        );
        tries.push(("reads", yes("t f"), way.asked(database, "SELECT 1", &counts, "").await));
    }
    let changeable = way.may(database, "UPDATE").await;
    if let Some(column) = changeable.iter().find(|column| *column == "updated_at").or(changeable.first()) {
        let sql = format!("UPDATE {table} SET {column} = DEFAULT");
        let sql = if column == "updated_at" { sql.replace("DEFAULT", "now()") } else { sql };
        tries.push(("changes", yes("t f"), way.touched(database, &sql).await));
    }
    if changeable.contains(clinic) {
        let away = format!("DELETE FROM {table} WHERE {clinic} = '{other}'");
        let moved = |to: &str| format!("UPDATE {table} SET {clinic} = '{to}'");
        let asked = format!("SELECT count(*) FROM {table} WHERE {clinic} = '{other}'");
        tries.push(("stays in", yes("0"), way.asked(database, &away, &moved(own), &asked).await));
        tries.push(("moves rows of", denied(), way.asked(database, &away, &moved(other), &asked).await));
    }
    if way.may_delete(database).await {
        let sql = format!("DELETE FROM {table}");
        tries.push(("deletes from", yes("t f"), way.touched(database, &sql).await));
    }
    if !way.may(database, "INSERT").await.is_empty() {
        tries.push(("inserts its own into", yes("t"), way.inserts(database, own).await));
        tries.push(("inserts another's into", denied(), way.inserts(database, other).await));
    }
    tries
}

#[tokio::test]
async fn every_role_reads_and_writes_rows_of_its_own_clinic_and_none_of_another_in_every_table() {
    let database = filled().await;
    let (faults, tried) = faults(&database).await;
    assert_eq!(faults, Vec::<String>::new());
    assert!(tried > 100, "{tried}");
}

#[tokio::test]
async fn a_policy_that_shows_or_takes_another_clinics_rows_is_told() {
    let database = filled().await;
    for planted in [
        "CREATE POLICY planted ON kernel.jobs FOR SELECT TO platform USING (true)",
        "ALTER POLICY own_clinic ON billing.transfers WITH CHECK (true)",
        "ALTER POLICY own_clinic_moves ON kernel.jobs USING (true)",
        "ALTER POLICY own_clinic ON patients.patients WITH CHECK (clinic_id IS NOT NULL)",
        "CREATE POLICY planted ON kernel.idempotency_keys FOR DELETE TO billing USING (module = 'billing')",
        "ALTER TABLE platform.webhook_secrets DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY planted ON identity.clinics AS RESTRICTIVE FOR SELECT TO identity USING (false)",
    ] {
        database.run(planted).await;
    }
    let (faults, _) = faults(&database).await;
    for told in [
        "platform reads kernel.jobs: Ok(\"t t\")",
        "billing inserts another's into billing.transfers: Ok(\"t\")",
        "patients changes kernel.jobs: Ok(\"t t\")",
        "patients moves rows of patients.patients: Ok(\"1\")",
        "billing deletes from kernel.idempotency_keys: Ok(\"t t\")",
        "platform reads platform.webhook_secrets: Ok(\"t t\")",
        "identity reads identity.clinics: Ok(\"f f\")",
    ] {
        assert!(faults.iter().any(|fault| fault == told), "{told}: {faults:#?}");
    }
    assert!(!faults.iter().any(|fault| fault.contains("kernel.mails")), "{faults:#?}");
}
