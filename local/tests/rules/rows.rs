//! A row in every table, of each of two clinics (`rows.sql`), and nothing else.

use testkit::TestDatabase;

/// The clinics.
pub(crate) const CLINICS: [&str; 2] =
    ["01890a5d-ac96-774b-bcce-000000000001", "01890a5d-ac96-774b-bcce-000000000002"];

/// A database with the rows of both clinics. Fails when a table has no row, or a tenant's table none of a clinic.
pub(crate) async fn filled() -> TestDatabase {
    let database = TestDatabase::clone_template().await;
    for (number, clinic) in ["1", "2"].into_iter().zip(CLINICS) {
        let id = format!("01890a5e-ac96-774b-bcce-00000000000{number}");
        let sql = include_str!("rows.sql").replace("{clinic}", clinic);
        database.run(&sql.replace("{id}", &id).replace("{n}", number)).await;
    }
    assert_eq!(
        without_rows(&database).await,
        Vec::<String>::new(),
        "add a row to local/tests/rules/rows.sql"
    );
    database
}

/// The tables without a row, with the clinic that has none where rows are of clinics.
async fn without_rows(database: &TestDatabase) -> Vec<String> {
    let mut missing = Vec::new();
    for (table, column) in tables(database).await {
        for clinic in CLINICS {
            let condition =
                column.as_ref().map_or("true".to_owned(), |column| format!("{column} = '{clinic}'"));
            let count = database.value(&format!("SELECT count(*) FROM {table} WHERE {condition}")).await;
            if count == "0" {
                missing.push(format!("{table} of {clinic}"));
            }
        }
    }
    missing
}

/// The tables of ours, each with the column that says whose a row is; `None` without tenants.
pub(crate) async fn tables(database: &TestDatabase) -> Vec<(String, Option<String>)> {
    let sql = "SELECT n.nspname || '.' || c.relname,
                      CASE WHEN n.nspname || '.' || c.relname = 'identity.clinics' THEN 'id' ELSE a.attname END
                 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                 LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'clinic_id'
                WHERE c.relkind IN ('r', 'p') AND c.relname <> 'schema_migrations'
                  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
                ORDER BY 1";
    let rows = database.rows(sql).await;
    rows.into_iter().map(|row| (row[0].clone(), (row[1] != "NULL").then(|| row[1].clone()))).collect()
}

#[tokio::test]
async fn a_table_without_rows_of_both_clinics_is_told() {
    let database = filled().await;
    let of_second = format!(
        "SET session_replication_role = replica; DELETE FROM kernel.jobs WHERE clinic_id = '{}'",
        CLINICS[1]
    );
    database.run(&of_second).await;
    database.run("CREATE TABLE billing.planted (id int)").await;
    let expected: Vec<String> = CLINICS
        .iter()
        .map(|clinic| format!("billing.planted of {clinic}"))
        .chain([format!("kernel.jobs of {}", CLINICS[1])])
        .collect();
    assert_eq!(without_rows(&database).await, expected);
}
