use super::{accept, app, change_user, invite, invited};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/invitations{query}")).token(tenant.owner())).await
}

fn emails(page: &TestResponse) -> Vec<&str> {
    page.data().as_array().unwrap().iter().map(|it| it["email"].as_str().unwrap()).collect()
}

/// Invites these, each a moment after the one before.
async fn invite_in_order(app: &TestApp, tenant: &Tenant, role: Role, names: &[&str]) {
    for name in names {
        app.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(app.send(invite(tenant.token(role), &format!("{name}@example.com"))).await.status, 201);
    }
}

#[tokio::test]
async fn open_ones_are_listed_newest_first_as_they_were_made() {
    let app = app().await;
    let tenant = app.tenant().await;
    let made = app.send(invite(tenant.owner(), "a@example.com")).await;
    invite_in_order(&app, &tenant, Role::Admin, &["b", "c"]).await;
    let page = list(&app, &tenant, "?includeTotal=true").await;
    assert_eq!(emails(&page), ["c@example.com", "b@example.com", "a@example.com"]);
    assert_eq!(&page.data()[2], made.data());
    assert_eq!(page.json["meta"]["total"], 3);
}

#[tokio::test]
async fn what_nobody_can_take_any_more_is_not_listed() {
    let app = app().await;
    let tenant = app.tenant().await;
    let taken = invited(&app, tenant.owner(), "taken@example.com").await;
    assert_eq!(app.send(accept(&taken, "a long and lonely road")).await.status, 201);
    let withdrawn = app.send(invite(tenant.owner(), "withdrawn@example.com")).await;
    let address = format!("/api/v1/invitations/{}", withdrawn.data()["id"].as_str().unwrap());
    assert_eq!(app.send(TestRequest::new("DELETE", &address).token(tenant.owner())).await.status, 204);
    invite_in_order(&app, &tenant, Role::Owner, &["open", "open"]).await;
    invite_in_order(&app, &tenant, Role::Admin, &["admins"]).await;
    let seen = async || {
        let page = list(&app, &tenant, "?includeTotal=true").await;
        let emails: Vec<_> = emails(&page).into_iter().map(str::to_owned).collect();
        assert_eq!(page.json["meta"]["total"], emails.len());
        emails
    };
    assert_eq!(seen().await, ["admins@example.com", "open@example.com"]);
    for patch in [json!({ "role": "front_desk" }), json!({ "role": "admin", "status": "disabled" })] {
        assert_eq!(app.send(change_user(&tenant, tenant.owner(), Role::Admin, &patch)).await.status, 200);
        assert_eq!(seen().await, ["open@example.com"], "{patch}");
    }
    let back = json!({ "status": "active" });
    assert_eq!(app.send(change_user(&tenant, tenant.owner(), Role::Admin, &back)).await.status, 200);
    assert_eq!(seen().await, ["open@example.com"], "it was withdrawn");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn whoever_is_invited_or_withdrawn_while_somebody_pages_repeats_nobody() {
        let app = app().await;
        let tenant = app.tenant().await;
        invite_in_order(&app, &tenant, Role::Owner, &["a", "b", "c", "d", "e"]).await;
        let writing = {
            let (app, tenant) = (Arc::clone(&app), tenant.clone());
            tokio::spawn(async move { invite_in_order(&app, &tenant, Role::Admin, &["x", "y", "z"]).await })
        };
        let mut seen = Vec::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&app, &tenant, &query).await;
            seen.extend(emails(&page).into_iter().map(str::to_owned));
            let Value::String(cursor) = &page.json["meta"]["nextCursor"] else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        writing.await.unwrap();
        seen.retain(|email| email.as_str() < "f");
        let all = ["e@example.com", "d@example.com", "c@example.com", "b@example.com", "a@example.com"];
        assert_eq!(seen, all);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_are_not_listed_and_no_token_is_told() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        let token = invited(&app, other.owner(), "bia@example.com").await;
        assert_eq!(list(&app, &tenant, "").await.data(), &json!([]));
        let own = list(&app, &other, "").await;
        assert_eq!(emails(&own), ["bia@example.com"]);
        let hash = app.database.value("SELECT encode(token_hash, 'hex') FROM identity.invitations").await;
        assert!(!own.text.contains(&token) && !own.text.contains(&hash) && !own.text.contains("token"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_invitation_is_listed_for_seven_days_and_not_a_moment_longer() {
        let app = app().await;
        let tenant = app.tenant().await;
        assert_eq!(app.send(invite(tenant.owner(), "bia@example.com")).await.status, 201);
        app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_micros(1));
        let token = |app: &TestApp| {
            let now = shared::clock::Clock::now(&*app.clock);
            app.signer.issue(&tenant.principal(Role::Owner), tenant.clinic, now).unwrap()
        };
        let listed = async || {
            let request = TestRequest::get("/api/v1/invitations").token(&token(&app));
            app.send(request).await.data().as_array().unwrap().len()
        };
        assert_eq!(listed().await, 1);
        app.clock.advance(SignedDuration::from_micros(1));
        assert_eq!(listed().await, 0);
    }

    #[tokio::test]
    async fn limits_run_from_1_to_100_and_a_foreign_cursor_is_refused() {
        let app = app().await;
        let tenant = app.tenant().await;
        for bad in ["0", "101", "x"] {
            let refused = list(&app, &tenant, &format!("?limit={bad}")).await;
            assert_eq!((refused.status, refused.details()[0].0), (400, "/limit"), "{bad}");
        }
        invite_in_order(&app, &tenant, Role::Owner, &["a", "b"]).await;
        let users = app.send(TestRequest::get("/api/v1/users?limit=1").token(tenant.owner())).await;
        let cursor = users.json["meta"]["nextCursor"].as_str().unwrap();
        let refused = list(&app, &tenant, &format!("?cursor={cursor}")).await;
        assert_eq!(refused.refusal(), (400, "INVALID_CURSOR"));
        assert_eq!(emails(&list(&app, &tenant, "?limit=1").await), ["b@example.com"]);
    }
}
