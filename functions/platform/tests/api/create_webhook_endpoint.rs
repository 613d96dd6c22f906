use super::webhooks::{add, add_pending, app, endpoint};
use serde_json::json;
use shared::external::connect::NetworkScope;
use std::sync::Arc;
use testkit::TestRequest;

#[tokio::test]
async fn an_endpoint_is_made_and_its_secret_is_shown_once() {
    let (app, tenant) = app().await;
    let made = add_pending(&app, &tenant, "https://hooks.example.com/a").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let secret = made.data()["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");

    let found = app.send(TestRequest::get(made.header("location").unwrap()).token(tenant.owner())).await;
    let listed = app.send(TestRequest::get("/api/v1/webhook-endpoints").token(tenant.owner())).await;

    assert_eq!((&made.data()["status"], &made.data()["disabledAt"]), (&json!("pending"), &json!(null)));
    assert_eq!(found.data()["kinds"], json!(["patient.created"]));
    assert_eq!(
        (&found.data()["status"], &listed.data()[0]["status"]),
        (&json!("pending"), &json!("pending"))
    );
    for answer in [found, listed] {
        assert!(!answer.text.contains("whsec_"), "{}", answer.text);
    }
    let audited = "SELECT action FROM kernel.audit_log WHERE subject = 'webhook_endpoint'";
    assert_eq!(app.database.value(audited).await, "webhook_endpoint.created");
}

