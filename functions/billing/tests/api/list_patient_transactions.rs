use super::{app, assert_books_balance, card, charge, income, patient, pay, record};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// A thing outside.
const THING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Between two of them. Tokens are good for ten minutes.
const STEP: SignedDuration = SignedDuration::from_secs(20);

async fn list(app: &TestApp, tenant: &Tenant, patient: &str, query: &str) -> TestResponse {
    let address = format!("/api/v1/patients/{patient}/transactions?{query}");
    app.send(TestRequest::get(&address).token(tenant.owner())).await
}

/// Records so many incomes of two patients in turn, a step apart; the ids of the first one's, and both patients.
async fn transactions(app: &TestApp, tenant: &Tenant, count: usize) -> (Vec<String>, [String; 2]) {
    let patients = [patient(app, tenant).await, patient(app, tenant).await];
    let mut ids = Vec::new();
    for number in 0..count * 2 {
        app.clock.advance(STEP);
        let recorded = app.send(record(tenant, &income(&patients[number % 2]), &number.to_string())).await;
        if number % 2 == 0 {
            ids.push(recorded.data()["id"].as_str().unwrap().to_owned());
        }
    }
    (ids, patients)
}

fn ids(answer: &TestResponse) -> Vec<&str> {
    let items = answer.data().as_array().unwrap_or_else(|| panic!("{}", answer.text));
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn next_cursor(answer: &TestResponse) -> &str {
    answer.json["meta"]["nextCursor"].as_str().unwrap_or_else(|| panic!("{}", answer.text))
}

#[tokio::test]
async fn a_patients_transactions_come_newest_first_page_by_page_and_none_of_another() {
    let (app, tenant) = app().await;
    let (mut all, [own, _]) = transactions(&app, &tenant, 5).await;
    all.reverse();

    let first = list(&app, &tenant, &own, "limit=2&includeTotal=true").await;
    assert_eq!((ids(&first), &first.json["meta"]["total"]), (vec![all[0].as_str(), &all[1]], &json!(5)));
    let mut seen: Vec<String> = ids(&first).into_iter().map(str::to_owned).collect();
    let mut link = first.header("link").map(str::to_owned);
    while let Some(next) = link {
        // The link of a page leads to the next one of the same patient.
        let address = next.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        assert!(
            address.starts_with(&format!("/api/v1/patients/{own}/transactions?limit=2&cursor=")),
            "{address}"
        );
        let page = app.send(TestRequest::get(address).token(tenant.owner())).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        link = page.header("link").map(str::to_owned);
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn each_is_the_same_item_as_in_the_clinics_list_with_the_balance_just_after() {
    let (app, tenant) = app().await;
    let (_, [own, other]) = transactions(&app, &tenant, 1).await;
    let charged = app.send(record(&tenant, &charge(&own, THING), "charge")).await;
    app.clock.advance(STEP);
    let paid = app.send(pay(&tenant, &card(&own, "pm_card_visa"), "card")).await;
    app.send(record(&tenant, &charge(&other, "01890a5d-ac96-774b-bcce-b302099a8058"), "other")).await;

    let listed = list(&app, &tenant, &own, "").await;
    let address = format!("/api/v1/transactions?patientId={own}");
    let of_clinic = app.send(TestRequest::get(&address).token(tenant.owner())).await;

    assert_eq!(listed.data(), of_clinic.data());
    let balances: Vec<_> =
        listed.data().as_array().unwrap().iter().map(|item| &item["balanceMinor"]).collect();
    assert_eq!(balances, [25_000, 10_000, 15_000]);
    let of_type = list(&app, &tenant, &own, "type=charge&includeTotal=true").await;
    assert_eq!(
        (ids(&of_type), &of_type.json["meta"]["total"]),
        (vec![charged.data()["id"].as_str().unwrap()], &json!(1))
    );
    assert_eq!(of_type.data()[0]["source"], json!({ "kind": "external", "id": THING }));
    let payments = list(&app, &tenant, &own, "type=payment").await;
    assert_eq!(payments.data()[0]["receiptNumber"], paid.data()["receiptNumber"]);
    assert_books_balance(&app).await;
}

#[tokio::test]
async fn a_patient_without_transactions_has_an_empty_list_and_an_archived_one_keeps_it() {
    let (app, tenant) = app().await;
    let (all, [own, _]) = transactions(&app, &tenant, 1).await;
    let nobody = patient(&app, &tenant).await;
    app.database.run("UPDATE patients.patients SET deleted_at = now()").await;
    assert_eq!(ids(&list(&app, &tenant, &own, "").await), [&all[0]]);
    let empty = list(&app, &tenant, &nobody, "includeTotal=true").await;
    assert_eq!((empty.status, empty.data(), &empty.json["meta"]["total"]), (200, &json!([]), &json!(0)));
}

#[tokio::test]
async fn who_may_not_read_the_ledger_is_told_so() {
    let (app, tenant) = app().await;
    let patient = patient(&app, &tenant).await;
    let asked = TestRequest::get(&format!("/api/v1/patients/{patient}/transactions"));
    let refused = app.send(asked.token(tenant.token(Role::Clinician))).await;
    assert_eq!(refused.refusal(), (403, "PERMISSION_DENIED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn pages_have_each_of_what_stood_there_once_while_others_record() {
        let (app, tenant) = app().await;
        let (mut all, [own, _]) = transactions(&app, &tenant, 6).await;
        all.reverse();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for round in 0..3 {
            let writing = (0..8).map(|number| record(&tenant, &income(&own), &format!("{round} {number}")));
            app.clock.advance(STEP);
            let reading = list(&app, &tenant, &own, "limit=2");
            let next = format!("limit=2&cursor={cursor}");
            if round == 0 {
                let first = reading.await;
                seen.extend(ids(&first).into_iter().map(str::to_owned));
                next_cursor(&first).clone_into(&mut cursor);
                app.send_at_once(writing.collect()).await;
                continue;
            }
            let (page, written) =
                tokio::join!(list(&app, &tenant, &own, &next), app.send_at_once(writing.collect()));
            assert!(written.iter().all(|answer| answer.status == 201));
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            cursor = page.json["meta"]["nextCursor"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!(seen, all);
        assert_eq!(cursor, "");
    }

    #[tokio::test]
    async fn a_reader_among_writers_sees_a_chain_without_a_hole() {
        let (app, tenant) = app().await;
        let own = patient(&app, &tenant).await;
        let mut requests = Vec::new();
        for number in 0..20 {
            requests.push(record(&tenant, &income(&own), &number.to_string()));
            let address = format!("/api/v1/patients/{own}/transactions?limit=100");
            requests.push(TestRequest::get(&address).token(tenant.owner()));
        }
        let answers = app.send_at_once(requests).await;
        for read in answers.iter().filter(|answer| answer.status == 200) {
            let mut balances: Vec<_> = read
                .data()
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["balanceMinor"].as_i64().unwrap())
                .collect();
            balances.sort_unstable();
            let whole: Vec<_> =
                (1..=balances.len()).map(|count| i64::try_from(count).unwrap() * 15_000).collect();
            assert_eq!(balances, whole);
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_and_unknown_patients_are_not_found() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let (_, [foreign, _]) = transactions(&app, &other, 2).await;
        for id in [foreign.as_str(), THING] {
            let refused = list(&app, &tenant, id, "includeTotal=true").await;
            assert_eq!(refused.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
    }

    #[tokio::test]
    async fn a_cursor_is_its_patients_its_filters_and_its_lists() {
        let (app, tenant) = app().await;
        let (all, [own, other]) = transactions(&app, &tenant, 3).await;
        let first = list(&app, &tenant, &own, "limit=1").await;
        let cursor = next_cursor(&first);

        let second = list(&app, &tenant, &own, &format!("limit=1&cursor={cursor}")).await;
        let in_capitals = list(&app, &tenant, &own.to_uppercase(), &format!("limit=1&cursor={cursor}")).await;

        assert_eq!(ids(&second), [&all[1]]);
        assert_eq!(second.data(), in_capitals.data(), "an id has no case");
        let refused = [
            list(&app, &tenant, &other, &format!("cursor={cursor}")).await,
            list(&app, &tenant, &own, &format!("type=income&cursor={cursor}")).await,
            list(&app, &tenant, THING, &format!("cursor={cursor}")).await,
        ];
        for answer in refused {
            assert_eq!(
                (answer.refusal(), answer.details()),
                ((400, "INVALID_CURSOR"), vec![("/cursor", "INVALID_CURSOR")])
            );
        }
        // The clinic's list of the same patient is another list.
        let address =
            |query: &str| TestRequest::get(&format!("/api/v1/transactions?{query}")).token(tenant.owner());
        let of_clinic = app.send(address(&format!("patientId={own}&cursor={cursor}"))).await;
        assert_eq!(of_clinic.refusal(), (400, "INVALID_CURSOR"));
        let first = app.send(address(&format!("patientId={own}&limit=1"))).await;
        let of_patient = list(&app, &tenant, &own, &format!("cursor={}", next_cursor(&first))).await;
        assert_eq!(of_patient.refusal(), (400, "INVALID_CURSOR"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn from_is_within_and_to_is_not() {
        let (app, tenant) = app().await;
        let start = app.clock.now();
        let (all, [own, _]) = transactions(&app, &tenant, 3).await;
        let at = |steps: i32| (start + STEP * steps).to_string();
        let within = list(&app, &tenant, &own, &format!("from={}&to={}", at(1), at(5))).await;
        assert_eq!(ids(&within), [&all[1], &all[0]]);
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_told_at_once() {
        let (app, tenant) = app().await;
        let (_, [own, other]) = transactions(&app, &tenant, 2).await;
        let first = list(&app, &tenant, &own, "limit=1").await;
        let cursor = next_cursor(&first);
        let of_another =
            list(&app, &tenant, &other, &format!("limit=0&cursor={cursor}&patientId={own}")).await;
        assert_eq!(
            of_another.details(),
            [("/cursor", "INVALID_CURSOR"), ("/limit", "OUT_OF_RANGE"), ("/patientId", "UNKNOWN_PARAMETER")]
        );
        // Whose list it would be, nobody knows.
        let of_nobody = list(&app, &tenant, "x", &format!("limit=101&cursor={cursor}")).await;
        assert_eq!(of_nobody.details(), [("/limit", "OUT_OF_RANGE"), ("/id", "INVALID_UUID")]);
        let empty = list(&app, &tenant, &own, "from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z").await;
        assert_eq!(
            (empty.refusal(), empty.details()),
            ((400, "WINDOW_EMPTY"), vec![("/to", "WINDOW_EMPTY")])
        );
        assert_eq!(list(&app, &tenant, &own, "type=gift").await.refusal(), (400, "INVALID_CHOICE"));
        let whole = list(&app, &tenant, &own, "limit=100").await;
        assert_eq!((whole.status, &whole.json["meta"]["nextCursor"]), (200, &Value::Null));
    }
}
