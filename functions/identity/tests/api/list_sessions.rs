use super::{PASSWORD, app, sign_up};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{TestApp, TestRequest};

async fn sessions(app: &TestApp, token: &str) -> Vec<Value> {
    let answer = app.send(TestRequest::get("/api/v1/sessions").token(token)).await;
    answer.data().as_array().unwrap().clone()
}

/// An access token of the account on a device of that name.
async fn sign_in(app: &TestApp, device: &str) -> String {
    let body = json!({ "email": "ana@example.com", "password": PASSWORD, "deviceName": device });
    let answer = app.send(TestRequest::post("/api/v1/auth/login", &body)).await;
    answer.data()["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn open_sessions_are_listed_newest_first_and_the_own_is_marked() {
    let app = app().await;
    app.send(sign_up("ana@example.com")).await;
    app.clock.advance(SignedDuration::from_secs(1));
    let token = sign_in(&app, "Reception").await;
    app.clock.advance(SignedDuration::from_secs(1));
    sign_in(&app, "Phone").await;
    let listed = sessions(&app, &token).await;
    let seen: Vec<_> = listed.iter().map(|one| (one["deviceName"].clone(), one["current"].clone())).collect();
    assert_eq!(
        seen,
        [("Phone".into(), false.into()), ("Reception".into(), true.into()), (Value::Null, false.into())]
    );
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_list_while_somebody_signs_in_and_out_has_each_session_once() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let token = sign_in(&app, "Reception").await;
        let body = json!({ "email": "ana@example.com", "password": PASSWORD });
        let mut requests = vec![TestRequest::get("/api/v1/sessions").token(&token); 4];
        requests.extend(vec![TestRequest::post("/api/v1/auth/login", &body); 4]);
        for answer in app.send_at_once(requests).await.iter().take(4) {
            let ids: Vec<_> =
                answer.data().as_array().unwrap().iter().map(|one| one["id"].to_string()).collect();
            let once: std::collections::BTreeSet<_> = ids.iter().collect();
            assert!(once.len() == ids.len() && ids.len() >= 2);
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nobody_sees_anothers_sessions_or_those_that_are_over() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let token = sign_in(&app, "Reception").await;
        let colleague = "INSERT INTO identity.memberships
                                (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                         SELECT uuidv7(), m.clinic_id, a.id, 'Guest', 'clinician', 1, now(), now()
                           FROM identity.accounts a, identity.memberships m JOIN identity.accounts o ON o.id = m.account_id
                          WHERE a.email_key = 'bia@example.com' AND o.email_key = 'ana@example.com'";
        app.send(sign_up("bia@example.com")).await;
        app.database.run(colleague).await;
        app.database.run("INSERT INTO identity.sessions
                                 (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at,
                                  created_at, updated_at)
                          SELECT uuidv7(), clinic_id, id, account_id, 'body', sha256(''), now(), 'infinity', now(), now()
                            FROM identity.memberships WHERE name = 'Guest'").await;
        assert_eq!(sessions(&app, &token).await.len(), 2);
        app.database
            .run(
                "UPDATE identity.sessions SET ended_at = now(), expires_at = now(), end_reason = 'removed'
                           WHERE device_name IS NULL",
            )
            .await;
        assert_eq!(sessions(&app, &token).await.len(), 1);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn of_a_hundred_and_one_the_newest_hundred_are_listed() {
        let app = app().await;
        let made = app.send(sign_up("ana@example.com")).await;
        let token = made.data()["accessToken"].as_str().unwrap();
        let sql = "INSERT INTO identity.sessions
                          (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at,
                           created_at, updated_at)
                   SELECT uuidv7(), clinic_id, user_id, account_id, 'body', sha256(''), now(), now() + interval '1 day',
                          now() + interval '1 hour', now() FROM identity.sessions, generate_series(1, 100)";
        app.database.run(sql).await;
        let listed = sessions(&app, token).await;
        assert!(listed.len() == 100 && listed.iter().all(|one| one["current"] == false));
    }
}
