//! Every problem of the catalogue is reached by a request, and its `type` explains it (B4).

use crate::scene::{PASSWORD, Scene, refresh};
use crate::{income, mailed_token, sign_up};
use jiff::{SignedDuration, Timestamp};
use payment_sandbox::Fault as ProviderFault;
use serde_json::{Value, json};
use shared::access::{LinkToken, Role};
use shared::clock::Clock as _;
use shared::external::connect::NetworkScope;
use shared::mail::Unsent;
use std::time::Duration;
use testkit::{Proxy, TestRequest, TestResponse, WEBHOOK_SECRET};

/// Gives everybody a password.
const CHEAP: &str = "UPDATE identity.accounts SET password_hash =
    '$argon2id$v=19$m=8,t=1,p=1$Z3JhZm9uby1zYW1wbGUtMQ$oXDPG8SV4XZm3uxXHLhQYZaHyCR00dOpfRY+YZEX3EE'";
const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Provokes what a field can get wrong.
async fn provoke_by_field(scene: &Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "VALIDATION_FAILED" => scene.patient_with(json!({ "fullName": 1, "phone": 1 })).await,
        "REQUIRED" => scene.patient_with(json!({})).await,
        "INVALID_TYPE" => scene.patient_with(json!({ "fullName": 1 })).await,
        "INVALID_CHOICE" => scene.transaction_with("method", json!("gold")).await,
        "INVALID_UUID" => scene.get("/api/v1/patients/1").await,
        "INVALID_DATE" => scene.patient_with(json!({ "fullName": "A", "birthDate": "1990-02-30" })).await,
        "INVALID_EMAIL" => scene.patient_with(json!({ "fullName": "A", "email": "a" })).await,
        "INVALID_CHARACTERS" => scene.patient_with(json!({ "fullName": "A\u{0}" })).await,
        "TOO_SHORT" => scene.patient_with(json!({ "fullName": "" })).await,
        "TOO_LONG" => scene.patient_with(json!({ "fullName": "A".repeat(256) })).await,
        "OUT_OF_RANGE" => scene.transaction_with("amountMinor", json!(0)).await,
        "INVALID_PHONE" => scene.patient_with(json!({ "fullName": "A", "phone": "1" })).await,
        "INVALID_DOCUMENT" => scene.patient_with(json!({ "fullName": "A", "document": "-" })).await,
        "BIRTH_DATE_TOO_EARLY" => {
            scene.patient_with(json!({ "fullName": "A", "birthDate": "1899-01-01" })).await
        }
        "BIRTH_DATE_IN_FUTURE" => {
            scene.patient_with(json!({ "fullName": "A", "birthDate": "2999-01-01" })).await
        }
        "UNKNOWN_TIME_ZONE" => scene.clinic_with("timeZone", "Mars/Olympus").await,
        "INVALID_CURRENCY" => scene.transaction_with("currency", json!("brl")).await,
        "UNKNOWN_CURRENCY" => scene.clinic_with("currency", "ZZZ").await,
        "COMMON_PASSWORD" => scene.clinic_with("password", "password1").await,
        _ => return None,
    })
}

/// Provokes what the request as a whole can get wrong.
async fn provoke_by_form(scene: &Scene, code: &str) -> Option<TestResponse> {
    let twice = "{\"fullName\":\"A\",\"fullName\":\"B\"}";
    let deep = format!("{}1{}", "{\"a\":".repeat(33), "}".repeat(33));
    Some(match code {
        "UNKNOWN_FIELD" => scene.patient_with(json!({ "fullName": "A", "version": 9 })).await,
        "UNKNOWN_PARAMETER" => scene.get("/api/v1/patients?page=1").await,
        "REPEATED_PARAMETER" => scene.get("/api/v1/patients?limit=1&limit=2").await,
        "MALFORMED_JSON" => scene.patient_text("{").await,
        "INVALID_ENCODING" => scene.patient_text("\u{feff}{}").await,
        "INVALID_NUMBER" => scene.patient_text("{\"fullName\":1e309}").await,
        "TOO_DEEP" => scene.patient_text(&deep).await,
        "DUPLICATE_KEY" => scene.patient_text(twice).await,
        "INVALID_CURSOR" => scene.get("/api/v1/patients?cursor=AAAA").await,
        "ROUTE_NOT_FOUND" => scene.get("/nowhere").await,
        "METHOD_NOT_ALLOWED" => scene.send(TestRequest::new("DELETE", "/api/v1/patients")).await,
        "NOT_ACCEPTABLE" => scene.send(TestRequest::get("/health/live").header("accept", "image/png")).await,
        "BODY_TOO_LARGE" => scene.patient_text(&" ".repeat(64 * 1024 + 1)).await,
        "UNSUPPORTED_MEDIA_TYPE" => {
            scene
                .send(scene.own(
                    TestRequest::post("/api/v1/patients", &json!({})).header("content-type", "text/xml"),
                ))
                .await
        }
        "PROBLEM_NOT_FOUND" => scene.get("/api/v1/problems/nonsense").await,
        _ => return None,
    })
}

