use super::app;
use serde_json::json;
use shared::access::Role;
use testkit::{Tenant, TestRequest};

fn read(tenant: &Tenant) -> TestRequest {
    TestRequest::get("/api/v1/clinic").token(tenant.owner())
}

#[tokio::test]
async fn whoever_is_signed_in_reads_the_own_clinic_and_once_it_is_known_it_is_not_sent_again() {
    let app = app().await;
    let tenant = app.tenant().await;
    let times = "SELECT to_json(created_at)#>>'{}', to_json(updated_at)#>>'{}' FROM identity.clinics";
    let times = app.database.rows(times).await.concat();

    let answer = app.send(read(&tenant)).await;
    let known = app.send(read(&tenant).header("if-none-match", "\"1\"")).await;
    let older = app.send(read(&tenant).header("if-none-match", "\"2\"")).await;

    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut data = answer.data().clone();
    for (name, expected) in ["createdAt", "updatedAt"].into_iter().zip(times) {
        let said: jiff::Timestamp = data[name].take().as_str().unwrap().parse().unwrap();
        assert_eq!(said, expected.parse().unwrap(), "{name}");
    }
    let clinic = tenant.clinic.to_string();
    let expected = json!({
        "id": clinic, "name": format!("Clinic {clinic}"), "timeZone": "America/Sao_Paulo", "currency": "BRL",
        "language": "pt-BR", "plan": "free", "secondFactorRequired": false, "providerAccount": null, "legalName": null,
        "document": null, "address": null, "councilNumber": null, "version": 1,
        "createdAt": null, "updatedAt": null,
    });
    assert_eq!(data, expected);
    assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", Some("\"1\"")));
    assert_eq!((older.status, &older.text), (200, &answer.text));
    for &role in Role::ALL {
        let seen = app.send(read(&tenant).token(tenant.token(role))).await;
        assert_eq!((seen.status, seen.data()), (200, answer.data()), "{role:?}");
    }
}

#[tokio::test]
async fn a_sign_up_says_where_its_clinic_is() {
    let app = app().await;
    let made = app.send(super::sign_up("ana@example.com")).await;

    let clinic = TestRequest::get(made.header("location").unwrap()).token(super::access(&made));
    let clinic = app.send(clinic).await;

    assert_eq!((clinic.status, clinic.header("etag")), (200, Some("\"1\"")), "{}", clinic.text);
    for (name, value) in made.data()["clinic"].as_object().unwrap() {
        assert_eq!(&clinic.data()[name], value, "{name}");
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_reader_among_writers_never_sees_a_mixed_version() {
        let app = app().await;
        let tenant = app.tenant().await;
        let mut requests = Vec::new();
        for number in 0..20 {
            let (name, zone) = if number % 2 == 0 { ("Even", "UTC") } else { ("Odd", "Europe/Lisbon") };
            let patch = json!({ "name": name, "timeZone": zone });
            let edit = TestRequest::patch("/api/v1/clinic", &patch).token(tenant.owner());
            requests.extend([edit.header("if-match", "*"), read(&tenant)]);
        }

        let answers = app.send_at_once(requests).await;

        for answer in answers {
            assert_eq!(answer.status, 200, "{}", answer.text);
            let data = answer.data();
            let zone = match data["name"].as_str().unwrap() {
                "Even" => "UTC",
                "Odd" => "Europe/Lisbon",
                _ => "America/Sao_Paulo",
            };
            assert_eq!(data["timeZone"], zone);
            assert_eq!(answer.header("etag"), Some(format!("\"{}\"", data["version"]).as_str()));
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn everybody_sees_the_own_clinic_and_nobody_another_one() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        for one in [&tenant, &other] {
            assert_eq!(app.send(read(one)).await.data()["id"], one.clinic.to_string());
        }
        let unsigned = app.send(TestRequest::get("/api/v1/clinic")).await;
        assert_eq!(unsigned.refusal(), (401, "TOKEN_REQUIRED"));
    }

    #[tokio::test]
    async fn a_member_who_is_out_reads_it_no_more() {
        let app = app().await;
        let tenant = app.tenant().await;
        app.database.run("UPDATE identity.memberships SET disabled_at = now() WHERE role = 'owner'").await;
        assert_eq!(app.send(read(&tenant)).await.refusal(), (401, "SESSION_ENDED"));
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn no_parameter_and_no_path_names_another_clinic() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        let id = other.clinic.to_string();
        let by_query = app.send(read(&tenant).query(&format!("id={id}"))).await;
        let by_path = app.send(read(&tenant).at(&format!("/api/v1/clinic/{id}"))).await;
        assert_eq!(by_query.refusal(), (400, "UNKNOWN_PARAMETER"));
        assert_eq!(by_path.refusal(), (404, "ROUTE_NOT_FOUND"));
    }
}
