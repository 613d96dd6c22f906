use super::app;
use serde_json::{Value, json};
use shared::access::Role;
use testkit::{Tenant, TestApp, TestRequest};

const CLINIC: &str = "/api/v1/clinic";

/// An edit of the first version, by the owner.
fn edit(tenant: &Tenant, patch: &Value) -> TestRequest {
    TestRequest::patch(CLINIC, patch).token(tenant.owner()).header("if-match", "\"1\"")
}

/// What the database has of the clinic.
async fn stored(app: &TestApp, tenant: &Tenant) -> String {
    let sql =
        "SELECT concat_ws(' | ', name, time_zone, currency, language, plan, second_factor_required, version)
                 FROM identity.clinics WHERE id = '{clinic}'";
    app.database.value(&sql.replace("{clinic}", &tenant.clinic.to_string())).await
}

/// What [`stored`] says of a clinic that nobody has edited.
fn untouched(tenant: &Tenant) -> String {
    format!("Clinic {} | America/Sao_Paulo | BRL | pt-BR | free | f | 1", tenant.clinic)
}

/// How often the audit log says that a clinic was edited.
async fn audited(app: &TestApp) -> String {
    app.database.value("SELECT count(*) FROM kernel.audit_log WHERE action = 'clinic.updated'").await
}

/// What billing does for a first transaction: a balance in that currency. The patient is of another module.
fn first_balance(tenant: &Tenant, currency: &str) -> String {
    let sql = "SELECT set_config('app.clinic_id', '{clinic}', true);
               INSERT INTO billing.balances (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
               SELECT '{clinic}', id, '{currency}', 1, 1, now(), now() FROM patients.published_patients LIMIT 1";
    sql.replace("{clinic}", &tenant.clinic.to_string()).replace("{currency}", currency)
}

/// A clinic with a patient, and without money.
async fn with_patient(app: &TestApp) -> Tenant {
    let tenant = app.tenant().await;
    let sql = "INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
               VALUES (uuidv7(), '{clinic}', 'A patient', 1, now(), now())";
    app.database.run(&sql.replace("{clinic}", &tenant.clinic.to_string())).await;
    tenant
}

#[tokio::test]
async fn what_is_given_changes_and_what_is_absent_stays() {
    let app = app().await;
    let (tenant, other) = (app.tenant().await, app.tenant().await);
    let patch = json!({ "name": " Consultório Girassol ", "language": "en", "secondFactorRequired": true });

    let edited = app.send(edit(&tenant, &patch)).await;

    assert_eq!((edited.status, edited.header("etag")), (200, Some("\"2\"")), "{}", edited.text);
    assert_eq!(
        stored(&app, &tenant).await,
        "Consultório Girassol | America/Sao_Paulo | BRL | en | free | t | 2"
    );
    let read = app.send(TestRequest::get(CLINIC).token(tenant.owner())).await;
    assert_eq!((read.data(), read.header("etag")), (edited.data(), Some("\"2\"")));
    assert_eq!(stored(&app, &other).await, untouched(&other));
    let log =
        "SELECT clinic_id, actor_id, action, subject, subject_id, about, request_id FROM kernel.audit_log";
    let (clinic, owner) = (tenant.clinic.to_string(), tenant.user(Role::Owner).to_string());
    let request = edited.header("x-request-id").unwrap();
    let row = [clinic.as_str(), owner.as_str(), "clinic.updated", "clinic", clinic.as_str(), "NULL", request];
    assert_eq!(app.database.rows(log).await, [row.map(str::to_owned).to_vec()]);
}

#[tokio::test]
async fn a_patch_with_nothing_new_writes_nothing() {
    let app = app().await;
    let tenant = app.tenant().await;
    let whole = "SELECT c::text || xmin::text FROM identity.clinics AS c";
    let before = app.database.value(whole).await;
    let same = json!({
        "name": format!("Clinic {}", tenant.clinic), "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "language": "pt-BR", "secondFactorRequired": false,
    });
    for patch in [same, json!({})] {
        app.clock.advance(jiff::SignedDuration::from_secs(1));
        let answer = app.send(edit(&tenant, &patch)).await;
        assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")), "{}", answer.text);
    }
    assert_eq!(app.database.value(whole).await, before);
    assert_eq!(audited(&app).await, "0");
}

#[tokio::test]
async fn owners_and_admins_edit_and_nobody_else_does() {
    let app = app().await;
    for &role in Role::ALL {
        let tenant = app.tenant().await;
        let request = edit(&tenant, &json!({ "secondFactorRequired": true })).token(tenant.token(role));
        let answer = app.send(request).await;
        if matches!(role, Role::Owner | Role::Admin) {
            assert_eq!(answer.status, 200, "{role:?} {}", answer.text);
        } else {
            assert_eq!(answer.refusal(), (403, "PERMISSION_DENIED"), "{role:?}");
            assert_eq!(stored(&app, &tenant).await, untouched(&tenant), "{role:?}");
        }
    }
}

#[tokio::test]
async fn other_modules_read_the_new_version_at_once() {
    let app = app().await;
    let tenant = app.tenant().await;
    let patch =
        json!({ "name": "Girassol", "timeZone": "Europe/Lisbon", "currency": "EUR", "language": "en" });
    assert_eq!(app.send(edit(&tenant, &patch)).await.status, 200);
    for role in ["patients", "billing", "platform"] {
        let sql = "SELECT set_config('app.clinic_id', '{clinic}', true);
                   SELECT name, time_zone, currency, language FROM identity.published_clinics";
        let seen = app.database.run_as(role, &sql.replace("{clinic}", &tenant.clinic.to_string())).await;
        let expected = ["Girassol", "Europe/Lisbon", "EUR", "en"].map(str::to_owned).to_vec();
        assert_eq!(seen.unwrap().pop(), Some(expected), "{role}");
    }
}

#[tokio::test]
async fn a_key_makes_an_edit_repeatable() {
    let app = app().await;
    let tenant = app.tenant().await;
    let request = edit(&tenant, &json!({ "name": "Girassol" })).key("edit");
    let (first, second) = (app.send(request.clone()).await, app.send(request).await);
    assert_eq!((first.status, second.status, &first.text), (200, 200, &second.text));
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.header("etag"), Some("\"2\""));
    assert_eq!(audited(&app).await, "1");
}