/// Provokes what is refused because of how much was asked.
async fn provoke_by_number(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "RATE_LIMITED" => {
            scene.app.limit(None);
            for _ in 0..5 {
                assert_eq!(scene.log_in(None, "wrong").await.status, 401);
            }
            scene.log_in(None, "wrong").await
        }
        "LIMITS_UNAVAILABLE" => {
            scene
                .app
                .database
                .run("REVOKE EXECUTE ON FUNCTION kernel.take, kernel.take_each FROM modules")
                .await;
            scene.log_in(None, PASSWORD).await
        }
        _ => return None,
    })
}

/// Provokes what depends on who asks, and with which key.
async fn provoke_by_caller(scene: &Scene, code: &str) -> Option<TestResponse> {
    let record = scene.own(TestRequest::post("/api/v1/transactions", &income(&scene.patient)));
    Some(match code {
        "TOKEN_REQUIRED" => scene.send(TestRequest::get("/api/v1/me")).await,
        "TOKEN_INVALID" => scene.send(TestRequest::get("/api/v1/me").token("x")).await,
        "TOKEN_EXPIRED" => {
            scene.app.clock.advance(SignedDuration::from_mins(10));
            scene.get("/api/v1/me").await
        }
        "SESSION_ENDED" => {
            scene.app.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
            scene.get("/api/v1/me").await
        }
        "ACCESS_CHANGED" => {
            scene.app.database.run("UPDATE identity.memberships SET access_version = 2").await;
            scene.get("/api/v1/patients").await
        }
        "SESSION_NOT_FOUND" => {
            let path = format!("/api/v1/sessions/{UNKNOWN}");
            scene.send(scene.own(TestRequest::new("DELETE", &path))).await
        }
        "PERMISSION_DENIED" => {
            let request =
                TestRequest::post("/api/v1/patients", &json!({})).token(scene.tenant.token(Role::Accountant));
            scene.send(request).await
        }
        "IDEMPOTENCY_KEY_REQUIRED" => scene.send(record).await,
        "IDEMPOTENCY_KEY_INVALID" => scene.send(record.key("")).await,
        "IDEMPOTENCY_KEY_NOT_ACCEPTED" => {
            scene.send(TestRequest::post("/api/v1/clinics", &sign_up("scene@example.com")).key("k")).await
        }
        "IDEMPOTENCY_KEY_REUSED" => {
            assert_eq!(scene.send(record.key("scene")).await.status, 201);
            scene.transaction_with("amountMinor", json!(1)).await
        }
        _ => return None,
    })
}

