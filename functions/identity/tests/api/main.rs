//! The module's endpoints against a real Postgres, one `mod` a slice; in each, the failures that its catalogue row
//! names: a race, an integrity violation, a boundary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]

// One file each: `cargo run -- generate` writes the list.
mod accept_invitation;
mod binaries;
mod change_password;
mod confirm_password_reset;
mod create_clinic;
mod create_invitation;
mod delete_invitation;
mod delete_session;
mod get_clinic;
mod get_jwks;
mod get_me;
mod get_user;
mod identity_housekeeping;
mod limits;
mod list_invitations;
mod list_sessions;
mod list_users;
mod login;
mod logout;
mod mail_invitation;
mod mail_password_reset;
mod mail_session_alert;
mod refresh;
mod request_email_verification;
mod request_password_reset;
mod resend_email_verification;
mod update_clinic;
mod update_user;
mod verify_email;

use serde_json::{Value, json};
use shared::access::Role;
use shared::outbox::Event;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use testkit::{Contract, Tenant, TestApp, TestRequest, TestResponse};

const PASSWORD: &str = "a long and lonely road";

/// Every reply is held against the committed contract (B12).
static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../platform/openapi.json")));

async fn app() -> Arc<TestApp> {
    Arc::new(TestApp::of(vec![identity::module()]).await.held_to(&CONTRACT))
}

/// A sign-up with that address.
fn new_clinic(email: &str) -> Value {
    json!({
        "clinicName": "Clínica Aurora", "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "ownerName": "Ana Souza", "email": email, "password": PASSWORD,
    })
}

fn sign_up(email: &str) -> TestRequest {
    TestRequest::post("/api/v1/clinics", &new_clinic(email))
}

fn log_in(email: &str, password: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/login", &json!({ "email": email, "password": password }))
}

fn verify(token: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/verify-email", &json!({ "token": token }))
}

/// A change of the password, by whoever has this access token.
fn change(token: &str, current: &str, new: &str) -> TestRequest {
    let body = json!({ "currentPassword": current, "newPassword": new });
    TestRequest::new("PUT", "/api/v1/auth/password").text(&body.to_string()).token(token)
}

fn request_reset(email: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/password-resets", &json!({ "email": email }))
}

fn confirm_reset(token: &str, password: &str) -> TestRequest {
    let body = json!({ "token": token, "password": password });
    TestRequest::post("/api/v1/auth/password-resets/confirm", &body)
}

/// Asks for a link to choose a new password; what the consumer hears of it.
async fn requested_reset(app: &TestApp, email: &str) -> Event {
    assert_eq!(app.send(request_reset(email)).await.status, 202);
    let newest = "aggregate_id = (SELECT id FROM identity.password_reset_requests)";
    app.events_where(newest).await.pop().unwrap()
}

/// Asks for a link to choose a new password and has it mailed; its token.
async fn mailed_reset(app: &TestApp, email: &str) -> String {
    let event = requested_reset(app, email).await;
    app.take("mail-password-reset", &event).await.unwrap();
    let sql = "SELECT plain_text FROM kernel.mails WHERE key = 'password-reset/{request}'";
    let text = app.database.value(&sql.replace("{request}", &event.aggregate_id.to_string())).await;
    let (_, token) = text.split_once("https://app.example/reset-password?token=").unwrap();
    token.split_whitespace().next().unwrap().to_owned()
}

/// An invitation of `email`, by whoever has this access token.
fn invite(token: &str, email: &str) -> TestRequest {
    let body = json!({ "name": "Bia Lima", "email": email, "role": "clinician" });
    TestRequest::post("/api/v1/invitations", &body).token(token)
}

/// The id of the invitation that was answered.
fn id_of(answer: &TestResponse) -> &str {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.data()["id"].as_str().unwrap()
}

/// Has that invitation mailed; the token of its link.
async fn mailed_invitation(app: &TestApp, id: &str) -> String {
    let event = app.events_where(&format!("aggregate_id = '{id}'")).await.remove(0);
    app.take("mail-invitation", &event).await.unwrap();
    let sql = format!("SELECT plain_text FROM kernel.mails WHERE key = 'invitation/{id}'");
    let text = app.database.value(&sql).await;
    let (_, token) = text.split_once("https://app.example/accept-invitation?token=").unwrap();
    token.split_whitespace().next().unwrap().to_owned()
}

