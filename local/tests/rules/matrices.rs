//! Every endpoint against every caller, every foreign id and every field that is not the caller's to set (C1, C5, B7),
//! derived from the declarations.

use pasetors::keys::AsymmetricSecretKey;
use pasetors::version4::{PublicToken, V4};
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use shared::http::{Access, Declaration, Idempotency};
use testkit::{Tenant, TestApp, TestRequest, TestResponse, World};

const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099affff";

/// What nobody sets by sending it.
const PRIVILEGED: [&str; 8] =
    ["role", "clinicId", "balanceMinor", "version", "deletedAt", "isAdmin", "id", "createdAt"];

/// The JSON schema of an endpoint's body.
fn schema(endpoint: &Declaration) -> Option<Value> {
    Some((endpoint.body_schema)(&mut schemars::SchemaGenerator::default())?.to_value())
}

/// A valid body by the schema's own examples.
fn body(schema: &Value) -> Value {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.filter(|(_, field)| field["examples"].is_array());
    let fields = fields.map(|(name, field)| (name.clone(), field["examples"][0].clone()));
    Value::Object(fields.collect())
}

/// The refund of the sample payment.
const REFUND: &str = "01890a5d-ac96-774b-bcce-b302099a805b";

/// A request that the endpoint takes, about the thing with that id.
fn reach(endpoint: &Declaration, id: &str) -> TestRequest {
    let path = endpoint
        .route
        .template
        .replace("{id}", id)
        .replace("{refundId}", REFUND)
        .replace("{code}", "invalid-phone")
        .replace("$default", "/x");
    let request = TestRequest::new(endpoint.route.method.as_str(), &path).header("if-match", "\"1\"");
    let request =
        if endpoint.policy.idempotency == Idempotency::Refused { request } else { request.key(&path) };
    match schema(endpoint) {
        Some(schema) => request.text(&body(&schema).to_string()),
        None => request,
    }
}

/// A token of ours, for another audience.
fn for_another_audience(app: &TestApp, tenant: &Tenant) -> String {
    let own = tenant.owner();
    let footer = own.rsplit('.').next().unwrap();
    let footer = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, footer).unwrap();
    let now = app.clock.now();
    let owner = tenant.principal(Role::Owner);
    let claims = json!({
        "sub": owner.user_id, "clinic": owner.clinic_id, "role": "owner", "aud": "somebody-else", "iss": testkit::ISSUER,
        "sid": owner.session_id, "ver": 1, "aal": 1, "auth": now, "iat": now, "nbf": now, "jti": owner.user_id,
        "exp": now + shared::access::token::LIFETIME,
    });
    let key = AsymmetricSecretKey::<V4>::try_from(app.keys().0.as_str()).unwrap();
    PublicToken::sign(&key, claims.to_string().as_bytes(), Some(&footer), None).unwrap()
}

#[tokio::test]
async fn a_token_expired_or_for_somebody_else_opens_nothing() {
    let app = TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT);
    let tenant = app.tenant().await;
    let owner = tenant.principal(Role::Owner);
    let before = app.clock.now() - shared::access::token::LIFETIME;
    let expired = app.signer.issue(&owner, owner.user_id, before).unwrap();
    let foreign = for_another_audience(&app, &tenant);
    let mut tried = 0;
    for endpoint in app.declarations().filter(|endpoint| endpoint.policy.access != Access::Public) {
        for (token, code) in [(&expired, "TOKEN_EXPIRED"), (&foreign, "TOKEN_INVALID")] {
            let answer = app.send(reach(endpoint, UNKNOWN).token(token)).await;
            assert_eq!(answer.refusal(), (401, code), "{}", endpoint.name);
        }
        let own = app.send(reach(endpoint, UNKNOWN).token(tenant.owner())).await;
        assert_ne!(
            own.status, 401,
            "{}: the owner's own token is taken, so the check can tell",
            endpoint.name
        );
        tried += 1;
    }
    assert!(tried >= 8);
}

/// What ends a caller's access, what gives it back, and what every call says meanwhile.
const ENDS: [(&str, &str, &str); 3] = [
    (
        "UPDATE identity.sessions SET ended_at = now(), expires_at = now(), end_reason = 'logout'",
        "UPDATE identity.sessions SET ended_at = NULL, expires_at = 'infinity', end_reason = NULL",
        "SESSION_ENDED",
    ),
    (
        "UPDATE identity.memberships SET disabled_at = now()",
        "UPDATE identity.memberships SET disabled_at = NULL",
        "SESSION_ENDED",
    ),
    (
        "UPDATE identity.memberships SET access_version = access_version + 1",
        "UPDATE identity.memberships SET access_version = access_version - 1",
        "ACCESS_CHANGED",
    ),
];