/// Provokes what depends on what is there.
async fn provoke_by_data(scene: &Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "IF_MATCH_REQUIRED" => scene.send(scene.edit(&json!({}))).await,
        "IF_MATCH_INVALID" => scene.send(scene.edit(&json!({})).header("if-match", "1")).await,
        "VERSION_STALE" => {
            scene.send(scene.edit(&json!({ "fullName": "B" })).header("if-match", "\"9\"")).await
        }
        "PATIENT_NOT_FOUND" => scene.get(&format!("/api/v1/patients/{UNKNOWN}")).await,
        "RECEIPT_WITHOUT_ADDRESS" => {
            let paid = scene.card("pm_card_visa").await;
            let address = format!("/api/v1/receipts/{}/email", paid.data()["receiptId"].as_str().unwrap());
            scene.send(scene.own(TestRequest::post(&address, &json!({}))).key("scene")).await
        }
        "RECEIPT_NOT_FOUND" => scene.get(&format!("/api/v1/receipts/{UNKNOWN}")).await,
        "TRANSACTION_NOT_FOUND" => scene.get(&format!("/api/v1/transactions/{UNKNOWN}")).await,
        "AS_OF_IN_FUTURE" => {
            scene.get(&format!("/api/v1/patients/{}/balance?asOf=2100-01-01T00:00:00Z", scene.patient)).await
        }
        "NOT_REVERSIBLE" | "ALREADY_REVERSED" => {
            let recorded = scene.transaction_with("amountMinor", json!(1)).await;
            let taken = scene.reverse(recorded.data()["id"].as_str().unwrap(), "1").await;
            let again = if code == "ALREADY_REVERSED" { recorded } else { taken };
            scene.reverse(again.data()["id"].as_str().unwrap(), "2").await
        }
        "DUPLICATE_PATIENT" => scene.patient_with(json!({ "fullName": "B", "document": "CANARY 1" })).await,
        "CURRENCY_MISMATCH" => scene.transaction_with("currency", json!("EUR")).await,
        "CURRENCY_FIXED" => {
            assert_eq!(scene.transaction_with("amountMinor", json!(1)).await.status, 201);
            let patch = TestRequest::patch("/api/v1/clinic", &json!({ "currency": "EUR" }));
            scene.send(scene.own(patch).header("if-match", "*")).await
        }
        "EMAIL_NOT_VERIFIED" => {
            scene.app.database.run("UPDATE identity.accounts SET email_verified_at = NULL").await;
            let path = format!("/api/v1/patients/{}/export", scene.patient);
            scene.send(scene.own(TestRequest::new("POST", &path))).await
        }
        _ => return None,
    })
}

/// Provokes what can be wrong with a transaction that is recorded by hand.
async fn provoke_by_transaction(scene: &Scene, code: &str) -> Option<TestResponse> {
    let source = json!({ "kind": "external", "id": UNKNOWN });
    Some(match code {
        "METHOD_REQUIRED" => scene.transaction_with("method", Value::Null).await,
        "SOURCE_REQUIRED" => scene.charge(Value::Null, "1").await,
        "NOT_OF_THIS_TYPE" => scene.transaction_with("source", source).await,
        "SOURCE_ALREADY_CHARGED" => {
            assert_eq!(scene.charge(source.clone(), "1").await.status, 201);
            scene.charge(source, "2").await
        }
        "OCCURRED_ON_TOO_EARLY" => scene.transaction_with("occurredOn", json!("1899-12-31")).await,
        "OCCURRED_ON_IN_FUTURE" => scene.transaction_with("occurredOn", json!("2999-01-01")).await,
        _ => return None,
    })
}

/// Provokes what depends on an account and its sessions.
async fn provoke_by_account(scene: &Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "VERIFICATION_NOT_FOUND" => scene.verify("x").await,
        "VERIFICATION_EXPIRED" => {
            scene.account().await;
            let token = mailed_token(&scene.app).await;
            scene.app.clock.advance(SignedDuration::from_hours(24));
            scene.verify(&token).await
        }
        "PASSWORD_WRONG" => {
            let body = json!({ "currentPassword": "not my password", "newPassword": PASSWORD });
            scene.app.database.run(CHEAP).await;
            scene
                .send(scene.own(TestRequest::new("PUT", "/api/v1/auth/password").text(&body.to_string())))
                .await
        }
        "PASSWORD_RESET_NOT_FOUND" => scene.choose_password("x").await,
        "PASSWORD_RESET_EXPIRED" => {
            let token = scene.forgotten_password().await;
            scene.app.clock.advance(SignedDuration::from_mins(30));
            scene.choose_password(&token).await
        }
        "REFRESH_TOKEN_INVALID" => scene.refresh("x").await,
        "SESSION_EXPIRED" => {
            let token = scene.refresh_token().await;
            scene.app.clock.advance(SignedDuration::from_hours(7 * 24));
            scene.refresh(&token).await
        }
        "TOKEN_GIVEN_TWICE" => scene.send(refresh("x").header("cookie", "__Host-grafono-refresh=y")).await,
        "CSRF_HEADER_REQUIRED" => {
            let request = TestRequest::new("POST", "/api/v1/auth/refresh");
            scene.send(request.header("cookie", "__Host-grafono-refresh=y")).await
        }
        "EMAIL_TAKEN" => {
            scene.account().await;
            scene.clinic_with("clinicName", "Another").await
        }
        "INVALID_CREDENTIALS" => scene.log_in(None, "wrong").await,
        "CLINIC_REQUIRED" => {
            scene.account().await;
            scene.second_membership().await;
            scene.log_in(None, PASSWORD).await
        }
        "CLINIC_NOT_FOUND" => {
            scene.account().await;
            scene.log_in(Some(UNKNOWN), PASSWORD).await
        }
        "NO_ACTIVE_MEMBERSHIP" => {
            scene.account().await;
            scene.app.database.run("UPDATE identity.memberships SET disabled_at = now()").await;
            scene.log_in(None, PASSWORD).await
        }
        _ => return None,
    })
}

