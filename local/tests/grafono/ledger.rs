//! The ledger against its seals, by the command line: what was changed behind the program's back is said, and where.

use crate::program::{command, run};
use crate::{app, income, new_patient};
use testkit::{Tenant, TestApp, TestRequest};

fn verify(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    let url = app.database.url("postgres");
    run(command(&[&["ledger", "verify"], arguments, &["--database-url", &url]].concat()))
}

async fn record(app: &TestApp, tenant: &Tenant, patient: &str, key: &str) {
    let request = TestRequest::post("/api/v1/transactions", &income(patient)).token(tenant.owner()).key(key);
    assert_eq!(app.send(request).await.status, 201);
}

/// Records so many incomes; the patient.
async fn book(app: &TestApp, tenant: &Tenant, entries: usize) -> String {
    let (_, patient) = new_patient(app, tenant).await;
    for number in 0..entries {
        record(app, tenant, &patient, &number.to_string()).await;
    }
    patient
}

async fn seal(app: &TestApp) -> usize {
    app.work("seal-ledger", None).await.unwrap()
}

/// What a superuser does, whom neither triggers nor foreign keys bind.
async fn tamper(app: &TestApp, sql: &str) {
    app.database.run(&format!("SET session_replication_role = replica; {sql}")).await;
}

/// The tables that are tampered with.
const TABLES: [&str; 4] =
    ["billing.transfers", "billing.balances", "billing.ledger_seals", "billing.ledger_seal_parts"];

/// Keeps the tables as they are.
async fn keep(app: &TestApp) {
    for table in TABLES {
        let copy = table.replace("billing.", "public.kept_");
        app.database.run(&format!("CREATE TABLE {copy} AS TABLE {table}")).await;
    }
}

