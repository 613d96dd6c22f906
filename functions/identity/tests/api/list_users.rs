use super::{app, change_user};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use shared::clock::Clock as _;
use std::collections::BTreeSet;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

async fn list(app: &TestApp, tenant: &Tenant, query: &str) -> TestResponse {
    app.send(TestRequest::get(&format!("/api/v1/users{query}")).token(tenant.owner())).await
}

fn names(answer: &TestResponse) -> Vec<&str> {
    answer.data().as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

fn cursor(answer: &TestResponse) -> &str {
    answer.json.pointer("/meta/nextCursor").and_then(Value::as_str).unwrap_or_default()
}

/// Adds people of that role a second apart.
async fn add_in_order(app: &TestApp, tenant: &Tenant, role: &str, names: &[&str]) {
    for name in names {
        app.clock.advance(SignedDuration::from_secs(1));
        let sql = "WITH account AS (
                       INSERT INTO identity.accounts (id, email, email_key, password_hash, created_at, updated_at)
                       VALUES (uuidv7(), '{name}@example.com', '{name}@example.com', '$argon2id$none', '{now}', '{now}')
                       RETURNING id)
                   INSERT INTO identity.memberships
                          (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                   SELECT uuidv7(), '{clinic}', id, '{name}', '{role}', 1, '{now}', '{now}' FROM account";
        let sql = sql.replace("{name}", name).replace("{now}", &app.clock.now().to_string());
        app.database.run(&sql.replace("{clinic}", &tenant.clinic.to_string()).replace("{role}", role)).await;
    }
}

#[tokio::test]
async fn people_are_listed_from_the_newest_to_the_oldest_with_what_they_are() {
    let app = app().await;
    let tenant = app.tenant().await;
    add_in_order(&app, &tenant, "clinician", &["ana", "bia"]).await;

    let first = list(&app, &tenant, "?limit=2&includeTotal=true").await;
    let second = list(&app, &tenant, &format!("?limit=100&cursor={}", cursor(&first))).await;

    assert_eq!(names(&first), ["bia", "ana"]);
    let newest = &first.data()[0];
    let expected = json!({
        "id": newest["id"], "name": "bia", "email": "bia@example.com", "role": "clinician", "status": "active",
        "createdAt": app.clock.now(), "version": 1,
    });
    assert_eq!(newest, &expected);
    let meta = &first.json["meta"];
    assert_eq!((&meta["page"], &meta["total"], &meta["hasMore"]), (&json!(1), &json!(7), &json!(true)));
    assert_eq!(names(&second), ["A owner", "A admin", "A clinician", "A front_desk", "A accountant"]);
    assert_eq!(second.json["meta"]["hasMore"], false);
}

#[tokio::test]
async fn filters_narrow_the_list_and_what_is_counted() {
    let app = app().await;
    let tenant = app.tenant().await;
    add_in_order(&app, &tenant, "clinician", &["ana", "bia"]).await;
    let disabling = json!({ "status": "disabled" });
    app.send(change_user(&tenant, tenant.owner(), Role::Clinician, &disabling)).await;
    app.send(change_user(&tenant, tenant.owner(), Role::Accountant, &disabling)).await;
    for (query, expected) in [
        ("?role=clinician", vec!["A clinician", "ana", "bia"]),
        ("?role=clinician&status=active", vec!["ana", "bia"]),
        ("?role=clinician&status=disabled", vec!["A clinician"]),
        ("?status=disabled", vec!["A accountant", "A clinician"]),
        ("?status=active", vec!["A admin", "A front_desk", "A owner", "ana", "bia"]),
        ("?role=accountant&status=active", vec![]),
    ] {
        let page = list(&app, &tenant, &format!("{query}&includeTotal=true")).await;
        let mut seen = names(&page);
        seen.sort_unstable();
        assert_eq!(
            (seen, &page.json["meta"]["total"]),
            (expected.clone(), &json!(expected.len())),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_cursor_is_of_its_filters_and_the_link_to_the_next_page_has_them() {
    let app = app().await;
    let tenant = app.tenant().await;
    add_in_order(&app, &tenant, "admin", &["ana", "bia"]).await;
    let first = list(&app, &tenant, "?role=admin&status=active&limit=2").await;
    let next = format!("/api/v1/users?limit=2&status=active&role=admin&cursor={}", cursor(&first));
    assert_eq!(first.header("link"), Some(format!("<{next}>; rel=\"next\"").as_str()));
    let second = app.send(TestRequest::get(&next).token(tenant.owner())).await;
    assert_eq!((names(&first), names(&second)), (vec!["bia", "ana"], vec!["A admin"]));
    for other in
        ["", "&role=admin", "&status=active", "&status=disabled&role=admin", "&status=active&role=owner"]
    {
        let refused = list(&app, &tenant, &format!("?limit=2&cursor={}{other}", cursor(&first))).await;
        assert_eq!(refused.refusal(), (400, "INVALID_CURSOR"), "{other}");
        assert_eq!(refused.details(), [("/cursor", "INVALID_CURSOR")], "{other}");
    }
    let unfiltered = list(&app, &tenant, "?limit=2").await;
    let filtered = list(&app, &tenant, &format!("?role=admin&cursor={}", cursor(&unfiltered))).await;
    assert_eq!(filtered.refusal(), (400, "INVALID_CURSOR"));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn whoever_is_added_or_changed_while_somebody_pages_is_seen_at_most_once_and_pushes_nobody_out() {
        let app = app().await;
        let tenant = app.tenant().await;
        add_in_order(&app, &tenant, "clinician", &["a", "b", "c", "d", "e"]).await;
        let mut seen = Vec::new();
        let mut query = "?limit=2&role=clinician".to_owned();
        for late in ["late1", "late2", "late3", "late4"] {
            let page = list(&app, &tenant, &query).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            add_in_order(&app, &tenant, "clinician", &[late]).await;
            app.database.run("UPDATE identity.memberships SET name = name, version = version + 1").await;
            if cursor(&page).is_empty() {
                break;
            }
            query = format!("?limit=2&role=clinician&cursor={}", cursor(&page));
        }
        assert_eq!(seen, ["e", "d", "c", "b", "a", "A clinician"]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_people_are_not_listed_and_people_of_one_instant_come_once_each() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        app.database.run("UPDATE identity.memberships SET created_at = updated_at").await;
        let own: BTreeSet<_> = Role::ALL.iter().map(|role| tenant.user(*role).to_string()).collect();
        let mut seen = BTreeSet::new();
        let mut query = "?limit=1".to_owned();
        for _ in 0..own.len() {
            let page = list(&app, &tenant, &query).await;
            assert!(seen.insert(page.data()[0]["id"].as_str().unwrap().to_owned()));
            query = format!("?limit=1&cursor={}", cursor(&page));
        }
        assert_eq!(seen, own);
        assert_eq!(query, "?limit=1&cursor=");
        assert!(!own.contains(&other.user(Role::Owner).to_string()));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn limits_run_from_1_to_100_and_20_is_the_default() {
        let app = app().await;
        let tenant = app.tenant().await;
        for bad in ["0", "101", "-1", "x", ""] {
            let refused = list(&app, &tenant, &format!("?limit={bad}")).await;
            assert_eq!((refused.status, refused.details()[0].0), (400, "/limit"), "{bad}");
        }
        for (query, limit) in [("", 20), ("?limit=1", 1), ("?limit=100", 100)] {
            assert_eq!(list(&app, &tenant, query).await.json["meta"]["limit"], limit);
        }
    }

    #[tokio::test]
    async fn everything_wrong_with_a_query_is_told_at_once() {
        let app = app().await;
        let tenant = app.tenant().await;
        let all = list(&app, &tenant, "?status=gone&role=superuser&limit=0&cursor=AAAA&page=2").await;
        let expected = [
            ("/cursor", "INVALID_CURSOR"),
            ("/limit", "OUT_OF_RANGE"),
            ("/page", "UNKNOWN_PARAMETER"),
            ("/role", "INVALID_CHOICE"),
            ("/status", "INVALID_CHOICE"),
        ];
        assert_eq!((all.status, all.details()), (400, expected.to_vec()));
        for (query, code) in [
            ("?status=", "INVALID_CHOICE"),
            ("?status=Active", "INVALID_CHOICE"),
            ("?status=active&status=active", "REPEATED_PARAMETER"),
            ("?role=owner,admin", "INVALID_CHOICE"),
        ] {
            assert_eq!(list(&app, &tenant, query).await.refusal(), (400, code), "{query}");
        }
    }

    #[tokio::test]
    async fn a_filter_that_nobody_fits_has_an_empty_page() {
        let app = app().await;
        let tenant = app.tenant().await;
        let page = list(&app, &tenant, "?status=disabled&includeTotal=true").await;
        assert_eq!((page.data(), &page.json["meta"]["total"]), (&json!([]), &json!(0)));
        assert_eq!(page.json["meta"]["nextCursor"], Value::Null);
    }
}