/// Provokes what can be wrong with a change of somebody of the clinic.
async fn provoke_by_user(scene: &Scene, code: &str) -> Option<TestResponse> {
    let change = |by: Role, of: &str, body: Value| {
        let request = TestRequest::patch(&format!("/api/v1/users/{of}"), &body).header("if-match", "*");
        scene.send(request.token(scene.tenant.token(by)))
    };
    let owner = scene.tenant.user(Role::Owner).to_string();
    Some(match code {
        "USER_NOT_FOUND" => change(Role::Owner, UNKNOWN, json!({})).await,
        "OWNER_REQUIRED" => change(Role::Admin, &owner, json!({ "name": "B" })).await,
        "CANNOT_DISABLE_ONESELF" => change(Role::Owner, &owner, json!({ "status": "disabled" })).await,
        "LAST_OWNER_STAYS" => change(Role::Owner, &owner, json!({ "role": "admin" })).await,
        _ => return None,
    })
}

/// Provokes what can be wrong with an invitation.
async fn provoke_by_invitation(scene: &Scene, code: &str) -> Option<TestResponse> {
    let clinic = scene.tenant.clinic;
    let of_admin = format!(
        "SELECT a.email FROM identity.memberships AS m JOIN identity.accounts AS a ON a.id = m.account_id WHERE m.id = '{}'",
        scene.tenant.user(Role::Admin)
    );
    let address = scene.app.database.value(&of_admin).await;
    let invite = |email: &str| {
        let body = json!({ "name": "Bia", "email": email, "role": "admin" });
        scene.send(scene.own(TestRequest::post("/api/v1/invitations", &body)))
    };
    let token = LinkToken::of(clinic, [7; 32]);
    let accept = || {
        let body = json!({ "token": token.text().expose(), "password": PASSWORD });
        scene.send(TestRequest::post("/api/v1/auth/invitations/accept", &body))
    };
    let set_token = format!(
        "UPDATE identity.invitations SET email_key = '{address}',
                token_hash = sha256(uuid_send('{clinic}') || decode(repeat('07', 32), 'hex'))"
    );
    Some(match code {
        "INVITATION_NOT_FOUND" => accept().await,
        "INVITATION_EXPIRED" => {
            assert_eq!(invite("bia@example.com").await.status, 201);
            scene.app.database.run(&set_token).await;
            scene.app.clock.advance(SignedDuration::from_hours(7 * 24));
            accept().await
        }
        "ALREADY_A_MEMBER" => invite(&address).await,
        "ACCOUNT_EXISTS" => {
            assert_eq!(invite("bia@example.com").await.status, 201);
            scene.app.database.run(CHEAP).await;
            scene.app.database.run(&set_token).await;
            accept().await
        }
        _ => return None,
    })
}

