//! Where it happens, and what must hold afterwards.

use crate::money::{app, assert_money_agrees, patient};
use crate::recovery::Recovery;
use crate::scene::{Case, Scene};
use futures_util::future::join_all;
use jiff::SignedDuration;
use payment_sandbox::Sandbox;
use serde_json::Value;
use shared::clock::{Clock as _, SystemClock};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::killing::Wire;
use testkit::lambda::{Environment, Outcome, program};
use testkit::{TestApp, TestRequest, TestResponse, World};

/// One database for all cases. Each case is of a clinic of its own.
pub(crate) struct Stage {
    pub(crate) app: Arc<TestApp>,
    world: World,
    cases: AtomicUsize,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let (app, tenant) = app().await;
        let world = World::empty(Arc::clone(&app), tenant);
        Self { app, world, cases: AtomicUsize::new(0) }
    }

    /// The next case. Its clock is the machine's, as the killed function's: earlier than where the last case ended, which
    /// neither a patient nor a limit of the same clinic would take.
    pub(crate) async fn case(&self, scene: Scene) -> Case {
        self.set_clock(SignedDuration::ZERO);
        let key = format!("case-{}", self.cases.fetch_add(1, Ordering::SeqCst));
        let tenant = self.app.tenant().await;
        let patient = patient(&self.app, &tenant).await;
        scene.case(&self.app, &tenant, patient, key).await
    }

    fn set_clock(&self, ahead: SignedDuration) {
        let now = SystemClock.now() + ahead;
        self.app.clock.advance(now.duration_since(self.app.clock.now()));
    }

    /// Starts the function over this wire, calls it, and kills it where the wire stops, or else at the end. Its outcome, if it
    /// came so far.
    pub(crate) async fn run(&self, scene: Scene, case: &Case, wire: &Wire) -> Option<Outcome> {
        let role = if case.sent.is_some() { "billing" } else { "payment_sweeper" };
        let database = wire.database_url(role);
        let settings = [
            ("DATABASE_URL", database.as_str()),
            ("STRIPE_URL", wire.provider_url()),
            // As many calls as there are cases would be refused; and a function that is deployed takes no such setting.
            ("RATE_LIMITS", "1000"),
            ("AWS_LAMBDA_FUNCTION_NAME", ""),
        ];
        let Some(request) = &case.sent else {
            let own = [&settings[..2], &[("STRIPE_SECRET_KEY", Sandbox::KEY)]].concat();
            let worker = Environment::start(&program(scene.function()), &own).await;
            let clock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/sweep-payments.json");
            return wire.kill(worker, &std::fs::read_to_string(clock).unwrap()).await;
        };
        let function = self.world.start(scene.function(), &settings).await;
        wire.kill(function, &request.event()).await
    }

    /// Lets those come who may come next, the client last; what it knows then.
    pub(crate) async fn recover(&self, scene: Scene, case: &Case, recovery: Recovery) -> TestResponse {
        self.set_clock(recovery.after());
        let told = (0..recovery.events()).map(|_| self.tell());
        join_all(told).await;
        if let Some(sent) = case.sent.clone().filter(|_| !scene.is_the_clients()) {
            // Whoever was not answered, the provider or a person, sends it again.
            let again = self.app.send(sent).await;
            assert_eq!(again.status, scene.status(), "{}", again.text);
        }
        if recovery.sweeps() {
            self.app.work("sweep-payments", None).await.unwrap();
        }
        let known = self.app.send(case.client.clone()).await;
        if known.status != 202 {
            return known;
        }
        // The customer does what is asked for.
        let waiting =
            self.app.payments.intents().into_iter().filter(|intent| intent.status == "requires_action");
        for intent in waiting {
            assert!(self.app.payments.settle(&intent.id, true));
        }
        self.tell().await;
        self.app.send(case.client.clone()).await
    }

    /// Hands over every event that is not delivered.
    async fn tell(&self) {
        let send = async |event: payment_sandbox::Delivery| {
            let request = TestRequest::new("POST", "/api/v1/webhooks/stripe").text(&event.body);
            let answer = self.app.send(request.header("stripe-signature", &event.signature)).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
            true
        };
        self.app.payments.deliver(send).await;
    }

    /// What must hold in the end, however it came about: whatever the function answered, and what the client knows.
    pub(crate) async fn check(
        &self,
        scene: Scene,
        case: &Case,
        (first, known): (Option<Outcome>, TestResponse),
        context: &str,
    ) {
        self.tell().await;
        let again = self.app.send(case.client.clone()).await;
        let was_asked = self.was_asked(&case.patient).await;
        assert!(scene.is_final(&known, was_asked), "{context}: {} {}", known.status, known.text);
        assert_eq!((known.status, bytes(&known)), (again.status, bytes(&again)), "{context}");
        if let Some(outcome) = first {
            let Outcome::Response(reply) = outcome else { panic!("{context}: {outcome:?}") };
            if scene.is_the_clients() && scene.status() != 202 {
                // What the first one was told is what everybody is told.
                let first = TestResponse::of_function(&reply);
                assert_eq!((first.status, bytes(&first)), (known.status, bytes(&known)), "{context}");
            }
        }
        let (transfers, balance) = scene.booked(known.status);
        let Case { patient, key, .. } = case;
        let written = format!(
            "SELECT (SELECT count(*) FROM billing.transfers WHERE patient_id = '{patient}'),
                    (SELECT COALESCE(sum(balance_minor), 0)::bigint / 15000 FROM billing.balances WHERE patient_id = '{patient}'),
                    (SELECT count(*) FROM kernel.outbox
                      WHERE kind = 'ledger.transaction_recorded' AND aggregate_id = '{patient}'),
                    (SELECT count(*) FROM kernel.audit_log
                      WHERE about = '{patient}' AND action IN ('transaction.recorded', 'payment.asked')),
                    (SELECT count(*) FROM kernel.audit_log WHERE about = '{patient}' AND action = 'refund.asked'),
                    (SELECT count(*) FROM kernel.idempotency_keys WHERE key = '{key}' AND reply IS NOT NULL),
                    (SELECT count(*) FROM billing.payments WHERE status = 'pending'),
                    (SELECT count(*) FROM billing.refunds WHERE status = 'pending')"
        );
        let expected = [transfers, balance, transfers, 1, u8::from(scene == Scene::Refund), 1, 0, 0]
            .map(|count| count.to_string());
        assert_eq!(self.app.database.rows(&written).await, [expected], "{context}");
        let charged = self.app.payments.intents().iter().filter(|intent| intent.amount_received > 0).count();
        let taken = "SELECT count(*) FROM billing.payments WHERE status = 'succeeded'";
        assert_eq!(charged.to_string(), self.app.database.value(taken).await, "{context}");
        assert_money_agrees(&self.app).await;
    }

    /// Whether the provider has taken a request to charge the patient's payment.
    async fn was_asked(&self, patient: &str) -> bool {
        let key = format!(
            "SELECT COALESCE(max(id::text), '') FROM billing.payments WHERE patient_id = '{patient}'"
        );
        let key = self.app.database.value(&key).await;
        let confirms = ("confirm".to_owned(), "true".to_owned());
        let taken = |request: &payment_sandbox::Request| {
            request.idempotency_key.as_deref() == Some(&key)
                && request.form.contains(&confirms)
                && matches!(request.status, Some(200 | 402))
        };
        self.app.payments.requests().iter().any(taken)
    }
}

/// The body of a reply without the id of its request, which no two share.
fn bytes(answer: &TestResponse) -> Value {
    let mut body = answer.json.clone();
    body["meta"] = Value::Null;
    body
}