#[tokio::test]
async fn a_key_is_refused_because_the_secret_is_never_stored_for_a_replay() {
    let (app, tenant) = app().await;
    let request = TestRequest::post("/api/v1/webhook-endpoints", &endpoint("https://a.example/")).key("k");
    assert_eq!(
        app.send(request.token(tenant.owner())).await.refusal(),
        (400, "IDEMPOTENCY_KEY_NOT_ACCEPTED")
    );
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_twenty_with_one_address_at_once_one_is_made_and_the_others_conflict() {
        let (app, tenant) = app().await;
        let request = |path: &str| {
            let body = endpoint(&format!("https://a.example{path}"));
            TestRequest::post("/api/v1/webhook-endpoints", &body).token(tenant.owner())
        };
        // Two spellings of one address.
        let requests =
            (0..20).map(|number| request(if number % 2 == 0 { "/x" } else { ":443/y/../x" })).collect();
        let answers = app.send_at_once(requests).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.refusal(), (409, "DUPLICATE_WEBHOOK_URL"));
        }
    }

    #[tokio::test]
    async fn of_thirty_at_once_twenty_are_made() {
        let (app, tenant) = app().await;
        let request = |number: u32| {
            let body = endpoint(&format!("https://a.example/{number}"));
            TestRequest::post("/api/v1/webhook-endpoints", &body).token(tenant.owner())
        };
        let answers = app.send_at_once((0..30).map(request).collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 20);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.refusal(), (422, "WEBHOOK_ENDPOINT_LIMIT"));
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn private_local_and_metadata_addresses_are_refused() {
        let (mut app, tenant) = app().await;
        Arc::get_mut(&mut app).unwrap().confine(NetworkScope::Public);
        app.names.set("internal.example", &["10.0.0.7"]);
        app.names.set("mixed.example", &["1.1.1.1", "fd00:ec2::254"]);
        app.names.set("localhost", &["127.0.0.1"]);
        for host in [
            "127.0.0.1",
            "localhost",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.169.254",
            "224.0.0.1",
            "2130706433",
            "0x7f.1",
            "[::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "internal.example",
            "mixed.example",
        ] {
            let refused = add(&app, &tenant, &format!("https://{host}/x")).await;
            assert_eq!(refused.refusal(), (422, "WEBHOOK_URL_NOT_ALLOWED"), "{host}");
            assert_eq!(refused.details()[0].0, "/url");
        }
        let unknown = add(&app, &tenant, "https://unknown.example/").await;
        assert_eq!(unknown.refusal(), (422, "WEBHOOK_HOST_NOT_FOUND"));
        app.names.set("public.example", &["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(add(&app, &tenant, "https://public.example/").await.status, 201);
    }

    #[tokio::test]
    async fn where_it_is_deployed_receivers_are_called_at_two_ports_and_on_one_machine_at_any() {
        let (mut app, tenant) = app().await;
        app.names.set("a.example", &["1.1.1.1"]);
        assert_eq!(add(&app, &tenant, "https://a.example:9443/").await.status, 201);
        Arc::get_mut(&mut app).unwrap().confine(NetworkScope::Public);
        for port in ["80", "22", "442", "444", "8442", "8444", "65535"] {
            let refused = add(&app, &tenant, &format!("https://a.example:{port}/")).await;
            assert_eq!(refused.refusal(), (422, "WEBHOOK_PORT_NOT_ALLOWED"), "{port}");
        }
        for port in ["", ":8443"] {
            assert_eq!(add(&app, &tenant, &format!("https://a.example{port}/")).await.status, 201);
        }
        assert_eq!(
            app.database.value("SELECT count(*) FROM platform.webhook_endpoints").await,
            "3",
            "nothing is kept of what was refused"
        );
    }

    #[tokio::test]
    async fn the_function_itself_cannot_read_a_secret_again() {
        let (app, tenant) = app().await;
        add(&app, &tenant, "https://a.example/").await;
        let read =
            format!("SET app.clinic_id = '{}'; SELECT secret FROM platform.webhook_secrets", tenant.clinic);
        assert_eq!(app.database.run_as("platform", &read).await.unwrap_err(), "42501");
    }

    #[tokio::test]
    async fn only_owners_and_admins_say_where_events_go() {
        use shared::access::Role;
        let (app, tenant) = app().await;
        for &role in Role::ALL {
            let request = TestRequest::post(
                "/api/v1/webhook-endpoints",
                &endpoint(&format!("https://{}.example/", role.name())),
            );
            let expected = if [Role::Owner, Role::Admin].contains(&role) { 201 } else { 403 };
            let answer = app.send(request.token(tenant.token(role))).await;
            // An underscore in a host's name is no obstacle.
            assert_eq!(answer.status, expected, "{}: {}", role.name(), answer.text);
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_address_has_up_to_2048_characters() {
        let (app, tenant) = app().await;
        let start = "https://a.example/";
        let longest = format!("{start}{}", "a".repeat(2048 - start.len()));
        assert_eq!(add(&app, &tenant, &longest).await.status, 201);
        let refused = add(&app, &tenant, &format!("{longest}a")).await;
        assert_eq!(refused.status, 400);
        assert!(
            refused.details().iter().any(|(at, code)| *at == "/url" && *code == "TOO_LONG"),
            "{}",
            refused.text
        );
    }

    #[tokio::test]
    async fn only_https_addresses_of_servers_are_taken() {
        let (app, tenant) = app().await;
        for bad in
            ["http://a.example/", "ftp://a.example/", "https://user:pass@a.example/", "https://a.example/#x"]
        {
            assert_eq!(add(&app, &tenant, bad).await.refusal(), (400, "INVALID_WEBHOOK_URL"), "{bad}");
        }
    }

    #[tokio::test]
    async fn kinds_are_some_of_those_there_are() {
        let (app, tenant) = app().await;
        let with = |kinds| {
            TestRequest::post(
                "/api/v1/webhook-endpoints",
                &json!({ "url": "https://a.example/", "kinds": kinds }),
            )
        };
        for (kinds, code) in [
            (json!(["patient.exploded"]), "INVALID_CHOICE"),
            (json!(["patient.export_requested"]), "INVALID_CHOICE"),
            (json!([]), "TOO_SHORT"),
        ] {
            assert_eq!(app.send(with(kinds).token(tenant.owner())).await.refusal(), (400, code));
        }
        let twice = json!(["patient.updated", "patient.created", "patient.updated"]);
        let made = app.send(with(twice).token(tenant.owner())).await;
        assert_eq!(made.data()["kinds"], json!(["patient.created", "patient.updated"]));
    }

    #[tokio::test]
    async fn a_slot_is_free_again_once_its_endpoint_is_deleted() {
        let (app, tenant) = app().await;
        let mut last = None;
        for number in 0..20 {
            last = Some(add(&app, &tenant, &format!("https://a.example/{number}")).await);
        }
        let refused = add(&app, &tenant, "https://a.example/new").await;
        assert_eq!(refused.refusal(), (422, "WEBHOOK_ENDPOINT_LIMIT"));
        let address = last.unwrap().header("location").unwrap().to_owned();
        assert_eq!(app.send(TestRequest::new("DELETE", &address).token(tenant.owner())).await.status, 204);
        assert_eq!(add(&app, &tenant, "https://a.example/new").await.status, 201);
    }
}