/// Provokes what a query of the audit log can get wrong.
async fn provoke_by_audit_query(scene: &Scene, code: &str) -> Option<TestResponse> {
    let query = match code {
        "INVALID_DATE_TIME" => "from=2026-11-21",
        "WINDOW_EMPTY" => "from=2026-11-21T10:00:00Z&to=2026-11-21T10:00:00Z",
        "WINDOW_TOO_LONG" => "from=2026-10-21T10:00:00Z&to=2026-11-21T10:00:01Z",
        "INVALID_SUBJECT" => "subject=Patient",
        _ => return None,
    };
    Some(scene.get(&format!("/api/v1/audit-log?{query}")).await)
}

/// Provokes what a webhook endpoint can get wrong.
async fn provoke_by_webhook(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "INVALID_WEBHOOK_URL" => scene.webhook("http://a.example/").await,
        "WEBHOOK_URL_NOT_ALLOWED" => scene.webhook("https://10.0.0.1/").await,
        "WEBHOOK_HOST_NOT_FOUND" => {
            scene.app.confine(NetworkScope::Public);
            scene.webhook("https://nowhere.example/").await
        }
        "WEBHOOK_PORT_NOT_ALLOWED" => {
            scene.app.confine(NetworkScope::Public);
            scene.webhook("https://1.1.1.1:9443/").await
        }
        "DUPLICATE_WEBHOOK_URL" => {
            assert_eq!(scene.webhook("https://a.example/").await.status, 201);
            scene.webhook("https://a.example/").await
        }
        "WEBHOOK_ENDPOINT_LIMIT" => {
            for number in 0..20 {
                assert_eq!(scene.webhook(&format!("https://a.example/{number}")).await.status, 201);
            }
            scene.webhook("https://a.example/").await
        }
        "WEBHOOK_ENDPOINT_NOT_FOUND" => scene.get(&format!("/api/v1/webhook-endpoints/{UNKNOWN}")).await,
        _ => return None,
    })
}

/// Provokes what can be wrong with what SendGrid tells.
async fn provoke_by_sendgrid(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    let (key, now) = (scene.app.sendgrid.take().unwrap_or_default(), scene.app.clock.now());
    let signed = |body: &str| key.tell(body, now);
    let request = match code {
        "SENDGRID_NOT_SET_UP" => {
            scene.app.forget_sendgrid();
            signed("[]")
        }
        "SIGNATURE_INVALID" => signed("[]").text("[ ]"),
        "SIGNATURE_EXPIRED" => key.tell("[]", now - SignedDuration::from_hours(26)),
        "TOO_MANY_EVENTS" => signed(&format!("[{}0]", "0,".repeat(3000))),
        "MAIL_NOT_SENT_YET" => {
            scene.app.mail.fail_next(Unsent::Failed("the scene".to_owned()));
            scene.account().await;
            scene.app.work("outbox-relay", None).await.unwrap();
            let queue = "SELECT clinic_id::text, id::text FROM kernel.mails";
            let mails = scene.app.database.rows(queue).await;
            let told = json!([{ "event": "spamreport", "timestamp": 1, "clinic": mails[0][0], "mail": mails[0][1] }]);
            signed(&told.to_string())
        }
        _ => return None,
    };
    Some(scene.send(request).await)
}