/// Invites `email`; the token of the link that is mailed.
async fn invited(app: &TestApp, token: &str, email: &str) -> String {
    let answer = app.send(invite(token, email)).await;
    mailed_invitation(app, id_of(&answer)).await
}

fn accept(token: &str, password: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/invitations/accept", &json!({ "token": token, "password": password }))
}

/// The address of the member with that role.
fn user(tenant: &Tenant, role: Role) -> String {
    format!("/api/v1/users/{}", tenant.user(role))
}

/// A change of the member with that role by the one with this token, whatever the version.
fn change_user(tenant: &Tenant, token: &str, of: Role, patch: &Value) -> TestRequest {
    TestRequest::patch(&user(tenant, of), patch).token(token).header("if-match", "*")
}

/// An access token that a sign-up or a sign-in answered.
fn access(answer: &TestResponse) -> &str {
    answer.data()["accessToken"].as_str().unwrap()
}

/// The hash of [`CHEAP`] at the least cost, so that signing in takes no time.
const CHEAP_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$Z3JhZm9uby1zYW1wbGUtMQ$oXDPG8SV4XZm3uxXHLhQYZaHyCR00dOpfRY+YZEX3EE";
const CHEAP: &str = "demo-on-one-machine";

/// Sends the request that replaces the password [`CHEAP`], while others sign in by it again and again: when the first of them
/// is in, and the others are on their way.
async fn send_among_sign_ins(app: &Arc<TestApp>, request: TestRequest) -> TestResponse {
    let done = Arc::new(AtomicBool::new(false));
    let (opened, mut first) = tokio::sync::mpsc::unbounded_channel();
    let signing_in = (0..4).map(|_| {
        let (app, done, opened) = (Arc::clone(app), Arc::clone(&done), opened.clone());
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                if app.send(log_in("ana@example.com", CHEAP)).await.status == 200 {
                    let _ = opened.send(());
                }
            }
        })
    });
    let signing_in: Vec<_> = signing_in.collect();
    first.recv().await.unwrap();
    let answer = app.send(request).await;
    done.store(true, Ordering::Relaxed);
    for one in signing_in {
        one.await.unwrap();
    }
    answer
}

/// Sends the request in the middle of a sign-in's transaction; the answers of both.
async fn send_within_a_sign_in(app: &Arc<TestApp>, request: TestRequest) -> (TestResponse, TestResponse) {
    send_within(app, log_in("ana@example.com", CHEAP), request).await
}

/// Has the database stop in the middle of the transaction of `opening`, when its session is written, until `request` has
/// been on its way for a while; the answers of both.
async fn send_within(
    app: &Arc<TestApp>,
    opening: TestRequest,
    request: TestRequest,
) -> (TestResponse, TestResponse) {
    app.database
        .run(
            "CREATE FUNCTION public.stop() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
             CREATE TRIGGER stop BEFORE INSERT ON identity.sessions FOR EACH ROW EXECUTE FUNCTION public.stop()",
        )
        .await;
    let url = app.database.url("postgres");
    let (holder, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
    let send = |request| {
        let app = Arc::clone(app);
        tokio::spawn(async move { app.send(request).await })
    };
    let signing_in = send(opening);
    let stopped = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while app.database.value(stopped).await == "0" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let replacing = send(request);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    holder.batch_execute("SELECT pg_advisory_unlock(1)").await.unwrap();
    let answers = (signing_in.await.unwrap(), replacing.await.unwrap());
    app.database.run("DROP TRIGGER stop ON identity.sessions").await;
    answers
}

/// Makes the account of `email` a member of the clinic of `other` too.
async fn join(app: &TestApp, email: &str, other: &str) {
    app
        .database
        .run(&format!(
            "INSERT INTO identity.memberships (id, clinic_id, account_id, name, role, version, created_at, updated_at)
             SELECT uuidv7(), m.clinic_id, a.id, 'Guest', 'clinician', 1, now(), now()
               FROM identity.accounts a, identity.memberships m JOIN identity.accounts o ON o.id = m.account_id
              WHERE a.email_key = '{email}' AND o.email_key = '{other}'"
        ))
        .await;
}