/// Everything that a call may leave behind, but for what was counted.
const EVERYTHING: &str = "SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM (
    SELECT t::text AS row FROM patients.patients AS t UNION ALL SELECT t::text FROM billing.transfers AS t UNION ALL
    SELECT t::text FROM billing.balances AS t UNION ALL SELECT t::text FROM kernel.jobs AS t UNION ALL
    SELECT t::text FROM kernel.outbox AS t UNION ALL SELECT t::text FROM kernel.audit_log AS t UNION ALL
    SELECT t::text FROM kernel.idempotency_keys AS t UNION ALL SELECT t::text FROM identity.invitations AS t UNION ALL
    SELECT t::text FROM identity.accounts AS t UNION ALL SELECT t::text FROM platform.webhook_endpoints AS t UNION ALL
    SELECT t::text FROM platform.webhook_secrets AS t) AS everything";

#[tokio::test]
async fn an_ended_session_a_disabled_member_and_a_role_of_before_do_nothing_anywhere() {
    let world = World::of(TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT)).await;
    let (app, database) = (&world.app, &world.app.database);
    let guarded = || app.declarations().filter(|endpoint| endpoint.policy.access != Access::Public);
    for (end, give_back, code) in ENDS {
        database.run(end).await;
        let before = database.value(EVERYTHING).await;
        for endpoint in guarded() {
            let answer = app.send(world.request(endpoint.name)).await;
            if code == "ACCESS_CHANGED" && endpoint.policy.answers_by_now {
                assert_eq!(answer.status, 200, "{}: {}", endpoint.name, answer.text);
            } else {
                assert_eq!(answer.refusal(), (401, code), "{}", endpoint.name);
            }
        }
        assert_eq!(database.value(EVERYTHING).await, before, "{code}: something was done");
        database.run(give_back).await;
    }
    // It was the access: with it each does what it is for. What changes the access of others comes last.
    let mut tried = 0;
    for endpoint in guarded().filter(|endpoint| endpoint.name != "update-user") {
        let answer = app.send(world.request(endpoint.name)).await;
        assert!(answer.status < 300, "{}: {}", endpoint.name, answer.text);
        tried += 1;
    }
    assert!(tried >= 20);
}

/// The id of what the endpoint's sample is about.
fn id_of_sample(world: &World, endpoint: &Declaration) -> String {
    let found = endpoint.route.parameters(world.request(endpoint.name).path()).unwrap();
    found.into_iter().find(|(name, _)| name == "id").unwrap().1
}

/// The reply without what differs between any two requests.
fn essence(answer: &TestResponse) -> Value {
    let mut json = answer.json.clone();
    json["meta"]["requestId"] = Value::Null;
    json["instance"] = Value::Null;
    json
}

#[tokio::test]
async fn another_clinics_things_answer_like_things_that_never_were_and_stay_untouched() {
    let own = World::of(TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT)).await;
    let other = own.second().await;
    let (app, tenant) = (&own.app, &own.tenant);
    let everything = "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (
                          SELECT p::text FROM patients.patients AS p WHERE clinic_id = '{other}' UNION ALL
                          SELECT t::text FROM billing.transfers AS t WHERE clinic_id = '{other}' UNION ALL
                          SELECT p::text FROM billing.payments AS p WHERE clinic_id = '{other}' UNION ALL
                          SELECT b::text FROM billing.balances AS b WHERE clinic_id = '{other}') AS t";
    let everything = everything.replace("{other}", &other.tenant.clinic.to_string());
    let before = app.database.value(&everything).await;
    let mut tried = 0;
    for endpoint in app.declarations().filter(|endpoint| endpoint.route.template.contains("{id}")) {
        let request = |id: &str| reach(endpoint, id).token(tenant.owner());
        let of_other = app.send(request(&id_of_sample(&other, endpoint))).await;
        let of_nobody = app.send(request(UNKNOWN)).await;
        let malformed = app.send(request("7")).await;
        assert_eq!(of_other.status, 404, "{}: {}", endpoint.name, of_other.text);
        assert_eq!(essence(&of_other), essence(&of_nobody), "{}", endpoint.name);
        assert_eq!(malformed.refusal(), (400, "INVALID_UUID"), "{}", endpoint.name);
        let of_own = app.send(request(&id_of_sample(&own, endpoint))).await;
        assert!(of_own.status < 300, "{}: one's own is there: {}", endpoint.name, of_own.text);
        tried += 1;
    }
    assert!(tried >= 4);
    assert_eq!(app.database.value(&everything).await, before);
}

/// What is of the member who asks alone: another member of the clinic, who may call as well, finds nothing.
const OF_ONE_MEMBER: [&str; 4] = ["cancel-job", "delete-session", "get-job", "get-job-result"];

#[tokio::test]
async fn another_members_things_answer_like_things_that_never_were_where_they_are_one_members() {
    let world = World::of(TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT)).await;
    let mut hidden = Vec::new();
    for endpoint in world.app.declarations().filter(|endpoint| endpoint.route.template.contains("{id}")) {
        let request = |id: &str| reach(endpoint, id).token(world.tenant.token(Role::Admin));
        let of_owner = world.app.send(request(&id_of_sample(&world, endpoint))).await;
        if of_owner.status < 300 {
            continue;
        }
        let of_nobody = world.app.send(request(UNKNOWN)).await;
        assert_eq!((of_owner.status, essence(&of_owner)), (404, essence(&of_nobody)), "{}", endpoint.name);
        let of_own = world
            .app
            .send(reach(endpoint, &id_of_sample(&world, endpoint)).token(world.tenant.owner()))
            .await;
        assert!(of_own.status < 300, "{}: it is there: {}", endpoint.name, of_own.text);
        hidden.push(endpoint.name);
    }
    hidden.sort_unstable();
    assert_eq!(hidden, OF_ONE_MEMBER);
}