#[tokio::test]
async fn the_account_of_cards_is_an_owners_to_change_and_to_clear() {
    let app = app().await;
    let tenant = app.tenant().await;
    let patch = json!({ "providerAccount": "acct_1" });
    let by_admin = edit(&tenant, &patch).token(tenant.token(Role::Admin));
    assert_eq!(app.send(by_admin).await.refusal(), (403, "ACCOUNT_IS_THE_OWNERS"));
    let malformed = app.send(edit(&tenant, &json!({ "providerAccount": "acct_" }))).await;
    assert_eq!(malformed.refusal(), (400, "INVALID_PROVIDER_ACCOUNT"));
    let set = app.send(edit(&tenant, &patch)).await;
    assert_eq!((set.status, &set.data()["providerAccount"]), (200, &json!("acct_1")), "{}", set.text);
    let kept = app.send(edit(&tenant, &json!({ "language": "en" })).header("if-match", "\"2\"")).await;
    assert_eq!(kept.data()["providerAccount"], "acct_1");
    let cleared =
        app.send(edit(&tenant, &json!({ "providerAccount": null })).header("if-match", "\"3\"")).await;
    assert_eq!((&cleared.data()["providerAccount"], &cleared.data()["version"]), (&Value::Null, &json!(4)));
}

#[tokio::test]
async fn what_receipts_show_is_set_kept_cleared_and_read_by_billing() {
    let app = app().await;
    let tenant = app.tenant().await;
    let patch = json!({
        "legalName": "Clínica Aurora Ltda.", "document": "11222333000181", "address": "Rua das Flores, 10",
        "councilNumber": "CRFa 2-12345",
    });
    let set = app.send(edit(&tenant, &patch)).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let one = json!({ "address": null, "document": "52998224725" });
    let changed = app.send(edit(&tenant, &one).header("if-match", "\"2\"")).await;
    let data = changed.data();
    assert_eq!(
        [&data["legalName"], &data["document"], &data["address"], &data["councilNumber"], &data["version"]],
        [
            &json!("Clínica Aurora Ltda."),
            &json!("52998224725"),
            &Value::Null,
            &json!("CRFa 2-12345"),
            &json!(3)
        ]
    );
    let sql = "SELECT set_config('app.clinic_id', '{clinic}', true);
               SELECT legal_name, document, address, council_number FROM identity.published_clinics";
    let seen = app.database.run_as("billing", &sql.replace("{clinic}", &tenant.clinic.to_string())).await;
    let expected =
        ["Clínica Aurora Ltda.", "52998224725", "NULL", "CRFa 2-12345"].map(str::to_owned).to_vec();
    assert_eq!(seen.unwrap().pop(), Some(expected));
    let cleared = json!({ "legalName": null, "document": null, "councilNumber": null });
    let cleared = app.send(edit(&tenant, &cleared).header("if-match", "\"3\"")).await;
    assert_eq!(cleared.data()["councilNumber"], Value::Null, "{}", cleared.text);
    let none = "SELECT num_nonnulls(legal_name, document, address, council_number) FROM identity.clinics";
    assert_eq!(app.database.value(none).await, "0");
}