/// Provokes what can be wrong with a card.
async fn provoke_by_card(scene: &Scene, code: &str) -> Option<TestResponse> {
    Some(match code {
        "CARD_DATA_NOT_ACCEPTED" => scene.card("4242 4242 4242 4242").await,
        "INVALID_PAYMENT_METHOD" => scene.card("card_1").await,
        "CURRENCY_NOT_CHARGEABLE" => scene.card_with("currency", json!("ZZZ")).await,
        "CARD_DECLINED" => scene.card("pm_card_chargeDeclined").await,
        "PAYMENT_REFUSED" => scene.card("pm_nobody_knows").await,
        "PROVIDER_UNAVAILABLE" => {
            scene.app.payments.fail_next(ProviderFault::Refuse429);
            scene.card("pm_card_visa").await
        }
        "PAYMENT_PENDING" => {
            assert_eq!(scene.card("pm_sandbox_lostBefore").await.status, 202);
            scene.card("pm_card_visa").await
        }
        "PAYMENT_NOT_CHARGED" => {
            assert_eq!(scene.card("pm_sandbox_lostBefore").await.status, 202);
            assert_eq!(scene.cancel_payment().await.status, 200);
            scene.card("pm_sandbox_lostBefore").await
        }
        "CLOCKS_DISAGREE" => {
            assert_eq!(scene.transaction_with("amountMinor", json!(1)).await.status, 201);
            let ahead = "UPDATE billing.balances SET updated_at = updated_at + interval '6 seconds'";
            scene.app.database.run(ahead).await;
            let income = TestRequest::post("/api/v1/transactions", &income(&scene.patient));
            scene.send(scene.own(income).key("ahead")).await
        }
        "INVALID_CPF_OR_CNPJ" => {
            let patch = TestRequest::patch("/api/v1/clinic", &json!({ "document": "11222333000180" }));
            scene.send(scene.own(patch).header("if-match", "*")).await
        }
        "ACCOUNT_IS_THE_OWNERS" | "INVALID_PROVIDER_ACCOUNT" => {
            let account = if code == "ACCOUNT_IS_THE_OWNERS" { "acct_1" } else { "acct_" };
            let patch = TestRequest::patch("/api/v1/clinic", &json!({ "providerAccount": account }));
            scene.send(patch.token(scene.tenant.token(Role::Admin)).header("if-match", "*")).await
        }
        _ => return None,
    })
}

/// Provokes what depends on what became of a payment.
async fn provoke_by_payment(scene: &Scene, code: &str) -> Option<TestResponse> {
    let charged = json!({ "charged": true });
    Some(match code {
        "PAYMENT_NOT_FOUND" => scene.get(&format!("/api/v1/payments/{UNKNOWN}")).await,
        "PAYMENT_SUCCEEDED" => {
            assert_eq!(scene.card("pm_card_visa").await.status, 201);
            scene.cancel_payment().await
        }
        "PAYMENT_IN_REVIEW" => {
            assert_eq!(scene.card("pm_sandbox_wrongAmount").await.status, 202);
            scene.cancel_payment().await
        }
        "PAYMENT_NOT_IN_REVIEW" => {
            assert_eq!(scene.card("pm_card_visa").await.status, 201);
            scene.resolve_payment(&charged).await
        }
        "INVALID_PROVIDER_PAYMENT" => {
            assert_eq!(scene.card("pm_card_visa").await.status, 201);
            scene.resolve_payment(&json!({ "charged": true, "providerPaymentId": "ch_12" })).await
        }
        "PROVIDER_PAYMENT_REQUIRED" => {
            assert_eq!(scene.card("pm_sandbox_wrongAmount").await.status, 202);
            scene.app.database.run("UPDATE billing.payments SET provider_payment_id = NULL").await;
            scene.resolve_payment(&charged).await
        }
        "PROVIDER_PAYMENT_DIFFERS" => {
            assert_eq!(scene.card("pm_sandbox_wrongAmount").await.status, 202);
            scene.resolve_payment(&json!({ "charged": true, "providerPaymentId": "pi_another" })).await
        }
        "PROVIDER_PAYMENT_KNOWN" => {
            assert_eq!(scene.card("pm_sandbox_wrongAmount").await.status, 202);
            scene.app.database.run("UPDATE billing.payments SET provider_payment_id = NULL").await;
            scene.app.clock.advance(SignedDuration::from_secs(1));
            let other = scene.card("pm_card_visa").await;
            let taken = scene.app.payments.charged(other.data()["id"].as_str().unwrap()).remove(0);
            scene.resolve_payment(&json!({ "charged": true, "providerPaymentId": taken.id })).await
        }
        _ => return None,
    })
}

