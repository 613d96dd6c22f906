use super::{PASSWORD, access, app, log_in, sign_up};
use testkit::{TestApp, TestRequest, TestResponse};

fn delete(id: &str, token: &str) -> TestRequest {
    TestRequest::new("DELETE", &format!("/api/v1/sessions/{id}")).token(token)
}

/// The id of the session of this access token.
async fn id(app: &TestApp, token: &str) -> String {
    let listed = app.send(TestRequest::get("/api/v1/sessions").token(token)).await;
    let own = listed.data().as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_lost_phone_is_signed_out_from_another_device() {
    let app = app().await;
    let phone = app.send(sign_up("ana@example.com")).await;
    let desk = app.send(log_in("ana@example.com", PASSWORD)).await;
    let lost = id(&app, access(&phone)).await;
    assert_eq!(app.send(delete(&lost, access(&desk))).await.status, 204);
    let me = |answer: &TestResponse| TestRequest::get("/api/v1/me").token(access(answer));
    assert_eq!(app.send(me(&phone)).await.refusal(), (401, "SESSION_ENDED"));
    assert_eq!(app.send(me(&desk)).await.status, 200);
    let own = id(&app, access(&desk)).await;
    assert_eq!(app.send(delete(&own, access(&desk))).await.status, 204);
    assert_eq!(app.send(me(&desk)).await.refusal(), (401, "SESSION_ENDED"), "the own one can be ended, too");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_eight_at_once_one_ends_it_and_the_others_find_nothing() {
        let app = app().await;
        let phone = app.send(sign_up("ana@example.com")).await;
        let desk = app.send(log_in("ana@example.com", PASSWORD)).await;
        let lost = id(&app, access(&phone)).await;
        let answers = app.send_at_once(vec![delete(&lost, access(&desk)); 8]).await;
        let ended = answers.iter().filter(|answer| answer.status == 204).count();
        let missed = answers.iter().filter(|answer| answer.status == 404).count();
        assert_eq!((ended, missed), (1, 7));
        let said = "SELECT count(*) FROM kernel.audit_log WHERE action = 'session.ended'";
        assert_eq!(app.database.value(said).await, "1");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn somebody_elses_session_is_not_found_and_goes_on() {
        let app = app().await;
        let own = app.send(sign_up("ana@example.com")).await;
        let other = app.send(sign_up("bia@example.com")).await;
        let theirs = id(&app, access(&other)).await;
        let refused = app.send(delete(&theirs, access(&own))).await;
        assert_eq!(refused.refusal(), (404, "SESSION_NOT_FOUND"));
        // A colleague's, in the same clinic.
        let sql = "INSERT INTO identity.memberships
                          (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                   SELECT uuidv7(), m.clinic_id, a.id, 'Guest', 'admin', 1, now(), now()
                     FROM identity.accounts a, identity.memberships m JOIN identity.accounts o ON o.id = m.account_id
                    WHERE a.email_key = 'bia@example.com' AND o.email_key = 'ana@example.com';
                   INSERT INTO identity.sessions
                          (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at,
                           created_at, updated_at)
                   SELECT '01890a5d-ac96-774b-bcce-b302099a8057', clinic_id, id, account_id, 'body', sha256(''), now(),
                          now() + interval '1 day', now(), now() FROM identity.memberships WHERE name = 'Guest'";
        app.database.run(sql).await;
        let refused = app.send(delete("01890a5d-ac96-774b-bcce-b302099a8057", access(&own))).await;
        assert_eq!(refused.refusal(), (404, "SESSION_NOT_FOUND"));
        let ended = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NOT NULL";
        assert_eq!(app.database.value(ended).await, "0");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_session_that_is_over_is_not_found_and_a_malformed_id_is_400() {
        let app = app().await;
        let phone = app.send(sign_up("ana@example.com")).await;
        let desk = app.send(log_in("ana@example.com", PASSWORD)).await;
        let lost = id(&app, access(&phone)).await;
        app.database.run("UPDATE identity.sessions SET expires_at = created_at").await;
        app.database
            .run(
                "UPDATE identity.sessions SET expires_at = 'infinity' WHERE id <> '{lost}'"
                    .replace("{lost}", &lost)
                    .as_str(),
            )
            .await;
        assert_eq!(app.send(delete(&lost, access(&desk))).await.refusal(), (404, "SESSION_NOT_FOUND"));
        assert_eq!(app.send(delete("7", access(&desk))).await.refusal(), (400, "INVALID_UUID"));
    }
}