/// Puts them back.
async fn restore(app: &TestApp) {
    for table in TABLES {
        let copy = table.replace("billing.", "public.kept_");
        tamper(app, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {copy}")).await;
    }
}

#[tokio::test]
async fn what_fits_is_said_to_fit_and_what_is_new_waits() {
    let (app, tenant) = app().await;
    let other = app.tenant().await;
    let nothing =
        (Some(0), "clinics: 2, seals: 0, sealed entries: 0; everything fits\n".to_owned(), String::new());
    assert_eq!(verify(&app, &["--all"]), nothing);
    let patient = book(&app, &tenant, 3).await;
    assert_eq!(seal(&app).await, 1);
    record(&app, &tenant, &patient, "new").await;
    book(&app, &other, 2).await;
    let (clinic, other) = (tenant.clinic.to_string(), other.clinic.to_string());
    let of_clinic = format!("clinic {clinic}: seals: 1, sealed entries: 3, not sealed yet: 1; it fits\n");
    let of_other = format!("clinic {other}: seals: 0, sealed entries: 0, not sealed yet: 2; it fits\n");
    let (code, said, error) = verify(&app, &["--all"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(said.contains(&of_clinic) && said.contains(&of_other), "{said}");
    assert!(said.ends_with("clinics: 2, seals: 1, sealed entries: 3; everything fits\n"), "{said}");
    let (code, said, _) = verify(&app, &[&clinic]);
    assert_eq!(
        (code, said),
        (Some(0), of_clinic + "clinics: 1, seals: 1, sealed entries: 3; everything fits\n")
    );
}

#[tokio::test]
async fn a_change_of_any_column_of_an_entry_is_found_and_that_of_a_payer_is_none() {
    let (app, tenant) = app().await;
    let patient = book(&app, &tenant, 3).await;
    seal(&app).await;
    keep(&app).await;
    // Whoever does this does it well.
    let checks = "SELECT string_agg(format('DROP CONSTRAINT %I', conname), ', ') FROM pg_constraint
                   WHERE conrelid = 'billing.transfers'::regclass AND contype = 'c'";
    let checks = app.database.value(checks).await;
    app.database.run(&format!("ALTER TABLE billing.transfers {checks}")).await;
    let columns = "SELECT column_name, data_type FROM information_schema.columns
                    WHERE table_schema = 'billing' AND table_name = 'transfers'";
    let columns = app.database.rows(columns).await;
    assert!(columns.len() >= 17, "{columns:?}");
    for column in columns {
        let [name, kind] = <[String; 2]>::try_from(column).unwrap();
        let other = match kind.as_str() {
            "uuid" => "uuidv7()".to_owned(),
            "bigint" => format!("{name} + 1000"),
            "text" => format!("COALESCE({name}, '') || 'x'"),
            "date" => format!("{name} - 1"),
            "timestamp with time zone" => format!("{name} - interval '1 microsecond'"),
            "jsonb" => "'{}'".to_owned(),
            _ => unreachable!("{name} is of {kind}"),
        };
        tamper(&app, &format!("UPDATE billing.transfers SET {name} = {other} WHERE seq = 2")).await;
        let (code, said, _) = verify(&app, &["--all"]);
        if name == "payer" {
            assert_eq!(code, Some(0), "it may be erased");
        } else {
            let place = format!("clinic {}: patient {patient}, entries 1 to 3, seal 1: ", tenant.clinic);
            assert!(code == Some(1) && said.contains(&place), "{name}: {code:?} {said}");
        }
        restore(&app).await;
    }
    assert_eq!(verify(&app, &["--all"]).0, Some(0), "all is as it was");
}

/// What somebody does behind the program's back, and what is said of it. `{p}` is the patient, `{c}` the clinic.
const TAMPERED: [(&str, &str); 20] = [
    (
        "DELETE FROM billing.transfers WHERE seq = 2",
        "patient {p}, entries 1 to 3, seal 1: 2 of 3 entries are there",
    ),
    (
        "DELETE FROM billing.transfers WHERE seq = 4",
        "patient {p}, entries 4 to 4, seal 2: 0 of 1 entries are there",
    ),
    (
        "DELETE FROM billing.transfers WHERE seq = 5",
        "patient {p}, entries 5 to 6, not sealed: 1 of 2 entries are there",
    ),
    (
        "DELETE FROM billing.transfers WHERE seq = 6",
        "patient {p}: the balance has counted 6 entries, the last one is 5",
    ),
    ("{insert} seq + 7 {one}", "patient {p}, entries 5 to 8, not sealed: 3 of 4 entries are there"),
    ("{insert} seq + 6 {one}", "patient {p}: the balance has counted 6 entries, the last one is 7"),
    ("{insert} 0 {one}", "patient {p}: 1 entries before the first one"),
    ("{stray} {one}", "7 entries are there, and patients with a balance have 6"),
    (
        "UPDATE billing.transfers SET created_at = created_at - interval '26 hours' WHERE seq > 4",
        "and each day everything is sealed",
    ),
    (
        "UPDATE billing.balances SET seq = 7",
        "patient {p}: the balance has counted 7 entries, the last one is 6",
    ),
    (
        "UPDATE billing.ledger_seals SET hash = sha256(hash) WHERE number = 1",
        "seal 1 was changed: its hash is another",
    ),
    (
        "UPDATE billing.ledger_seals SET hash = sha256(hash) WHERE number = 1",
        "seal 2 does not follow from the one before",
    ),
    (
        "UPDATE billing.ledger_seals SET previous_hash = sha256('') WHERE number = 1",
        "seal 1 does not follow from the one before",
    ),
    (
        "UPDATE billing.ledger_seals SET created_at = created_at - interval '1 microsecond' WHERE number = 2",
        "seal 2 was changed: its hash is another",
    ),
    (
        "UPDATE billing.ledger_seals SET entries = 4 WHERE number = 1",
        "seal 1 does not fit its parts: it has 4 entries, they cover 3",
    ),
    ("UPDATE billing.ledger_seals SET content_hash = sha256('')", "seal 2 does not fit its parts"),
    ("DELETE FROM billing.ledger_seals WHERE number = 1", "seals 1 to 1 are missing"),
    (
        "DELETE FROM billing.ledger_seals WHERE number = 2",
        "patient {p}, entries 4 to 4, seal 2: the seal is missing",
    ),
    (
        "DELETE FROM billing.ledger_seal_parts WHERE seal_number = 1",
        "patient {p}, entries 4 to 4, seal 2: the part before ends at 0",
    ),
    (
        "UPDATE billing.ledger_seal_parts SET hash = sha256(hash) WHERE seal_number = 2",
        "seal 2 does not fit its parts",
    ),
];

/// The beginning of a forged entry up to its place, that of one of another patient, and the end of both.
const FORGED: [(&str, &str); 3] = [
    (
        "{insert}",
        "INSERT INTO billing.transfers (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency,
                                        method, balance_after_minor, occurred_on, created_at, seq)
         SELECT uuidv7(), clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                balance_after_minor, occurred_on, created_at,",
    ),
    (
        "{stray}",
        "INSERT INTO billing.transfers (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency,
                                        method, balance_after_minor, occurred_on, created_at, seq)
         SELECT uuidv7(), clinic_id, uuidv7(), kind, debit_account, credit_account, amount_minor, currency, method,
                balance_after_minor, occurred_on, created_at, seq",
    ),
    ("{one}", "FROM billing.transfers WHERE seq = 1"),
];

#[tokio::test]
async fn whatever_was_changed_deleted_or_slipped_in_is_found_and_said_where() {
    let (app, tenant) = app().await;
    let patient = book(&app, &tenant, 3).await;
    seal(&app).await;
    record(&app, &tenant, &patient, "4").await;
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    seal(&app).await;
    record(&app, &tenant, &patient, "5").await;
    record(&app, &tenant, &patient, "6").await;
    keep(&app).await;
    assert_eq!(verify(&app, &["--all"]).0, Some(0));
    for (sql, expected) in TAMPERED {
        let sql = FORGED.iter().fold(sql.to_owned(), |text, (short, long)| text.replace(short, long));
        tamper(&app, &sql).await;
        let (code, said, error) = verify(&app, &[&tenant.clinic.to_string()]);
        let expected = expected.replace("{p}", &patient);
        let is_told = said
            .lines()
            .any(|line| line.starts_with(&format!("clinic {}: ", tenant.clinic)) && line.contains(&expected));
        assert!(code == Some(1) && is_told, "{sql}: {code:?} {said}");
        let count = said.lines().count();
        assert!(
            error.starts_with(&format!("grafono: the ledger does not fit its seals: {count} faults")),
            "{error}"
        );
        restore(&app).await;
    }
    assert_eq!(verify(&app, &["--all"]).0, Some(0), "all is as it was");
}

#[tokio::test]
async fn a_ledger_that_was_sealed_anew_is_found_by_a_seal_that_was_noted() {
    let (app, tenant) = app().await;
    book(&app, &tenant, 2).await;
    seal(&app).await;
    let clinic = tenant.clinic.to_string();
    let noted =
        app.database.value("SELECT number || ':' || encode(hash, 'hex') FROM billing.ledger_seals").await;
    assert_eq!(verify(&app, &[&clinic, "--expect", &noted]).0, Some(0));
    assert_eq!(verify(&app, &[&clinic, "--expect", &noted.to_uppercase()]).0, Some(0));
    tamper(
        &app,
        "UPDATE billing.transfers SET amount_minor = 1 WHERE seq = 2;
         DELETE FROM billing.ledger_seal_parts; DELETE FROM billing.ledger_seals",
    )
    .await;
    let (code, said, _) = verify(&app, &[&clinic, "--expect", &noted]);
    assert_eq!((code, said), (Some(1), format!("clinic {clinic}: seal 1 is expected, and there is none\n")));
    seal(&app).await;

    assert_eq!(verify(&app, &[&clinic]).0, Some(0), "the database alone does not know");
    let (code, said, _) = verify(&app, &[&clinic, "--expect", &noted]);
    assert_eq!(
        (code, said),
        (Some(1), format!("clinic {clinic}: seal 1 is another than the one that is expected\n"))
    );
}

#[tokio::test]
async fn a_clinic_that_there_is_not_and_a_command_that_says_nothing_are_refused() {
    let (app, tenant) = app().await;
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let (code, said, error) = verify(&app, &[nobody]);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(error.starts_with(&format!("grafono: there is no clinic {nobody}")), "{error}");
    let clinic = tenant.clinic.to_string();
    let digits = "0".repeat(64);
    for wrong in [
        &[][..],
        &[clinic.as_str(), "--all"],
        &["not-an-id"],
        &["--all", "--expect", &format!("1:{digits}")],
        &[clinic.as_str(), "--expect", &digits],
        &[clinic.as_str(), "--expect", &format!("1:{}", &digits[1..])],
        &[clinic.as_str(), "--expect", &format!("one:{digits}")],
    ] {
        assert_eq!(verify(&app, wrong).0, Some(2), "{wrong:?}");
    }
}
