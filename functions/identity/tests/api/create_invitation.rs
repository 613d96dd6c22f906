use super::{accept, access, app, id_of, invite, invited, mailed_invitation, sign_up};
use serde_json::{Value, json};
use shared::access::Role;
use testkit::{TestApp, TestRequest};

/// The clinic's invitations: address, role and how it ended.
async fn rows(app: &TestApp) -> Vec<Vec<String>> {
    let sql = "SELECT email, role, COALESCE(end_reason, 'open') AS state FROM identity.invitations ORDER BY state DESC";
    app.database.rows(sql).await
}

async fn count(app: &TestApp, what: &str) -> String {
    app.database.value(&format!("SELECT count(*) FROM {what}")).await
}

#[tokio::test]
async fn an_invitation_is_kept_announced_and_noted() {
    let app = app().await;
    let tenant = app.tenant().await;

    let answer = app.send(invite(tenant.token(Role::Admin), "Bia@Example.com")).await;

    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.data();
    assert_eq!(
        (&made["name"], &made["email"], &made["role"], &made["invitedBy"]),
        (
            &json!("Bia Lima"),
            &json!("Bia@Example.com"),
            &json!("clinician"),
            &json!(tenant.user(Role::Admin))
        )
    );
    let week = "SELECT (expires_at - created_at)::text, email_key, (token_hash IS NULL)::text FROM identity.invitations";
    assert_eq!(app.database.rows(week).await, [["7 days", "bia@example.com", "true"]]);
    let id = made["id"].as_str().unwrap();
    let event = app.events_where("kind = 'invitation.created'").await.pop().unwrap();
    assert_eq!((event.ids["invitationId"].to_string().as_str(), event.ids.len()), (id, 1));
    let audited = "SELECT action, actor_id, subject, subject_id FROM kernel.audit_log";
    let by = tenant.user(Role::Admin).to_string();
    assert_eq!(app.database.rows(audited).await, [["invitation.created", by.as_str(), "invitation", id]]);
}