/// What is put away, without what refers to it.
const ARCHIVE: &str = "
    UPDATE patients.patients SET deleted_at = now();
    UPDATE platform.webhook_endpoints SET deleted_at = now();
    UPDATE identity.invitations SET ended_at = now(), expires_at = now(), end_reason = 'withdrawn';
    UPDATE identity.sessions SET ended_at = now(), expires_at = now(), end_reason = 'removed'
     WHERE id IN (SELECT s.id FROM identity.sessions AS s WHERE s.expires_at = '2100-01-01Z')";

/// What is still answered of what was put away: money that was taken, work that was queued, people who left, and
/// everything that is held about somebody.
const STAYS: [&str; 18] = [
    "cancel-job",
    "cancel-payment",
    "create-refund",
    "export-patient",
    "get-balance",
    "get-job",
    "get-job-result",
    "get-payment",
    "get-receipt",
    "get-refund",
    "get-transaction",
    "get-user",
    "list-patient-transactions",
    "list-refunds",
    "mail-receipt",
    "resolve-payment",
    "reverse-transaction",
    "update-user",
];

#[tokio::test]
async fn what_was_put_away_answers_like_things_that_never_were() {
    let world = World::of(TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT)).await;
    world.app.database.run(ARCHIVE).await;
    let mut stays = Vec::new();
    for endpoint in world.app.declarations().filter(|endpoint| endpoint.route.template.contains("{id}")) {
        let request = |id: &str| reach(endpoint, id).token(world.tenant.owner());
        let archived = world.app.send(request(&id_of_sample(&world, endpoint))).await;
        if archived.status < 300 {
            stays.push(endpoint.name);
            continue;
        }
        let of_nobody = world.app.send(request(UNKNOWN)).await;
        assert_eq!((archived.status, essence(&archived)), (404, essence(&of_nobody)), "{}", endpoint.name);
    }
    stays.sort_unstable();
    assert_eq!(stays, STAYS);
}

/// The id in the notations that `format: uuid` does not mean.
fn other_notations(id: &str) -> [String; 3] {
    [id.replace('-', ""), format!("%7B{id}%7D"), format!("urn:uuid:{id}")]
}

#[tokio::test]
async fn an_id_is_taken_in_one_notation_wherever_one_is_sent() {
    let app = TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT);
    let tenant = app.tenant().await;
    let mut tried = 0;
    for endpoint in app.declarations() {
        let schema = schema(endpoint).unwrap_or_default();
        let fields = schema["properties"].as_object().into_iter().flatten();
        let ids = fields.filter(|(_, field)| field["format"] == "uuid").map(|(name, _)| name.as_str());
        let in_path = endpoint.route.template.contains("{id}").then_some("");
        for (field, id) in ids.chain(in_path).flat_map(|field| other_notations(UNKNOWN).map(|id| (field, id)))
        {
            let request = if field.is_empty() {
                reach(endpoint, &id)
            } else {
                let mut sent = body(&schema);
                sent[field] = json!(id.replace("%7B", "{").replace("%7D", "}"));
                reach(endpoint, UNKNOWN).text(&sent.to_string())
            };
            let answer = app.send(request.token(tenant.owner())).await;
            assert_eq!(answer.refusal(), (400, "INVALID_UUID"), "{} {field} {id}", endpoint.name);
            tried += 1;
        }
    }
    assert!(tried >= 18, "{tried}");
}

#[tokio::test]
async fn privileged_and_unknown_fields_are_refused_wherever_a_body_is_taken() {
    let app = TestApp::of(grafono::modules()).await.held_to(&crate::CONTRACT);
    let tenant = app.tenant().await;
    let mut tried = 0;
    // What SendGrid sends is a list of its own making: what nobody asks for in it is passed over.
    for endpoint in app.declarations().filter(|endpoint| endpoint.policy.headers.is_empty()) {
        let Some(schema) = schema(endpoint) else { continue };
        for field in PRIVILEGED.into_iter().chain(["nonsense"]) {
            if schema["properties"][field] != Value::Null {
                continue;
            }
            let mut sent = body(&schema);
            sent[field] = json!("canary");
            let answer =
                app.send(reach(endpoint, UNKNOWN).token(tenant.owner()).text(&sent.to_string())).await;
            let pointer = format!("/{field}");
            assert_eq!(answer.status, 400, "{} {field}", endpoint.name);
            assert!(
                answer.details().contains(&(pointer.as_str(), "UNKNOWN_FIELD")),
                "{} {field}",
                endpoint.name
            );
            assert!(!answer.text.contains("canary"), "{} {field}", endpoint.name);
            tried += 1;
        }
    }
    assert!(tried >= 40, "{tried}");
}
