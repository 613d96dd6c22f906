use super::{app, new_clinic, sign_up};
use serde_json::json;
use testkit::TestRequest;

#[tokio::test]
async fn a_clinic_signs_up_and_its_owner_is_signed_in() {
    let app = app().await;

    let made = app.send(sign_up("Ana@Example.com")).await;

    assert_eq!((made.status, made.header("location")), (201, Some("/api/v1/clinic")), "{}", made.text);
    let data = made.data();
    assert_eq!((&data["tokenType"], &data["expiresIn"]), (&json!("Bearer"), &json!(600)));
    assert_eq!((&data["user"]["role"], &data["user"]["email"]), (&json!("owner"), &json!("Ana@Example.com")));
    assert!(!made.text.contains("argon2") && !made.text.contains("lonely"), "no password goes out");
    let me = app.send(TestRequest::get("/api/v1/me").token(data["accessToken"].as_str().unwrap())).await;
    assert_eq!((&me.data()["clinic"], &me.data()["user"]), (&data["clinic"], &data["user"]));
    let written = app
        .database
        .rows(
            "SELECT c.name, c.currency, a.email_key, m.role, o.kind, o.seq, l.action
               FROM identity.clinics c
               JOIN identity.memberships m ON m.clinic_id = c.id
               JOIN identity.accounts a ON a.id = m.account_id
               JOIN kernel.outbox o ON o.clinic_id = c.id
               JOIN kernel.audit_log l ON l.clinic_id = c.id AND l.actor_id = m.id",
        )
        .await;
    let expected =
        ["Clínica Aurora", "BRL", "ana@example.com", "owner", "clinic.created", "1", "clinic.created"];
    assert_eq!(written, [expected.map(str::to_owned).to_vec()]);
}

