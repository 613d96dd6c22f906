use super::{
    CHEAP, CHEAP_HASH, PASSWORD, accept, access, app, change_user, confirm_reset, invited, log_in,
    mailed_reset, send_within, sign_up,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

const NEW: &str = "another long and winding road";

/// Somebody invited by the owner of a clinic, and the token of the link.
async fn guest() -> (Arc<TestApp>, Tenant, String) {
    let app = app().await;
    let tenant = app.tenant().await;
    let token = invited(&app, tenant.owner(), "bia@example.com").await;
    (app, tenant, token)
}

async fn me(app: &TestApp, token: &str) -> TestResponse {
    app.send(TestRequest::get("/api/v1/me").token(token)).await
}

/// The members called as the invited are: role, clinic, and whether the address is confirmed.
async fn joined(app: &TestApp) -> Vec<Vec<String>> {
    let sql = "SELECT m.role, m.clinic_id, (a.email_verified_at IS NOT NULL)::text
                 FROM identity.memberships AS m JOIN identity.accounts AS a ON a.id = m.account_id
                WHERE m.name = 'Bia Lima' ORDER BY m.id";
    app.database.rows(sql).await
}

async fn reason(app: &TestApp) -> String {
    app.database.value("SELECT COALESCE(end_reason, 'open') FROM identity.invitations").await
}

async fn accounts(app: &TestApp) -> String {
    app.database.value("SELECT count(*) FROM identity.accounts WHERE email_key = 'bia@example.com'").await
}

#[tokio::test]
async fn somebody_new_chooses_a_password_and_is_in_as_invited() {
    let (app, tenant, token) = guest().await;

    let answer = app.send(accept(&format!(" {token}\r\n"), PASSWORD)).await;

    assert_eq!(answer.status, 201, "{}", answer.text);
    let data = answer.data();
    assert_eq!(
        (&data["user"]["name"], &data["user"]["role"], &data["clinic"]["id"], &data["user"]["email"]),
        (&json!("Bia Lima"), &json!("clinician"), &json!(tenant.clinic), &json!("bia@example.com"))
    );
    assert_eq!(me(&app, access(&answer)).await.data()["user"]["id"], data["user"]["id"]);
    assert_eq!(joined(&app).await, [["clinician", &tenant.clinic.to_string(), "true"]]);
    assert_eq!(reason(&app).await, "accepted");
    assert_eq!(app.send(log_in("bia@example.com", PASSWORD)).await.status, 200);
    let audited = "SELECT actor_id, subject, (subject_id = (SELECT id FROM identity.invitations))::text
                     FROM kernel.audit_log WHERE action = 'invitation.accepted'";
    let user = data["user"]["id"].as_str().unwrap();
    assert_eq!(app.database.rows(audited).await, [[user, "invitation", "true"]]);
}

#[tokio::test]
async fn a_browser_is_in_by_a_cookie() {
    let (app, _, token) = guest().await;
    let body =
        json!({ "token": token, "password": PASSWORD, "refreshIn": "cookie", "deviceName": "Reception" });
    let answer = app.send(TestRequest::post("/api/v1/auth/invitations/accept", &body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.cookie("__Host-grafono-refresh").is_some() && answer.data().get("refreshToken").is_none());
    let devices = "SELECT device_name, transport FROM identity.sessions WHERE device_name IS NOT NULL";
    assert_eq!(app.database.rows(devices).await, [["Reception", "cookie"]]);
}

#[tokio::test]
async fn somebody_with_an_account_joins_by_its_password_and_none_is_set() {
    let (app, tenant, token) = guest().await;
    let own = app.send(sign_up("bia@example.com")).await;
    let hash = "SELECT password_hash FROM identity.accounts WHERE email_key = 'bia@example.com'";
    let before = app.database.value(hash).await;

    for wrong in [NEW, "password1"] {
        let refused = app.send(accept(&token, wrong)).await;
        assert_eq!(refused.refusal(), (422, "ACCOUNT_EXISTS"), "{wrong}");
        assert_eq!(refused.details(), [("/password", "ACCOUNT_EXISTS")]);
    }
    assert!(joined(&app).await.is_empty());
    let answer = app.send(accept(&token, PASSWORD)).await;

    assert_eq!(
        (answer.status, &answer.data()["clinic"]["id"]),
        (201, &json!(tenant.clinic)),
        "{}",
        answer.text
    );
    assert_eq!((app.database.value(hash).await, accounts(&app).await.as_str()), (before, "1"));
    assert_eq!(joined(&app).await, [["clinician", &tenant.clinic.to_string(), "true"]]);
    assert_eq!(me(&app, access(&own)).await.status, 200, "the session elsewhere goes on");
    assert_eq!(app.send(log_in("bia@example.com", PASSWORD)).await.refusal(), (409, "CLINIC_REQUIRED"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn taken_by_eight_at_once_it_makes_one_member_with_one_password() {
        for _ in 0..6 {
            let (app, _, token) = guest().await;
            let password = |number| format!("{NEW} {number}");
            let requests = (0..8).map(|number| accept(&token, &password(number)));
            let answers = app.send_at_once(requests.collect()).await;
            let won: Vec<usize> = (0..8).filter(|&place| answers[place].status == 201).collect();
            assert_eq!(won.len(), 1);
            for late in answers.iter().filter(|answer| answer.status != 201) {
                assert_eq!(late.refusal(), (410, "INVITATION_EXPIRED"));
            }
            assert_eq!(joined(&app).await.len(), 1);
            assert_eq!(app.send(log_in("bia@example.com", &password(won[0]))).await.status, 200);
            let sessions = "SELECT count(*) FROM identity.sessions AS s JOIN identity.accounts AS a ON a.id = s.account_id
                             WHERE a.email_key = 'bia@example.com'";
            assert_eq!(app.database.value(sessions).await, "2", "the winner's, and the sign-in's");
        }
    }

    #[tokio::test]
    async fn of_two_clinics_that_are_accepted_at_once_by_somebody_new_one_makes_the_account() {
        for round in 0..10 {
            let (app, _, first) = guest().await;
            let other = app.tenant().await;
            let second = invited(&app, other.owner(), "BIA@example.com").await;
            let tokens = [(&first, PASSWORD), (&second, NEW)];
            let requests = tokens.map(|(token, password)| accept(token, password)).to_vec();
            let answers = app.send_at_once(requests).await;
            assert_eq!(accounts(&app).await, "1", "{round}");
            let won = usize::from(answers[0].status != 201);
            assert_eq!(answers[won].status, 201, "{round}: {}", answers[won].text);
            assert_eq!(answers[1 - won].refusal(), (422, "ACCOUNT_EXISTS"), "{round}");
            // The password is the one of the first who came; with it the other clinic is joined, too.
            let again = app.send(accept(tokens[1 - won].0, tokens[won].1)).await;
            assert_eq!((again.status, joined(&app).await.len()), (201, 2), "{round}: {}", again.text);
        }
    }

    #[tokio::test]
    async fn an_acceptance_that_is_half_done_when_the_password_is_replaced_leaves_no_session_of_the_old_one()
    {
        let (app, _, token) = guest().await;
        app.send(sign_up("bia@example.com")).await;
        app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
        let reset = mailed_reset(&app, "bia@example.com").await;
        let (accepted, chosen) = send_within(&app, accept(&token, CHEAP), confirm_reset(&reset, NEW)).await;
        assert_eq!((accepted.status, chosen.status), (201, 204), "{} {}", accepted.text, chosen.text);
        assert_eq!(me(&app, access(&accepted)).await.refusal(), (401, "SESSION_ENDED"));
        assert_eq!(joined(&app).await.len(), 1);
    }

    #[tokio::test]
    async fn a_password_that_is_replaced_while_it_is_checked_joins_nobody() {
        let (app, _, token) = guest().await;
        app.send(sign_up("bia@example.com")).await;
        for round in 0..20 {
            app.database.run(&format!("UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}'")).await;
            let reset = mailed_reset(&app, "bia@example.com").await;
            let requests = vec![accept(&token, CHEAP), confirm_reset(&reset, NEW)];
            let answers = app.send_at_once(requests).await;
            assert_eq!(answers[1].status, 204, "{round}: {}", answers[1].text);
            let open = "SELECT count(*) FROM identity.sessions AS s JOIN identity.accounts AS a ON a.id = s.account_id
                         WHERE a.email_key = 'bia@example.com' AND s.ended_at IS NULL";
            assert_eq!(app.database.value(open).await, "0", "{round}");
            if answers[0].status == 201 {
                return;
            }
            assert_eq!(answers[0].refusal(), (422, "ACCOUNT_EXISTS"), "{round}");
            assert_eq!((joined(&app).await.len(), reason(&app).await.as_str()), (0, "open"), "{round}");
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn while_whoever_invites_may_not_the_invitation_is_void() {
        let app = app().await;
        let tenant = app.tenant().await;
        let token = invited(&app, tenant.token(Role::Admin), "bia@example.com").await;
        let before = app.hasher.calls();
        for patch in [json!({ "role": "front_desk" }), json!({ "role": "admin", "status": "disabled" })] {
            assert_eq!(app.send(change_user(&tenant, tenant.owner(), Role::Admin, &patch)).await.status, 200);
            assert_eq!(
                app.send(accept(&token, PASSWORD)).await.refusal(),
                (410, "INVITATION_EXPIRED"),
                "{patch}"
            );
        }
        assert_eq!(app.hasher.calls(), before, "nothing is hashed for a token that is no good");
        assert!(joined(&app).await.is_empty());
        // It stays so when the inviter is let in again: nobody saw it meanwhile, and nobody is to be surprised.
        let enabled = json!({ "status": "active" });
        assert_eq!(app.send(change_user(&tenant, tenant.owner(), Role::Admin, &enabled)).await.status, 200);
        assert_eq!(app.send(accept(&token, PASSWORD)).await.refusal(), (410, "INVITATION_EXPIRED"));
        assert_eq!(reason(&app).await, "withdrawn");
    }

    #[tokio::test]
    async fn a_token_of_another_clinic_or_of_none_is_not_found_and_nothing_is_hashed() {
        let (app, _, token) = guest().await;
        let other = app.tenant().await;
        let foreign = invited(&app, other.owner(), "eva@example.com").await;
        let mixed = format!("{}{}", &foreign[..21], &token[21..]);
        let changed = format!("{}{}", &token[..63], if token.ends_with('A') { "B" } else { "A" });
        let before = app.hasher.calls();
        for wrong in [mixed, changed, token[..63].to_owned(), format!("{token}A"), "x".to_owned()] {
            let refused = app.send(accept(&wrong, PASSWORD)).await;
            assert_eq!(refused.refusal(), (404, "INVITATION_NOT_FOUND"), "{wrong}");
        }
        assert_eq!(app.hasher.calls(), before);
        assert!(joined(&app).await.is_empty());
    }

    #[tokio::test]
    async fn an_account_that_nobody_confirmed_within_a_day_gives_way_and_a_younger_one_does_not() {
        for (age, expected) in [("23 hours 59 minutes", 422), ("24 hours", 201)] {
            let (app, _, token) = guest().await;
            app.send(sign_up("bia@example.com")).await;
            let now = shared::clock::Clock::now(&*app.clock);
            app.database
                .run(&format!(
                    "UPDATE identity.accounts SET created_at = '{now}'::timestamptz - interval '{age}'
                      WHERE email_key = 'bia@example.com'"
                ))
                .await;
            let answer = app.send(accept(&token, NEW)).await;
            assert_eq!(answer.status, expected, "{age}: {}", answer.text);
            assert_eq!(accounts(&app).await, "1");
            let works = if expected == 201 { NEW } else { PASSWORD };
            assert_eq!(app.send(log_in("bia@example.com", works)).await.status, 200, "{age}");
        }
    }

    #[tokio::test]
    async fn ones_own_account_joins_by_its_password_however_old_and_keeps_its_clinic() {
        let (app, tenant, token) = guest().await;
        let own = app.send(sign_up("Bia@example.com")).await;
        app.database.run("UPDATE identity.accounts SET created_at = created_at - interval '30 days'").await;
        let answer = app.send(accept(&token, PASSWORD)).await;
        assert_eq!((answer.status, accounts(&app).await.as_str()), (201, "1"), "{}", answer.text);
        assert_eq!(answer.data()["user"]["email"], "Bia@example.com", "as the account has it");
        assert_eq!(joined(&app).await, [["clinician", &tenant.clinic.to_string(), "true"]]);
        assert_eq!(me(&app, access(&own)).await.status, 200);
        let body = json!({ "email": "bia@example.com", "password": PASSWORD, "clinicId": own.data()["clinic"]["id"] });
        assert_eq!(app.send(TestRequest::post("/api/v1/auth/login", &body)).await.status, 200);
    }

    #[tokio::test]
    async fn a_wrong_password_is_noted_in_the_accounts_clinics_and_whoever_gets_in_with_the_address() {
        let (app, tenant, token) = guest().await;
        let own = app.send(sign_up("bia@example.com")).await;
        for password in [NEW, PASSWORD] {
            app.send(accept(&token, password).from("192.0.2.66")).await;
        }
        let noted = "SELECT action, clinic_id, host(client_address) FROM kernel.audit_log
                      WHERE client_address IS NOT NULL ORDER BY action";
        let clinic = own.data()["clinic"]["id"].as_str().unwrap();
        assert_eq!(
            app.database.rows(noted).await,
            [
                ["invitation.accepted", tenant.clinic.to_string().as_str(), "192.0.2.66"],
                ["session.refused", clinic, "192.0.2.66"],
            ]
        );
    }

    #[tokio::test]
    async fn what_a_sign_up_refuses_is_no_password_and_leaves_the_link_good() {
        let (app, tenant, token) = guest().await;
        for common in ["password1", "bia@example.com", "BiaLima1990", &format!("Clinic {}", tenant.clinic)] {
            let refused = app.send(accept(&token, common)).await;
            assert_eq!(refused.refusal(), (400, "COMMON_PASSWORD"), "{common}");
            assert_eq!(refused.details(), [("/password", "COMMON_PASSWORD")]);
        }
        assert_eq!(app.send(accept(&token, PASSWORD)).await.status, 201);
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        let (app, _, token) = guest().await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        assert_eq!(app.send(accept(&token, PASSWORD)).await.refusal(), (500, "INTERNAL_ERROR"));
        app.database.run("ALTER TABLE kernel.audit_log DROP CONSTRAINT broken").await;
        assert_eq!((accounts(&app).await.as_str(), reason(&app).await.as_str()), ("0", "open"));
        assert!(joined(&app).await.is_empty());
        assert_eq!(app.send(accept(&token, PASSWORD)).await.status, 201);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn it_is_good_for_seven_days_and_not_a_moment_longer() {
        for (early, expected) in [(1, 201), (0, 410), (-1_000_000, 410)] {
            let (app, _, token) = guest().await;
            app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_micros(early));
            let answer = app.send(accept(&token, PASSWORD)).await;
            assert_eq!(answer.status, expected, "{early}: {}", answer.text);
            if expected == 410 {
                assert_eq!(answer.code(), "INVITATION_EXPIRED");
            }
        }
    }

    #[tokio::test]
    async fn everything_wrong_is_told_at_once() {
        let (app, _, token) = guest().await;
        let body = json!({
            "token": "", "password": "short", "refreshIn": "header", "deviceName": "", "clinicId": Value::Null,
        });
        let all = app.send(TestRequest::post("/api/v1/auth/invitations/accept", &body)).await;
        let expected = [
            ("/clinicId", "UNKNOWN_FIELD"),
            ("/deviceName", "TOO_SHORT"),
            ("/password", "TOO_SHORT"),
            ("/refreshIn", "INVALID_CHOICE"),
            ("/token", "TOO_SHORT"),
        ];
        assert_eq!((all.status, all.details()), (400, expected.to_vec()));
        let long = |length| "a long and lonely road ".chars().cycle().take(length).collect::<String>();
        for (token, password, expected) in [
            (token.clone(), long(1025), (400, "TOO_LONG")),
            ("a".repeat(255), long(8), (404, "INVITATION_NOT_FOUND")),
            ("a".repeat(256), long(8), (400, "TOO_LONG")),
        ] {
            assert_eq!(app.send(accept(&token, &password)).await.refusal(), expected, "{token}");
        }
        assert_eq!(app.send(accept(&token, &long(8))).await.status, 201);
    }
}