mod race {
    use super::*;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    /// A client under that role, for a transaction that stays open.
    async fn client(app: &TestApp, role: &str) -> tokio_postgres::Client {
        let url = app.database.url(role);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Until so many transactions wait for a lock.
    async fn until_waiting(app: &TestApp, count: u32) {
        let waits = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let begun = Instant::now();
        while app.database.value(waits).await != count.to_string() {
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn of_writers_on_one_version_one_wins_and_the_others_are_stale() {
        let app = app().await;
        let tenant = app.tenant().await;
        let requests = (0..10).map(|number| edit(&tenant, &json!({ "name": format!("Clinic {number}") })));

        let answers = app.send_at_once(requests.collect()).await;

        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        for stale in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(stale.refusal(), (412, "VERSION_STALE"));
        }
        let name = won.first().unwrap().data()["name"].as_str().unwrap().to_owned();
        let expected = format!("{name} | America/Sao_Paulo | BRL | pt-BR | free | f | 2");
        assert_eq!(stored(&app, &tenant).await, expected);
        assert_eq!(audited(&app).await, "1");
    }

    #[tokio::test]
    async fn of_a_change_of_currency_and_a_first_balance_at_once_one_is_refused() {
        let app = app().await;
        let mut changes = 0;
        for round in 0..24 {
            let tenant = with_patient(&app).await;
            let patching = app.send(edit(&tenant, &json!({ "currency": "EUR" })));
            let sql = first_balance(&tenant, "BRL");
            let earning = async {
                tokio::time::sleep(Duration::from_micros(300 * (round % 12))).await;
                app.database.run_as("billing", &sql).await
            };

            let (patched, earned) = tokio::join!(patching, earning);

            let currency = match earned {
                Ok(_) => {
                    assert_eq!(patched.refusal(), (422, "CURRENCY_FIXED"), "{round}");
                    "BRL | pt-BR | free | f | 1"
                }
                Err(state) => {
                    assert_eq!((state.as_str(), patched.status), ("23503", 200), "{round} {}", patched.text);
                    changes += 1;
                    "EUR | pt-BR | free | f | 2"
                }
            };
            assert!(stored(&app, &tenant).await.ends_with(currency), "{round}");
        }
        let mixed =
            "SELECT count(*) FROM billing.balances AS b JOIN identity.clinics AS c ON c.id = b.clinic_id
                      WHERE b.currency <> c.currency";
        assert_eq!(app.database.value(mixed).await, "0");
        assert_eq!(audited(&app).await, changes.to_string());
    }

    #[tokio::test]
    async fn a_first_balance_that_is_not_committed_yet_is_waited_for() {
        for (end, expected) in [("COMMIT", 422), ("ROLLBACK", 200)] {
            let app = app().await;
            let tenant = with_patient(&app).await;
            let billing = client(&app, "billing").await;
            billing.batch_execute(&format!("BEGIN; {}", first_balance(&tenant, "BRL"))).await.unwrap();
            // A name is no part of what rows of money refer to: it waits for nobody.
            assert_eq!(app.send(edit(&tenant, &json!({ "name": "Girassol" }))).await.status, 200);
            let change = edit(&tenant, &json!({ "currency": "EUR" })).header("if-match", "\"2\"");
            let sent = Arc::clone(&app);
            let changing = tokio::spawn(async move { sent.send(change).await });
            until_waiting(&app, 1).await;

            billing.batch_execute(end).await.unwrap();

            let answer = changing.await.unwrap();
            assert_eq!(answer.status, expected, "{end} {}", answer.text);
            let currency = if expected == 200 { "EUR" } else { "BRL" };
            assert!(stored(&app, &tenant).await.contains(currency), "{end}");
        }
    }

    #[tokio::test]
    async fn a_change_that_is_not_committed_yet_is_waited_for_by_a_first_balance() {
        let app = app().await;
        let tenant = with_patient(&app).await;
        app.database
            .run(
                "CREATE FUNCTION public.stop() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
                 CREATE TRIGGER stop BEFORE INSERT ON kernel.audit_log FOR EACH ROW EXECUTE FUNCTION public.stop()",
            )
            .await;
        let holder = client(&app, "postgres").await;
        holder.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
        let (sent, change) = (Arc::clone(&app), edit(&tenant, &json!({ "currency": "EUR" })));
        let changing = tokio::spawn(async move { sent.send(change).await });
        until_waiting(&app, 1).await;
        let (database, sql) = (app.database.clone(), first_balance(&tenant, "BRL"));
        let earning = tokio::spawn(async move { database.run_as("billing", &sql).await });
        until_waiting(&app, 2).await;

        holder.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();

        let changed = changing.await.unwrap();
        assert_eq!((changed.status, &changed.data()["currency"]), (200, &json!("EUR")));
        assert_eq!(earning.await.unwrap().unwrap_err(), "23503");
        assert_eq!(app.database.value("SELECT count(*) FROM billing.balances").await, "0");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_currency_stays_once_there_is_money_in_it_and_everything_else_may_change() {
        let app = app().await;
        let tenant = with_patient(&app).await;
        app.database.run_as("billing", &first_balance(&tenant, "BRL")).await.unwrap();

        let refused = app.send(edit(&tenant, &json!({ "name": "Girassol", "currency": "EUR" }))).await;

        assert_eq!(refused.refusal(), (422, "CURRENCY_FIXED"));
        assert_eq!(refused.details(), [("/currency", "CURRENCY_FIXED")]);
        assert_eq!((stored(&app, &tenant).await, audited(&app).await), (untouched(&tenant), "0".to_owned()));
        let same = app.send(edit(&tenant, &json!({ "name": "Girassol", "currency": "BRL" }))).await;
        assert_eq!(same.status, 200, "{}", same.text);
        assert!(stored(&app, &tenant).await.starts_with("Girassol | America/Sao_Paulo | BRL"));
    }

    #[tokio::test]
    async fn a_transfer_fixes_it_as_a_balance_does_and_neither_in_another_clinic_does() {
        let app = app().await;
        let (tenant, other) = (with_patient(&app).await, with_patient(&app).await);
        app.database.run_as("billing", &first_balance(&other, "BRL")).await.unwrap();
        let sql = "SET session_replication_role = replica;
                   INSERT INTO billing.transfers
                          (id, clinic_id, patient_id, kind, debit_account, credit_account, amount_minor, currency,
                           method, seq, balance_after_minor, occurred_on, created_at)
                   SELECT uuidv7(), clinic_id, patient_id, 'income', 'cash', 'patient', 1, currency, 'pix', 1, 1, now(), now()
                     FROM billing.balances;
                   DELETE FROM billing.balances";
        app.database.run(sql).await;

        let refused = app.send(edit(&other, &json!({ "currency": "EUR" }))).await;
        let changed = app.send(edit(&tenant, &json!({ "currency": "EUR" }))).await;

        assert_eq!(refused.refusal(), (422, "CURRENCY_FIXED"));
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(stored(&app, &other).await, untouched(&other));
    }

    #[tokio::test]
    async fn after_a_change_money_is_in_the_new_currency_alone() {
        let app = app().await;
        let tenant = with_patient(&app).await;
        assert_eq!(app.send(edit(&tenant, &json!({ "currency": "EUR" }))).await.status, 200);
        let old = app.database.run_as("billing", &first_balance(&tenant, "BRL")).await;
        assert_eq!(old.unwrap_err(), "23503");
        app.database.run_as("billing", &first_balance(&tenant, "EUR")).await.unwrap();
        let back = edit(&tenant, &json!({ "currency": "BRL" })).header("if-match", "\"2\"");
        assert_eq!(app.send(back).await.refusal(), (422, "CURRENCY_FIXED"));
    }

    #[tokio::test]
    async fn when_the_audit_row_fails_nothing_was_changed() {
        let app = app().await;
        let tenant = app.tenant().await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        let refused = app.send(edit(&tenant, &json!({ "name": "Girassol" }))).await;
        assert_eq!(refused.refusal(), (500, "INTERNAL_ERROR"));
        assert_eq!(stored(&app, &tenant).await, untouched(&tenant));
    }

    #[tokio::test]
    async fn the_module_itself_cannot_set_the_plan() {
        let app = app().await;
        let tenant = app.tenant().await;
        let refused = app.database.run_as("identity", "UPDATE identity.clinics SET plan = 'pro'").await;
        assert_eq!(refused.unwrap_err(), "42501");
        assert_eq!(stored(&app, &tenant).await, untouched(&tenant));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn everything_that_is_wrong_is_told_at_once_and_nothing_can_be_cleared() {
        let app = app().await;
        let tenant = app.tenant().await;
        let wrong = json!({
            "name": "", "timeZone": "Mars/Olympus", "currency": "ZZZ", "language": "fr",
            "secondFactorRequired": "yes", "plan": "pro",
        });
        let cleared = json!({
            "name": null, "timeZone": null, "currency": null, "language": null, "secondFactorRequired": null,
        });

        let refused = app.send(edit(&tenant, &wrong)).await;
        let uncleared = app.send(edit(&tenant, &cleared)).await;

        let expected = [
            ("/currency", "UNKNOWN_CURRENCY"),
            ("/language", "INVALID_CHOICE"),
            ("/name", "TOO_SHORT"),
            ("/plan", "UNKNOWN_FIELD"),
            ("/secondFactorRequired", "INVALID_TYPE"),
            ("/timeZone", "UNKNOWN_TIME_ZONE"),
        ];
        assert_eq!((refused.status, refused.details()), (400, expected.to_vec()), "{}", refused.text);
        let fields = ["/currency", "/language", "/name", "/secondFactorRequired", "/timeZone"];
        assert_eq!(uncleared.details(), fields.map(|field| (field, "INVALID_TYPE")), "{}", uncleared.text);
        assert_eq!(stored(&app, &tenant).await, untouched(&tenant));
    }

    #[tokio::test]
    async fn the_bounds_of_each_field_are_those_of_a_sign_up() {
        let app = app().await;
        let cases = [
            ("name", json!("n"), None),
            ("name", json!("n".repeat(255)), None),
            ("name", json!("n".repeat(256)), Some("TOO_LONG")),
            ("name", json!(" "), Some("TOO_SHORT")),
            ("name", json!("Seu Banco: acesse https://banco.example"), Some("INVALID_CHARACTERS")),
            ("name", json!("a\u{202E}b"), Some("INVALID_CHARACTERS")),
            ("legalName", json!("n".repeat(255)), None),
            ("legalName", json!("n".repeat(256)), Some("TOO_LONG")),
            ("legalName", json!(""), Some("TOO_SHORT")),
            ("legalName", json!("acesse https://banco.example"), Some("INVALID_CHARACTERS")),
            ("document", json!("12ABC34501DE35"), None),
            ("document", json!("12ABC34501DE36"), Some("INVALID_CPF_OR_CNPJ")),
            ("document", json!("529.982.247-25"), Some("INVALID_CPF_OR_CNPJ")),
            ("document", json!(""), Some("INVALID_CPF_OR_CNPJ")),
            ("address", json!("a".repeat(500)), None),
            ("address", json!("a".repeat(501)), Some("TOO_LONG")),
            ("address", json!("Rua\nDez"), Some("INVALID_CHARACTERS")),
            ("councilNumber", json!("c".repeat(64)), None),
            ("councilNumber", json!("c".repeat(65)), Some("TOO_LONG")),
            ("timeZone", json!("UTC"), None),
            ("timeZone", json!("america/sao_paulo"), Some("UNKNOWN_TIME_ZONE")),
            ("timeZone", json!("+03:00"), Some("UNKNOWN_TIME_ZONE")),
            ("currency", json!("JPY"), None),
            ("currency", json!("eur"), Some("UNKNOWN_CURRENCY")),
            ("currency", json!("XAU"), Some("UNKNOWN_CURRENCY")),
            ("language", json!("en"), None),
            ("language", json!("pt"), Some("INVALID_CHOICE")),
            ("secondFactorRequired", json!(true), None),
            ("secondFactorRequired", json!(1), Some("INVALID_TYPE")),
            ("plan", json!("pro"), Some("UNKNOWN_FIELD")),
        ];
        for (field, value, expected) in cases {
            let tenant = app.tenant().await;
            let answer = app.send(edit(&tenant, &json!({ field: value }))).await;
            match expected {
                None => assert_eq!((answer.status, &answer.data()[field]), (200, &value), "{}", answer.text),
                Some(code) => {
                    assert_eq!(answer.refusal(), (400, code), "{field} {}", answer.text);
                    assert_eq!(stored(&app, &tenant).await, untouched(&tenant), "{field}");
                }
            }
        }
    }

    #[tokio::test]
    async fn an_edit_needs_the_version_that_was_read_even_an_empty_one() {
        let app = app().await;
        let tenant = app.tenant().await;
        for patch in [json!({}), json!({ "name": "Girassol" })] {
            let unsaid = app.send(edit(&tenant, &patch).without("if-match")).await;
            assert_eq!(unsaid.refusal(), (428, "IF_MATCH_REQUIRED"));
            for (tag, refusal) in [
                ("\"0\"", (412, "VERSION_STALE")),
                ("\"2\"", (412, "VERSION_STALE")),
                ("W/\"1\"", (412, "VERSION_STALE")),
                ("1", (400, "IF_MATCH_INVALID")),
            ] {
                let refused = app.send(edit(&tenant, &patch).header("if-match", tag)).await;
                assert_eq!(refused.refusal(), refusal, "{tag}");
            }
        }
        assert_eq!(stored(&app, &tenant).await, untouched(&tenant));
        let any = app.send(edit(&tenant, &json!({ "name": "Girassol" })).header("if-match", "*")).await;
        assert_eq!((any.status, any.header("etag")), (200, Some("\"2\"")));
    }
}
