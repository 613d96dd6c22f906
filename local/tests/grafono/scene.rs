//! The test app in which each problem is provoked.

use crate::{app, income, new_patient, sign_up};
use serde_json::{Value, json};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

pub(crate) const PASSWORD: &str = "a long and lonely road";

/// The test app in which each code is provoked: a patient, its address and its id.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) tenant: Tenant,
    pub(crate) address: String,
    pub(crate) patient: String,
}

/// The request that presents a refresh token.
pub(crate) fn refresh(token: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/refresh", &json!({ "refreshToken": token }))
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let (app, tenant) = app().await;
        let (address, patient) = new_patient(&app, &tenant).await;
        Self { app, tenant, address, patient }
    }

    pub(crate) async fn send(&self, request: TestRequest) -> TestResponse {
        self.app.send(request).await
    }

    pub(crate) fn own(&self, request: TestRequest) -> TestRequest {
        request.token(self.tenant.owner())
    }

    /// A new patient with these fields.
    pub(crate) async fn patient_with(&self, body: Value) -> TestResponse {
        self.send(self.own(TestRequest::post("/api/v1/patients", &body))).await
    }

    /// A new patient with this body, as text.
    pub(crate) async fn patient_text(&self, body: &str) -> TestResponse {
        self.send(self.own(TestRequest::new("POST", "/api/v1/patients").text(body))).await
    }

    /// A sign-up with one field changed.
    pub(crate) async fn clinic_with(&self, field: &str, value: &str) -> TestResponse {
        let mut body = sign_up("scene@example.com");
        body[field] = json!(value);
        self.send(TestRequest::post("/api/v1/clinics", &body)).await
    }

    /// A payment by that card.
    pub(crate) async fn card(&self, method: &str) -> TestResponse {
        self.card_with("paymentMethod", json!(method)).await
    }

    /// A payment with one field changed.
    pub(crate) async fn card_with(&self, field: &str, value: Value) -> TestResponse {
        let mut body = json!({
            "patientId": self.patient, "amountMinor": 15_000, "currency": "BRL", "paymentMethod": "pm_card_visa",
        });
        body[field] = value;
        let key = format!("{field} {}", body[field]);
        self.send(self.own(TestRequest::post("/api/v1/payments", &body)).key(&key)).await
    }

    /// The address of the oldest payment.
    async fn payment(&self) -> String {
        let oldest = "SELECT id FROM billing.payments ORDER BY created_at, id LIMIT 1";
        format!("/api/v1/payments/{}", self.app.database.value(oldest).await)
    }

    /// Gives the oldest payment up.
    pub(crate) async fn cancel_payment(&self) -> TestResponse {
        let path = format!("{}/cancel", self.payment().await);
        self.send(self.own(TestRequest::new("POST", &path))).await
    }

    /// Gives so much of the oldest payment back, or all that is left.
    pub(crate) async fn refund(&self, amount: Option<i64>, key: &str) -> TestResponse {
        let path = format!("{}/refunds", self.payment().await);
        let body = amount.map_or_else(|| json!({}), |amount| json!({ "amountMinor": amount }));
        self.send(self.own(TestRequest::post(&path, &body)).key(key)).await
    }

    /// Says what became of the oldest payment.
    pub(crate) async fn resolve_payment(&self, body: &Value) -> TestResponse {
        let path = format!("{}/resolution", self.payment().await);
        self.send(self.own(TestRequest::post(&path, body)).key("resolution")).await
    }

    /// A transaction with one field changed.
    pub(crate) async fn transaction_with(&self, field: &str, value: Value) -> TestResponse {
        let mut body = income(&self.patient);
        body[field] = value;
        self.send(self.own(TestRequest::post("/api/v1/transactions", &body)).key("scene")).await
    }

    /// A charge for that source.
    pub(crate) async fn charge(&self, source: Value, key: &str) -> TestResponse {
        let body = json!({
            "patientId": self.patient, "type": "charge", "amountMinor": 1, "currency": "BRL", "source": source,
        });
        self.send(self.own(TestRequest::post("/api/v1/transactions", &body)).key(key)).await
    }

    /// Takes a transaction back.
    pub(crate) async fn reverse(&self, id: &str, key: &str) -> TestResponse {
        let path = format!("/api/v1/transactions/{id}/reversal");
        self.send(self.own(TestRequest::post(&path, &json!({}))).key(key)).await
    }

    /// A new webhook endpoint at that address.
    pub(crate) async fn webhook(&self, url: &str) -> TestResponse {
        let body = json!({ "url": url, "kinds": ["patient.created"] });
        self.send(self.own(TestRequest::post("/api/v1/webhook-endpoints", &body))).await
    }

    pub(crate) async fn get(&self, address: &str) -> TestResponse {
        self.send(self.own(TestRequest::get(address))).await
    }

    pub(crate) fn edit(&self, body: &Value) -> TestRequest {
        self.own(TestRequest::patch(&self.address, body))
    }

    pub(crate) async fn log_in(&self, clinic: Option<&str>, password: &str) -> TestResponse {
        let mut body = json!({ "email": "scene@example.com", "password": password });
        if let Some(clinic) = clinic {
            body["clinicId"] = json!(clinic);
        }
        self.send(TestRequest::post("/api/v1/auth/login", &body)).await
    }

    /// Confirms an address by a token.
    pub(crate) async fn verify(&self, token: &str) -> TestResponse {
        self.send(TestRequest::post("/api/v1/auth/verify-email", &json!({ "token": token }))).await
    }

    /// Chooses a new password by a token.
    pub(crate) async fn choose_password(&self, token: &str) -> TestResponse {
        let body = json!({ "token": token, "password": PASSWORD });
        self.send(TestRequest::post("/api/v1/auth/password-resets/confirm", &body)).await
    }

    /// Signs the account of the scene up, and has a link mailed to it; its token.
    pub(crate) async fn forgotten_password(&self) -> String {
        self.account().await;
        let body = json!({ "email": "scene@example.com" });
        let asked = self.send(TestRequest::post("/api/v1/auth/password-resets", &body)).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        let event = self.app.events_where("kind = 'account.password_reset_requested'").await.remove(0);
        self.app.take("mail-password-reset", &event).await.unwrap();
        let sql = "SELECT plain_text FROM kernel.mails WHERE key LIKE 'password-reset/%'";
        let text = self.app.database.value(sql).await;
        let (_, token) = text.split_once("?token=").unwrap();
        token.split_whitespace().next().unwrap().to_owned()
    }

    /// The refresh token of a new sign-up.
    pub(crate) async fn refresh_token(&self) -> String {
        let signed_up = self.clinic_with("clinicName", "Scene").await;
        signed_up.data()["refreshToken"].as_str().unwrap().to_owned()
    }

    /// Refreshes a session by its token.
    pub(crate) async fn refresh(&self, token: &str) -> TestResponse {
        self.send(refresh(token)).await
    }

    /// Signs the account of the scene up.
    pub(crate) async fn account(&self) {
        assert_eq!(
            self.send(TestRequest::post("/api/v1/clinics", &sign_up("scene@example.com"))).await.status,
            201
        );
    }

    /// Makes the account of the scene a member of the tenant's clinic, too.
    pub(crate) async fn second_membership(&self) {
        let sql = "INSERT INTO identity.memberships
                          (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                   SELECT uuidv7(), '{clinic}', id, 'Guest', 'admin', 1, now(), now()
                     FROM identity.accounts WHERE email_key = 'scene@example.com'";
        self.app.database.run(&sql.replace("{clinic}", &self.tenant.clinic.to_string())).await;
    }

    /// Holds a lock on what `sql` locks while `send` is answered.
    pub(crate) async fn while_locked(&self, sql: &str, request: TestRequest) -> TestResponse {
        let url = self.app.database.url("postgres");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
        let answer = self.send(request).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        answer
    }
}
