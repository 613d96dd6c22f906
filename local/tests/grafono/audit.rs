//! What the audit log says after each endpoint's success is what the endpoint declares, and what the table that is written
//! by hand says: a new endpoint is in here at once (D7).

use crate::{app, permissions};
use serde_json::Value;
use shared::access::Role;
use shared::http::{Access, Declaration};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{TestRequest, TestResponse, World};
use uuid::Uuid;

/// A row of the audit log.
#[derive(Debug, Clone)]
struct Noted {
    clinic: String,
    actor: String,
    action: String,
    subject: (String, String),
    about: String,
    request: String,
}

async fn log(world: &World) -> BTreeMap<String, Noted> {
    let sql =
        "SELECT id, clinic_id, actor_id, action, subject, subject_id, COALESCE(about::text, ''), request_id
                 FROM kernel.audit_log";
    let rows = world.app.database.rows(sql).await.into_iter();
    let read = |row: Vec<String>| {
        let [id, clinic, actor, action, subject, subject_id, about, request] = row.try_into().unwrap();
        (id, Noted { clinic, actor, action, subject: (subject, subject_id), about, request })
    };
    rows.map(read).collect()
}

/// The ids of what a reply is, or lists.
fn ids(answer: &TestResponse) -> BTreeSet<String> {
    let data = &answer.json["data"];
    let all = data.as_array().map_or_else(|| vec![data], |all| all.iter().collect());
    all.iter().filter_map(|one| one["id"].as_str()).map(str::to_owned).collect()
}

/// The patient that a request or its reply names.
fn patient(endpoint: &Declaration, request: &TestRequest, answer: &TestResponse) -> Option<String> {
    let event: Value = serde_json::from_str(&request.event()).unwrap();
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let in_path = request.path().strip_prefix("/api/v1/patients/").map(|rest| rest[..36].to_owned());
    let named = |value: &Value| value.as_str().map(str::to_owned);
    let itself = named(&answer.json["data"]["id"])
        .filter(|_| endpoint.policy.audits.is_some_and(|audited| audited.subject == "patient"));
    in_path.or_else(|| named(&body["patientId"])).or(itself)
}

/// Whom the thing with this id is about, as the database has it.
const ABOUT: &str = "
    SELECT COALESCE((SELECT about FROM kernel.jobs WHERE '{subject}' = 'job' AND id = '{id}' AND clinic_id = '{clinic}'),
                    (SELECT patient_id FROM billing.receipts WHERE '{subject}' = 'receipt' AND id = '{id}'),
                    (SELECT patient_id FROM billing.transfers WHERE '{subject}' = 'transaction' AND id = '{id}'),
                    (SELECT id FROM patients.patients
                      WHERE '{subject}' = 'patient' AND id = '{id}' AND clinic_id = '{clinic}'))::text";

/// What shows and changes nothing of the person that its subject is about.
const OF_NOBODY: [&str; 1] = ["job.cancelled"];

/// That one row is of this caller, this request and what it was done to.
async fn assert_says(
    world: &World,
    endpoint: &Declaration,
    request: &TestRequest,
    answer: &TestResponse,
    row: &Noted,
) {
    let name = endpoint.name;
    assert_eq!(answer.header("x-request-id"), Some(row.request.as_str()), "{name}");
    let sql =
        "SELECT account_id::text FROM identity.memberships WHERE clinic_id = '{clinic}' AND id = '{actor}'";
    let sql = sql.replace("{clinic}", &row.clinic).replace("{actor}", &row.actor);
    let account = world.app.database.value(&sql).await;
    if endpoint.policy.access != Access::Public {
        let caller = (world.tenant.clinic.to_string(), world.tenant.user(Role::Owner).to_string());
        assert_eq!((row.clinic.clone(), row.actor.clone()), caller, "{name}");
    }
    let is_named = request.path().contains(&row.subject.1) || answer.text.contains(&row.subject.1);
    let sessions =
        "SELECT id FROM identity.sessions WHERE user_id = '{actor}'".replace("{actor}", &row.actor);
    let sessions = world.app.database.rows(&sessions).await.concat();
    let accepted =
        "SELECT i.id FROM identity.invitations AS i JOIN identity.accounts AS a ON a.email_key = i.email_key
                     WHERE i.end_reason = 'accepted' AND a.id::text = '{account}'";
    let accepted = world.app.database.rows(&accepted.replace("{account}", &account)).await.concat();
    let is_the_actors = match row.subject.0.as_str() {
        "account" => row.subject.1 == account,
        "session" => sessions.contains(&row.subject.1),
        "invitation" => accepted.contains(&row.subject.1),
        _ => false,
    };
    assert!(is_named || is_the_actors, "{name}: {row:?}");
    if let Some(patient) = patient(endpoint, request, answer) {
        assert_eq!(row.about, patient, "{name}");
    }
    let (subject, id) = &row.subject;
    let sql = ABOUT.replace("{subject}", subject).replace("{id}", id).replace("{clinic}", &row.clinic);
    let person = world.app.database.value(&format!("SELECT COALESCE(({sql}), '')")).await;
    if !person.is_empty() && !OF_NOBODY.contains(&row.action.as_str()) {
        assert_eq!(row.about, person, "{name}");
    }
}

#[tokio::test]
async fn each_success_leaves_what_is_declared_with_its_caller_and_nothing_else() {
    let world = World::of(app().await.0).await;
    let table = permissions::rows();
    let mut changes = 0;
    for endpoint in world.app.declarations() {
        let (name, policy) = (endpoint.name, &endpoint.policy);
        assert!(
            !policy.writes() || policy.audits.is_some(),
            "{name} changes something and does not say what"
        );
        let request = world.request(name);
        let before = log(&world).await;
        let answer = world.app.send(request.clone()).await;
        let new = log(&world).await.into_iter().filter(|(id, _)| !before.contains_key(id));
        let new: Vec<Noted> = new.map(|(_, row)| row).collect();

        let said: BTreeSet<_> = new.iter().map(|row| (row.action.as_str(), row.subject.0.as_str())).collect();
        assert_eq!(said, table[name].audited.into_iter().collect(), "{name}");
        if let Some(audited) = policy.audits {
            assert_eq!(said, [(audited.action, audited.subject)].into(), "{name}");
            assert_eq!(new.len(), 1, "{name}");
            assert_says(&world, endpoint, &request, &answer, &new[0]).await;
            changes += 1;
        } else if let Some(action) = policy.shows_people {
            let shown: BTreeSet<_> = new.iter().map(|row| row.subject.1.clone()).collect();
            assert_eq!((shown, new.len()), (ids(&answer), ids(&answer).len()), "{name}");
            for row in &new {
                assert_eq!((row.action.as_str(), &row.about), (action, &row.subject.1), "{name}");
                assert_says(&world, endpoint, &request, &answer, row).await;
            }
        }
    }
    assert!(changes >= 11, "{changes}");
}

#[tokio::test]
async fn what_is_refused_leaves_no_row() {
    let world = World::of(app().await.0).await;
    let before = log(&world).await.len();
    for endpoint in world.app.declarations().filter(|endpoint| endpoint.policy.access != Access::Public) {
        let request = world.request(endpoint.name);
        let unknown = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_0000).to_string();
        let path = request.path().replace(testkit::SAMPLE_ID, &unknown);
        if path == request.path() {
            continue;
        }
        let elsewhere = request.at(&path);
        assert_eq!(world.app.send(elsewhere).await.status, 404, "{}", endpoint.name);
    }
    assert_eq!(log(&world).await.len(), before);
}