#[tokio::test]
async fn signing_up_waits_for_no_mail_and_sends_none() {
    let app = app().await;
    let held = app.mail.hold().await;
    assert_eq!(app.send(sign_up("ana@example.com")).await.status, 201);
    drop(held);
    assert!(app.mail.sent().is_empty());
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_sign_ups_with_one_address_at_once_one_is_made() {
        let app = app().await;
        let requests =
            (0..8).map(|number| sign_up(if number % 2 == 0 { "ana@example.com" } else { "ANA@example.com" }));

        let answers = app.send_at_once(requests.collect()).await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!(
                (refused.refusal(), refused.details()),
                ((409, "EMAIL_TAKEN"), vec![("/email", "EMAIL_TAKEN")])
            );
        }
        for table in ["identity.clinics", "identity.accounts", "identity.memberships", "kernel.outbox"] {
            assert_eq!(app.database.value(&format!("SELECT count(*) FROM {table}")).await, "1", "{table}");
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn when_a_part_fails_none_remains() {
        for broken in ["identity.clinics", "identity.memberships", "kernel.outbox", "kernel.audit_log"] {
            let app = app().await;
            app.database
                .run(&format!("ALTER TABLE {broken} ADD CONSTRAINT broken CHECK (false) NOT VALID"))
                .await;

            let refused = app.send(sign_up("ana@example.com")).await;

            assert_eq!(refused.refusal(), (500, "INTERNAL_ERROR"), "{broken}");
            let left = "SELECT (SELECT count(*) FROM identity.accounts) + (SELECT count(*) FROM identity.clinics)
                             + (SELECT count(*) FROM identity.memberships) + (SELECT count(*) FROM kernel.outbox)";
            assert_eq!(app.database.value(left).await, "0", "{broken}");
        }
    }

    #[tokio::test]
    async fn an_idempotency_key_is_refused_where_tokens_are_handed_out() {
        let app = app().await;
        let refused = app.send(sign_up("ana@example.com").key("k")).await;
        assert_eq!(refused.refusal(), (400, "IDEMPOTENCY_KEY_NOT_ACCEPTED"));
        assert_eq!(app.database.value("SELECT count(*) FROM identity.clinics").await, "0");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn the_bounds_of_each_field_hold() {
        let app = app().await;
        let cases = [
            ("clinicName", json!("n".repeat(255)), None),
            ("clinicName", json!("n".repeat(256)), Some("TOO_LONG")),
            ("clinicName", json!(" "), Some("TOO_SHORT")),
            ("timeZone", json!("Mars/Olympus"), Some("UNKNOWN_TIME_ZONE")),
            ("currency", json!("ZZZ"), Some("UNKNOWN_CURRENCY")),
            ("ownerName", json!("n".repeat(256)), Some("TOO_LONG")),
            ("email", json!("nobody"), Some("INVALID_EMAIL")),
            ("email", json!("a@<script>alert(1)</script>[1.1.1.1]"), Some("INVALID_EMAIL")),
            ("email", json!("a@b.com>,<c[1.1.1.1]"), Some("INVALID_EMAIL")),
            ("email", json!("a@[1.1.1.1]"), Some("INVALID_EMAIL")),
            ("email", json!(".a@example.com"), Some("INVALID_EMAIL")),
            ("email", json!("a..b@example.com"), Some("INVALID_EMAIL")),
            ("email", json!("ana@xn--zzzzzzzzz99999.com"), Some("INVALID_EMAIL")),
            ("email", json!("ana@localhost"), Some("INVALID_EMAIL")),
            ("password", json!("7 chars"), Some("TOO_SHORT")),
            ("password", json!("8 chars!"), None),
            ("password", json!("p".repeat(1024)), None),
            ("password", json!("p".repeat(1025)), Some("TOO_LONG")),
            ("password", json!("a\u{0}long password"), Some("INVALID_CHARACTERS")),
            ("password", json!("Password1"), Some("COMMON_PASSWORD")),
            ("password", json!("        "), Some("COMMON_PASSWORD")),
            ("password", json!("AAAAAAAA"), Some("COMMON_PASSWORD")),
            ("password", json!("CLÍNICA AURORA 2026"), Some("COMMON_PASSWORD")),
            ("password", json!("ana souza"), Some("COMMON_PASSWORD")),
            ("password", json!("a\tlong password"), Some("INVALID_CHARACTERS")),
            ("clinicName", json!("Seu Banco: acesse https://banco.example"), Some("INVALID_CHARACTERS")),
            ("ownerName", json!("ana ftp://a"), Some("INVALID_CHARACTERS")),
            ("ownerName", json!("a:\u{200B}//b"), Some("INVALID_CHARACTERS")),
            ("ownerName", json!("a\u{FF1A}//b"), Some("INVALID_CHARACTERS")),
            ("ownerName", json!("\u{FFF9}\u{FFFF}"), Some("TOO_SHORT")),
            ("ownerName", json!("ana\u{202E}"), Some("INVALID_CHARACTERS")),
            ("ownerName", json!("ana\u{2028}souza"), Some("INVALID_CHARACTERS")),
            ("clinicName", json!("\u{200B}\u{AD}"), Some("TOO_SHORT")),
        ];
        for (number, (field, value, expected)) in cases.into_iter().enumerate() {
            let mut body = new_clinic(&format!("ana{number}@example.com"));
            body[field] = value;
            let answer = app.send(TestRequest::post("/api/v1/clinics", &body)).await;
            match expected {
                None => assert_eq!(answer.status, 201, "{field} {}", answer.text),
                Some(code) => assert_eq!(answer.refusal(), (400, code), "{field} {}", answer.text),
            }
        }
    }

    #[tokio::test]
    async fn ones_own_address_is_no_password_and_is_told_beside_everything_else() {
        let app = app().await;
        let mut body = new_clinic("ana.souza@example.com");
        body["password"] = json!("Ana.Souza1990");
        body["currency"] = json!("ZZZ");
        let refused = app.send(TestRequest::post("/api/v1/clinics", &body)).await;
        assert_eq!(
            refused.details(),
            [("/currency", "UNKNOWN_CURRENCY"), ("/password", "COMMON_PASSWORD")],
            "{}",
            refused.text
        );
    }
}

/// An account whose address nobody has verified.
mod unverified {
    use super::*;
    use crate::{PASSWORD, log_in};
    use jiff::SignedDuration;

    const KEYS: &str =
        "SELECT count(*) FILTER (WHERE email_key = 'ana@example.com'), count(*) FROM identity.accounts";

    #[tokio::test]
    async fn gives_way_after_a_day_and_its_people_are_out() {
        let app = app().await;
        let first = app.send(sign_up("ana@example.com")).await;
        app.clock.advance(SignedDuration::from_secs(24 * 3600 - 1));
        assert_eq!(app.send(sign_up("ana@example.com")).await.refusal(), (409, "EMAIL_TAKEN"));
        app.clock.advance(SignedDuration::from_secs(1));
        let mut body = new_clinic("Ana@Example.com");
        body["password"] = json!("another long and lonely road");

        let second = app.send(TestRequest::post("/api/v1/clinics", &body)).await;

        assert_eq!(second.status, 201, "{}", second.text);
        assert_eq!(app.database.rows(KEYS).await, [["1", "2"].map(str::to_owned).to_vec()]);
        let disabled = "SELECT clinic_id, version FROM identity.memberships WHERE disabled_at IS NOT NULL";
        let clinic = first.data()["clinic"]["id"].as_str().unwrap().to_owned();
        assert_eq!(app.database.rows(disabled).await, [vec![clinic, "2".to_owned()]]);
        assert_eq!(app.send(log_in("ana@example.com", PASSWORD)).await.status, 401);
        assert_eq!(app.send(log_in("ana@example.com", "another long and lonely road")).await.status, 200);
    }

    #[tokio::test]
    async fn stays_once_it_is_verified() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.database.run("UPDATE identity.accounts SET email_verified_at = created_at").await;
        app.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(app.send(sign_up("ana@example.com")).await.refusal(), (409, "EMAIL_TAKEN"));
        assert_eq!(app.database.rows(KEYS).await, [["1", "1"].map(str::to_owned).to_vec()]);
    }

    #[tokio::test]
    async fn gives_way_to_one_of_many_at_once() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.clock.advance(SignedDuration::from_hours(24));
        let answers = app.send_at_once((0..6).map(|_| sign_up("ana@example.com")).collect()).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        let taken = answers.iter().filter(|answer| answer.status == 409 && answer.code() == "EMAIL_TAKEN");
        assert_eq!((made, taken.count()), (1, 5));
        assert_eq!(app.database.rows(KEYS).await, [["1", "2"].map(str::to_owned).to_vec()]);
    }

    #[tokio::test]
    async fn nobody_but_the_module_makes_an_account_give_way() {
        let app = app().await;
        for role in ["patients", "billing", "platform", "identity_housekeeper"] {
            let refused = app.database.run_as(role, "SELECT identity.give_way('a@example.com', now())").await;
            assert_eq!(refused.unwrap_err(), "42501", "{role}");
        }
    }
}
