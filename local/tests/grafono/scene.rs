//! The stage on which each problem is provoked.

use crate::{income, new_patient, sign_up, stage};
use serde_json::{Value, json};
use testkit::{Answer, Ask, Stage, Tenant};

pub(crate) const PASSWORD: &str = "a long and lonely road";

/// The stage on which each code is provoked: a patient, its address and its id.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) tenant: Tenant,
    pub(crate) address: String,
    pub(crate) patient: String,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let (stage, tenant) = stage().await;
        let (address, patient) = new_patient(&stage, &tenant).await;
        Self { stage, tenant, address, patient }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        self.stage.ask(ask).await
    }

    pub(crate) fn own(&self, ask: Ask) -> Ask {
        ask.token(self.tenant.owner())
    }

    /// A new patient with these fields.
    pub(crate) async fn patient_with(&self, body: Value) -> Answer {
        self.ask(self.own(Ask::post("/api/v1/patients", &body))).await
    }

    /// A new patient with this body, as text.
    pub(crate) async fn patient_text(&self, body: &str) -> Answer {
        self.ask(self.own(Ask::new("POST", "/api/v1/patients").text(body))).await
    }

    /// A sign-up with one field changed.
    pub(crate) async fn clinic_with(&self, field: &str, value: &str) -> Answer {
        let mut body = sign_up("scene@example.com");
        body[field] = json!(value);
        self.ask(Ask::post("/api/v1/clinics", &body)).await
    }

    /// A transaction with one field changed.
    pub(crate) async fn transaction_with(&self, field: &str, value: Value) -> Answer {
        let mut body = income(&self.patient);
        body[field] = value;
        self.ask(self.own(Ask::post("/api/v1/transactions", &body)).key("scene")).await
    }

    /// A new webhook endpoint at that address.
    pub(crate) async fn webhook(&self, url: &str) -> Answer {
        let body = json!({ "url": url, "kinds": ["patient.created"] });
        self.ask(self.own(Ask::post("/api/v1/webhook-endpoints", &body))).await
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.ask(self.own(Ask::get(address))).await
    }

    pub(crate) fn edit(&self, body: &Value) -> Ask {
        self.own(Ask::patch(&self.address, body))
    }

    pub(crate) async fn log_in(&self, clinic: Option<&str>, password: &str) -> Answer {
        let mut body = json!({ "email": "scene@example.com", "password": password });
        if let Some(clinic) = clinic {
            body["clinicId"] = json!(clinic);
        }
        self.ask(Ask::post("/api/v1/auth/login", &body)).await
    }

    /// Confirms an address by a token.
    pub(crate) async fn verify(&self, token: &str) -> Answer {
        self.ask(Ask::post("/api/v1/auth/verify-email", &json!({ "token": token }))).await
    }

    /// Signs the account of the scene up.
    pub(crate) async fn account(&self) {
        assert_eq!(self.ask(Ask::post("/api/v1/clinics", &sign_up("scene@example.com"))).await.status, 201);
    }

    /// Makes the account of the scene a member of the tenant's clinic, too.
    pub(crate) async fn second_membership(&self) {
        let sql = "INSERT INTO identity.memberships
                          (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                   SELECT uuidv7(), '{clinic}', id, 'Guest', 'admin', 1, now(), now()
                     FROM identity.accounts WHERE email_key = 'scene@example.com'";
        self.stage.database.run(&sql.replace("{clinic}", &self.tenant.clinic.to_string())).await;
    }

    /// Holds a lock on what `sql` locks while `ask` is answered.
    pub(crate) async fn while_locked(&self, sql: &str, ask: Ask) -> Answer {
        let url = self.stage.database.url("postgres");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
        let answer = self.ask(ask).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        answer
    }
}