#[tokio::test]
async fn inviting_again_replaces_the_invitation_and_ends_its_link() {
    let app = app().await;
    let tenant = app.tenant().await;
    let older = invited(&app, tenant.owner(), "bia@example.com").await;
    let newer = invited(&app, tenant.token(Role::Admin), "BIA@example.com").await;
    assert_eq!(
        rows(&app).await,
        [["bia@example.com", "clinician", "replaced"], ["BIA@example.com", "clinician", "open"]]
    );
    let password = "a long and lonely road";
    assert_eq!(app.send(accept(&older, password)).await.refusal(), (410, "INVITATION_EXPIRED"));
    assert_eq!(app.send(accept(&newer, password)).await.status, 201);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_many_invitations_of_one_address_at_once_one_is_open() {
        let app = app().await;
        let tenant = app.tenant().await;
        for round in 1..=4 {
            let requests = (0..16).map(|number| {
                let role = if number % 2 == 0 { Role::Owner } else { Role::Admin };
                invite(tenant.token(role), "bia@example.com")
            });
            let answers = app.send_at_once(requests.collect()).await;
            assert!(answers.iter().all(|answer| answer.status == 201), "{:?}", answers[0].text);
            assert_eq!(count(&app, "identity.invitations WHERE ended_at IS NULL").await, "1");
            assert_eq!(count(&app, "identity.invitations").await, (16 * round).to_string());
        }
    }

    #[tokio::test]
    async fn one_key_sent_many_times_at_once_invites_once() {
        let app = app().await;
        let tenant = app.tenant().await;
        let request = invite(tenant.owner(), "bia@example.com").key("once");
        let answers = app.send_at_once(vec![request; 8]).await;
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(!made.is_empty() && made.iter().all(|answer| answer.text == made[0].text));
        assert_eq!(count(&app, "identity.invitations").await, "1");
        assert_eq!(count(&app, "kernel.outbox").await, "1");
    }

    #[tokio::test]
    async fn whoever_accepts_while_another_invitation_is_made_is_a_member_or_invited_and_never_both() {
        let app = app().await;
        let tenant = app.tenant().await;
        for round in 0..20 {
            let email = format!("bia{round}@example.com");
            let token = invited(&app, tenant.owner(), &email).await;
            let requests = vec![accept(&token, "a long and lonely road"), invite(tenant.owner(), &email)];
            let answers = app.send_at_once(requests).await;
            let open = format!("identity.invitations WHERE email = '{email}' AND ended_at IS NULL");
            let joined = format!(
                "identity.memberships AS m JOIN identity.accounts AS a ON a.id = m.account_id WHERE a.email = '{email}'"
            );
            let state = (count(&app, &open).await, count(&app, &joined).await);
            if answers[0].status == 201 {
                assert_eq!(answers[1].refusal(), (409, "ALREADY_A_MEMBER"), "{round}");
                assert_eq!(state, ("0".to_owned(), "1".to_owned()), "{round}");
            } else {
                assert_eq!(answers[0].refusal(), (410, "INVITATION_EXPIRED"), "{round}");
                assert_eq!(answers[1].status, 201, "{round}");
                assert_eq!(state, ("1".to_owned(), "0".to_owned()), "{round}");
            }
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_member_is_not_invited_active_or_disabled_but_another_clinics_is() {
        let app = app().await;
        let tenant = app.tenant().await;
        let token = invited(&app, tenant.owner(), "bia@example.com").await;
        assert_eq!(app.send(accept(&token, "a long and lonely road")).await.status, 201);
        for state in ["NULL", "now()"] {
            app.database
                .run(&format!(
                    "UPDATE identity.memberships SET disabled_at = {state} WHERE name = 'Bia Lima'"
                ))
                .await;
            let refused = app.send(invite(tenant.owner(), "BIA@example.com")).await;
            assert_eq!(refused.refusal(), (409, "ALREADY_A_MEMBER"), "{state}");
            assert_eq!(refused.details(), [("/email", "ALREADY_A_MEMBER")]);
        }
        assert_eq!(count(&app, "identity.invitations WHERE ended_at IS NULL").await, "0");
        let other = app.tenant().await;
        assert_eq!(app.send(invite(other.owner(), "bia@example.com")).await.status, 201);
    }

    #[tokio::test]
    async fn whose_address_nobody_confirmed_invites_nobody() {
        let app = app().await;
        let clinic = app.send(sign_up("ana@example.com")).await;
        let refused = app.send(invite(access(&clinic), "bia@example.com")).await;
        assert_eq!(refused.refusal(), (403, "EMAIL_NOT_VERIFIED"));
        assert_eq!(count(&app, "identity.invitations").await, "0");
    }

    #[tokio::test]
    async fn when_a_part_fails_none_remains_and_the_older_link_is_good() {
        let app = app().await;
        let tenant = app.tenant().await;
        let token = invited(&app, tenant.owner(), "bia@example.com").await;
        app.database.run("ALTER TABLE kernel.audit_log ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        let failed = app.send(invite(tenant.owner(), "bia@example.com")).await;
        assert_eq!(failed.refusal(), (500, "INTERNAL_ERROR"));
        app.database.run("ALTER TABLE kernel.audit_log DROP CONSTRAINT broken").await;
        assert_eq!(rows(&app).await, [["bia@example.com", "clinician", "open"]]);
        assert_eq!(app.send(accept(&token, "a long and lonely road")).await.status, 201);
    }
}

mod boundary {
    use super::*;

    async fn send(app: &TestApp, token: &str, body: &Value) -> testkit::TestResponse {
        app.send(TestRequest::post("/api/v1/invitations", body).token(token)).await
    }

    #[tokio::test]
    async fn five_bad_fields_are_five_errors_told_at_once() {
        let app = app().await;
        let tenant = app.tenant().await;
        let body = json!({ "name": "", "email": "bia", "role": "owner", "clinicId": "x", "password": "y" });
        let all = send(&app, tenant.owner(), &body).await;
        let expected = [
            ("/clinicId", "UNKNOWN_FIELD"),
            ("/email", "INVALID_EMAIL"),
            ("/name", "TOO_SHORT"),
            ("/password", "UNKNOWN_FIELD"),
            ("/role", "INVALID_CHOICE"),
        ];
        assert_eq!((all.status, all.details()), (400, expected.to_vec()));
        assert_eq!(count(&app, "identity.invitations").await, "0");
    }

    #[tokio::test]
    async fn a_name_has_1_to_255_characters_and_no_link_and_an_address_254_and_a_whole_domain() {
        let app = app().await;
        let tenant = app.tenant().await;
        let long = |length: usize| {
            let domain = "@".to_owned() + &["d".repeat(60).as_str(); 3].join(".") + ".com";
            "b".repeat(length - domain.len()) + &domain
        };
        for (name, email, expected) in [
            ("n".repeat(256), "bia@example.com".to_owned(), "TOO_LONG"),
            ("see https://a.example".to_owned(), "bia@example.com".to_owned(), "INVALID_CHARACTERS"),
            ("Bia".to_owned(), "bia@localhost".to_owned(), "INVALID_EMAIL"),
            ("Bia".to_owned(), "b".repeat(250) + "@example.com", "INVALID_EMAIL"),
        ] {
            let body = json!({ "name": name, "email": email, "role": "admin" });
            let refused = send(&app, tenant.owner(), &body).await;
            assert_eq!(refused.status, 400, "{}", refused.text);
            assert!(
                refused.details().iter().any(|(_, code)| *code == expected),
                "{expected}: {}",
                refused.text
            );
        }
        let body = json!({ "name": "n".repeat(255), "email": long(200), "role": "front_desk" });
        assert_eq!(send(&app, tenant.owner(), &body).await.status, 201);
    }

    #[tokio::test]
    async fn every_role_but_the_owners_can_be_invited() {
        let app = app().await;
        let tenant = app.tenant().await;
        for role in ["admin", "clinician", "front_desk", "accountant"] {
            let email = format!("{role}@example.com").replace('_', "-");
            let body = json!({ "name": "Bia", "email": email, "role": role });
            let answer = send(&app, tenant.owner(), &body).await;
            let token = mailed_invitation(&app, id_of(&answer)).await;
            let joined = app.send(accept(&token, "a long and lonely road")).await;
            assert_eq!(joined.data()["user"]["role"], role);
        }
    }
}
