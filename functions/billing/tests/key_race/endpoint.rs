//! The race through the endpoint: the product as it is.

use crate::race;
use crate::tally::Tally;
use crate::worker::{self, KEYS, Outcome, Reply, key};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::app::{App, Frame};
use shared::clock::{SystemClock, SystemIds};
use shared::http::{OpenEndpoint, pipeline};
use shared::parts::Opening;
use std::sync::Arc;
use std::time::Duration;
use testkit::{CountingHasher, TestApp, TestRequest, TestResponse};
use tokio::runtime::Runtime;

/// What a call may take, as on Lambda.
const TIME: Duration = Duration::from_secs(10);

/// What one of six instances of the function is started with, and whom it pays.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    url: String,
    public_keys: String,
    token: String,
    patient: String,
}

/// An instance with a pool of one connection.
pub(crate) struct Sender<'a> {
    endpoints: Vec<OpenEndpoint>,
    job: &'a Job,
}

impl<'a> Sender<'a> {
    /// Connects by a request that changes nothing, so that the race is not won by whoever connects first.
    pub(crate) async fn connect(job: &'a Job) -> Self {
        let (url, public_keys) = (job.url.clone(), job.public_keys.clone());
        let variable = move |key: &str| match key {
            "DATABASE_URL" => Some(url.clone()),
            "DATABASE_CONNECTIONS" => Some("1".to_owned()),
            "RATE_LIMITS" => Some("1000".to_owned()),
            "TOKEN_PUBLIC_KEYS" => Some(public_keys.clone()),
            "PUBLIC_URL" => Some(testkit::ISSUER.to_owned()),
            _ => None,
        };
        let opening = Opening::by_value(variable, Arc::new(SystemClock));
        let hasher = Arc::new(CountingHasher::default());
        let app = App::open(&opening, Frame::WHOLE, Arc::new(SystemIds), hasher).map(Arc::new);
        // The others want settings of their own.
        let sent = ["create-transaction", "get-balance"];
        let endpoints = billing::module().endpoints.into_iter().filter(|it| sent.contains(&it.name));
        let endpoints = endpoints.map(|it| opening.finish(it.open(app.clone(), &opening)).unwrap());
        let sender = Self { endpoints: endpoints.collect(), job };
        let balance = TestRequest::get(&format!("/api/v1/patients/{}/balance", job.patient));
        let answer = sender.pass("get-balance", balance).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        sender
    }

    pub(crate) async fn send(&self, number: usize) -> Reply {
        let body = json!({
            "patientId": self.job.patient,
            "type": "income",
            "amountMinor": number + 1,
            "currency": "BRL",
            "method": "pix",
        });
        let request = TestRequest::post("/api/v1/transactions", &body).key(&key(number));
        let answer = self.pass("create-transaction", request).await;
        let outcome = match (answer.status, answer.header("idempotency-replayed")) {
            (201, None) => Outcome::First,
            (201, Some("true")) => Outcome::Replayed,
            (409, None) if answer.code() == "IDEMPOTENCY_KEY_IN_FLIGHT" => Outcome::InFlight,
            _ => Outcome::Other,
        };
        Reply { outcome, text: answer.text }
    }

    async fn pass(&self, endpoint: &str, request: TestRequest) -> TestResponse {
        let endpoint = self.endpoints.iter().find(|it| it.declaration.name == endpoint).unwrap();
        let request = request.token(&self.job.token).read();
        pipeline::answer(endpoint, request, TIME).await.finish().await.into()
    }
}

pub(crate) fn six_processes_with_the_same_thousand_keys_make_a_thousand_transactions(
    runtime: &Runtime,
) -> Result<String, String> {
    let (app, job) = runtime.block_on(async {
        let app = TestApp::of(vec![billing::module()]).await;
        let tenant = app.tenant().await;
        let sql = "INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
                   VALUES (uuidv7(), '{clinic}', 'A patient', 1, now(), now()) RETURNING id";
        let sql = sql.replace("{clinic}", &tenant.clinic.to_string());
        let job = Job {
            url: app.database.function_url("billing"),
            public_keys: app.keys().1.clone(),
            token: tenant.owner().to_owned(),
            patient: app.database.value(&sql).await,
        };
        (app, job)
    });

    let tally = Tally::of(&race::run(&worker::Job::Endpoint(job))?);

    // Transfers, their sum, the balance, its steps, and what is written beside each transfer; the last receipt's number.
    let written = "SELECT (SELECT count(*) FROM billing.transfers),
                          (SELECT sum(amount_minor) FROM billing.transfers),
                          (SELECT balance_minor FROM billing.balances),
                          (SELECT seq FROM billing.balances),
                          (SELECT count(*) FROM billing.receipts),
                          (SELECT last_number FROM billing.receipt_counters),
                          (SELECT count(*) FROM kernel.outbox),
                          (SELECT count(*) FROM kernel.audit_log WHERE action = 'transaction.recorded'),
                          (SELECT count(*) FROM kernel.idempotency_keys WHERE reply IS NOT NULL)";
    let written = runtime.block_on(app.database.rows(written));
    let (count, sum) = (KEYS.to_string(), (KEYS * (KEYS + 1) / 2).to_string());
    let expected = [&count, &sum, &sum, &count, &count, &count, &count, &count, &count].map(String::clone);
    if written != [expected.to_vec()] {
        return Err(tally.not(&format!("{expected:?}, found {written:?}")));
    }
    tally.one_effect_a_key()?;
    Ok(format!("{count} transfers, balance {sum}; {tally}"))
}