/// Provokes what depends on what was given back of a payment.
async fn provoke_by_refund(scene: &Scene, code: &str) -> Option<TestResponse> {
    if code == "REFUND_NOT_FOUND" {
        return Some(scene.get(&format!("/api/v1/payments/{UNKNOWN}/refunds/{UNKNOWN}")).await);
    }
    if code == "PAYMENT_NOT_SETTLED" {
        assert_eq!(scene.card("pm_sandbox_processing").await.status, 202);
        return Some(scene.refund(None, "1").await);
    }
    let is_one = [
        "PAYMENT_DISPUTED",
        "REFUND_EXCEEDS_PAYMENT",
        "NOTHING_TO_REFUND",
        "TOO_MANY_REFUNDS",
        "REFUND_REFUSED",
    ];
    if !is_one.contains(&code) {
        return None;
    }
    let taken = scene.card("pm_card_visa").await;
    let intent = scene.app.payments.charged(taken.data()["id"].as_str().unwrap()).remove(0).id;
    Some(match code {
        "PAYMENT_DISPUTED" => {
            scene.app.database.run("UPDATE billing.payments SET disputed_at = now()").await;
            scene.refund(None, "1").await
        }
        "REFUND_EXCEEDS_PAYMENT" => scene.refund(Some(99_999_999), "1").await,
        "NOTHING_TO_REFUND" => {
            assert_eq!(scene.refund(None, "1").await.status, 201);
            scene.refund(None, "2").await
        }
        "TOO_MANY_REFUNDS" => {
            let fifty = "INSERT INTO billing.refunds
                                (id, clinic_id, payment_id, amount_minor, status, failure_code, created_at, updated_at)
                         SELECT uuidv7(), clinic_id, id, 1, 'failed', 'unknown', now(), now()
                           FROM billing.payments CROSS JOIN generate_series(1, 50)";
            scene.app.database.run(fifty).await;
            scene.refund(None, "1").await
        }
        _ => {
            scene.app.payments.dispute(&intent, 15_000).unwrap();
            scene.refund(None, "1").await
        }
    })
}

/// Provokes what is refused where there is no payment provider.
async fn provoke_without_provider(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    let card = json!({
        "patientId": scene.patient, "amountMinor": 1, "currency": "BRL", "paymentMethod": "pm_card_visa",
    });
    let request = match code {
        "REFUNDS_NOT_SET_UP" => {
            let path = format!("/api/v1/payments/{UNKNOWN}/refunds");
            scene.own(TestRequest::post(&path, &json!({}))).key("1")
        }
        "PAYMENTS_NOT_SET_UP" => scene.own(TestRequest::post("/api/v1/payments", &card)).key("1"),
        "STRIPE_NOT_SET_UP" => TestRequest::new("POST", "/api/v1/webhooks/stripe")
            .text("{}")
            .header("stripe-signature", "t=1,v1=0"),
        _ => return None,
    };
    scene.app.forget_provider();
    Some(scene.send(request).await)
}

/// Provokes what can be wrong with what the payment provider tells.
async fn provoke_by_stripe(scene: &Scene, code: &str) -> Option<TestResponse> {
    let tell = |secret: &str, at: Timestamp, body: &str| {
        let signature = payment_sandbox::sign(secret, at, body);
        TestRequest::new("POST", "/api/v1/webhooks/stripe").text(body).header("stripe-signature", &signature)
    };
    let now = scene.app.clock.now();
    Some(match code {
        "EVENT_SIGNATURE_INVALID" => scene.send(tell("whsec_of_somebody_else", now, "{}")).await,
        "EVENT_SIGNATURE_EXPIRED" => {
            scene.send(tell(WEBHOOK_SECRET, now - SignedDuration::from_mins(6), "{}")).await
        }
        "EVENT_NOT_TAKEN_YET" => {
            scene.app.payments.fail_next(ProviderFault::Error500);
            let object = json!({ "id": "re_1", "payment_intent": "pi_1" });
            let event = json!({ "id": "evt_1", "type": "refund.created", "data": { "object": object } });
            scene.send(tell(WEBHOOK_SECRET, now, &event.to_string())).await
        }
        _ => return None,
    })
}

/// Provokes what can be wrong with a job.
async fn provoke_by_job(scene: &Scene, code: &str) -> Option<TestResponse> {
    if !code.starts_with("JOB_") {
        return None;
    }
    if code == "JOB_NOT_FOUND" {
        return Some(scene.get(&format!("/api/v1/jobs/{UNKNOWN}")).await);
    }
    let queued = scene.send(scene.own(TestRequest::new("POST", &format!("{}/export", scene.address)))).await;
    let job = queued.header("location").unwrap().to_owned();
    Some(match code {
        "JOB_NOT_SUCCEEDED" => scene.get(&format!("{job}/result")).await,
        "JOB_FINISHED" => {
            scene.app.work("outbox-relay", None).await.unwrap();
            scene.send(scene.own(TestRequest::new("POST", &format!("{job}/cancel")))).await
        }
        "JOB_EXPIRED" => {
            scene.app.database.run("UPDATE kernel.jobs SET expires_at = created_at").await;
            scene.get(&job).await
        }
        _ => return None,
    })
}

