use super::{app, change_user, user};
use serde_json::json;
use shared::access::Role;
use testkit::TestRequest;

#[tokio::test]
async fn a_member_is_read_with_its_version_and_is_the_same_until_somebody_changes_it() {
    let app = app().await;
    let tenant = app.tenant().await;
    let address = user(&tenant, Role::Accountant);
    let read = app.send(TestRequest::get(&address).token(tenant.token(Role::Admin))).await;
    let account = "SELECT account_id::text FROM identity.memberships WHERE role = 'accountant'";
    let account = app.database.value(account).await;
    let expected = json!({
        "id": tenant.user(Role::Accountant), "name": "A accountant", "email": format!("{account}@example.com"),
        "role": "accountant", "status": "active", "createdAt": read.data()["createdAt"], "version": 1,
    });
    assert_eq!((read.status, read.data(), read.header("etag")), (200, &expected, Some("\"1\"")));
    assert_eq!(read.header("cache-control"), Some("no-store"));

    let again = TestRequest::get(&address).token(tenant.owner()).header("if-none-match", "\"1\"");
    assert_eq!(app.send(again.clone()).await.status, 304);
    let disabling = json!({ "status": "disabled" });
    app.send(change_user(&tenant, tenant.owner(), Role::Accountant, &disabling)).await;
    let changed = app.send(again).await;
    assert_eq!((&changed.data()["status"], changed.header("etag")), (&json!("disabled"), Some("\"2\"")));
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reader_among_writers_sees_each_version_with_the_name_of_that_version() {
        let app = app().await;
        let tenant = app.tenant().await;
        let mut requests = Vec::new();
        for _ in 0..8 {
            for version in 1..3 {
                let patch = json!({ "name": format!("Version {}", version + 1) });
                let write = change_user(&tenant, tenant.owner(), Role::Clinician, &patch);
                requests.push(write.header("if-match", &format!("\"{version}\"")));
            }
            requests.push(TestRequest::get(&user(&tenant, Role::Clinician)).token(tenant.owner()));
        }
        for answer in app.send_at_once(requests).await.iter().filter(|answer| answer.status == 200) {
            let data = answer.data();
            let version = data["version"].as_i64().unwrap();
            let name = if version == 1 { "A clinician".to_owned() } else { format!("Version {version}") };
            assert_eq!(
                (&data["name"], answer.header("etag")),
                (&json!(name), Some(&*format!("\"{version}\"")))
            );
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_member_is_not_found_though_it_has_the_same_account() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        let same = "UPDATE identity.memberships SET account_id =
                           (SELECT account_id FROM identity.memberships WHERE id = '{ours}') WHERE id = '{theirs}'";
        let same = same.replace("{ours}", &tenant.user(Role::Clinician).to_string());
        app.database.run(&same.replace("{theirs}", &other.user(Role::Clinician).to_string())).await;
        let foreign = app.send(TestRequest::get(&user(&other, Role::Clinician)).token(tenant.owner())).await;
        assert_eq!(foreign.refusal(), (404, "USER_NOT_FOUND"));
        let own = app.send(TestRequest::get(&user(&tenant, Role::Clinician)).token(tenant.owner())).await;
        assert_eq!(own.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_malformed_id_is_400_and_one_that_never_was_is_404() {
        let app = app().await;
        let tenant = app.tenant().await;
        for (id, refusal) in [
            ("7", (400, "INVALID_UUID")),
            ("00000000-0000-0000-0000-000000000000", (404, "USER_NOT_FOUND")),
            ("01890a5d-ac96-774b-bcce-b302099affff", (404, "USER_NOT_FOUND")),
        ] {
            let request = TestRequest::get(&format!("/api/v1/users/{id}")).token(tenant.owner());
            assert_eq!(app.send(request).await.refusal(), refusal, "{id}");
        }
    }
}