/// Provokes what is nobody's fault but ours.
async fn provoke_by_fault(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    let nowhere = "postgresql:///nowhere?host=/nowhere&user=nobody";
    let record = scene.own(TestRequest::post("/api/v1/transactions", &income(&scene.patient))).key("scene");
    Some(match code {
        "INTERNAL_ERROR" => {
            scene
                .app
                .database
                .run("ALTER TABLE kernel.outbox ADD CONSTRAINT broken CHECK (false) NOT VALID")
                .await;
            scene.patient_with(json!({ "fullName": "A" })).await
        }
        "DATABASE_UNAVAILABLE" => {
            scene.app.reconnect(nowhere);
            scene.get("/api/v1/patients").await
        }
        "NOT_READY" => {
            scene.app.reconnect(nowhere);
            scene.get("/health/ready").await
        }
        "OVERLOADED" => {
            scene.app.time = Duration::from_millis(1_500);
            let all_turns = scene.app.app_of("identity").hashing.close().await;
            let answer = scene.log_in(None, PASSWORD).await;
            drop(all_turns);
            answer
        }
        "DATABASE_BUSY" => {
            let edit = scene.edit(&json!({ "fullName": "B" })).header("if-match", "\"1\"");
            scene.while_locked("SELECT 1 FROM patients.patients FOR UPDATE", edit).await
        }
        "IDEMPOTENCY_KEY_IN_FLIGHT" => {
            assert_eq!(scene.send(record.clone()).await.status, 201);
            scene.app.clock.advance(SignedDuration::from_mins(5));
            let expire = "UPDATE kernel.idempotency_keys SET expires_at = created_at";
            scene.app.database.run(expire).await;
            scene.while_locked("SELECT 1 FROM kernel.idempotency_keys FOR UPDATE", record).await
        }
        "DEADLINE_EXCEEDED" => {
            scene.app.time = Duration::from_millis(300);
            scene.get("/api/v1/patients").await
        }
        "OUTCOME_UNKNOWN" => {
            let proxy = Proxy::to(&scene.app.database);
            scene.app.rewire(|role| proxy.url(role));
            scene.app.warm("create-patient").await;
            scene.app.time = Duration::from_secs(1);
            proxy.mute();
            scene.patient_with(json!({ "fullName": "A" })).await
        }
        _ => return None,
    })
}

async fn provoke(scene: &mut Scene, code: &str) -> Option<TestResponse> {
    if let Some(answer) = provoke_by_field(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_job(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_form(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_caller(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_data(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_transaction(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_account(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_user(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_invitation(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_audit_query(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_number(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_sendgrid(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_card(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_payment(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_refund(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_without_provider(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_stripe(scene, code).await {
        return Some(answer);
    }
    if let Some(answer) = provoke_by_webhook(scene, code).await {
        return Some(answer);
    }
    provoke_by_fault(scene, code).await
}

#[tokio::test]
async fn every_problem_of_the_catalogue_is_reached_and_its_type_explains_it() {
    let catalogue = include_str!("../../../functions/platform/problems.json");
    let catalogue: Vec<Value> = serde_json::from_str(catalogue).unwrap();
    for page in catalogue {
        let code = page["code"].as_str().unwrap();
        let mut scene = Scene::set().await;
        let answer =
            provoke(&mut scene, code).await.unwrap_or_else(|| unreachable!("nothing reaches {code}"));
        assert_eq!(answer.code(), code, "{}", answer.text);
        assert_eq!(u64::from(answer.status), page["status"].as_u64().unwrap(), "{code}");
        let about = scene.send(TestRequest::get(answer.json["type"].as_str().unwrap())).await;
        assert_eq!((about.status, about.data()), (200, &page), "{code}");
    }
}
