//! What is killed.

use crate::money::{card, income, lost, pay, record};
use serde_json::json;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// A card that the provider charges later.
const SLOW: &str = "pm_sandbox_processing";

/// A card whose bank asks its owner.
const ASKS: &str = "pm_card_authenticationRequired";

/// A function at its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// An income is recorded.
    Transaction,
    /// An income is taken back.
    Reversal,
    /// This card is charged.
    Payment(&'static str),
    /// Money of a card is given back.
    Refund,
    /// The provider tells that somebody gave it back in the dashboard.
    RefundedElsewhere,
    /// A Pix is made, and paid once somebody has seen it.
    Pix,
    /// The provider tells of a card that it charged later.
    Event,
    /// The provider tells that the owner of a card was refused.
    Refused,
    /// Somebody gives up a Pix that waits.
    Cancel,
    /// The sweeper finds out that a card was charged later.
    Sweep,
}

/// One run: whose money it is, what the killed function is sent, and what the client sends until it knows.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) patient: String,
    pub(crate) key: String,
    /// None: its clock calls it.
    pub(crate) sent: Option<TestRequest>,
    pub(crate) client: TestRequest,
}

impl Scene {
    /// The function that is killed.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Transaction => "create-transaction",
            Self::Reversal => "reverse-transaction",
            Self::Payment(_) | Self::Pix => "create-payment",
            Self::Refund => "create-refund",
            Self::Event | Self::Refused | Self::RefundedElsewhere => "record-stripe-events",
            Self::Cancel => "cancel-payment",
            Self::Sweep => "sweep-payments",
        }
    }

    /// Its reply when nobody kills it.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Transaction | Self::Reversal | Self::Refund | Self::Payment("pm_card_visa") => 201,
            Self::Payment(_) => 402,
            Self::Pix => 202,
            Self::Event | Self::Refused | Self::RefundedElsewhere => 204,
            Self::Cancel | Self::Sweep => 200,
        }
    }

    /// Whether the client sends what the killed function was sent.
    pub(crate) const fn is_the_clients(self) -> bool {
        matches!(self, Self::Transaction | Self::Reversal | Self::Refund | Self::Payment(_) | Self::Pix)
    }

    /// What the client knows in the end. A payment that nobody had heard of for a minute is given up where the provider has
    /// taken no request to charge it.
    pub(crate) fn is_final(self, answer: &TestResponse, was_asked: bool) -> bool {
        let is_given_up = answer.status == 409 && answer.code() == "PAYMENT_NOT_CHARGED";
        match self {
            Self::Transaction | Self::Reversal | Self::Refund | Self::Event | Self::Sweep => {
                answer.status == 201
            }
            Self::RefundedElsewhere => answer.status == 200 && answer.data()["refundedMinor"] == 15_000,
            Self::Pix => answer.status == 201 || (is_given_up && !was_asked),
            Self::Payment(_) => answer.status == self.status() || (is_given_up && !was_asked),
            Self::Refused => answer.status == 402,
            Self::Cancel => is_given_up,
        }
    }

    /// How many transfers there are in the end, and how often the income of 150.00 is in the balance.
    pub(crate) const fn booked(self, answer: u16) -> (u8, u8) {
        match (self, answer) {
            (Self::Reversal | Self::Refund | Self::RefundedElsewhere, _) => (2, 0),
            (_, 201) => (1, 1),
            _ => (0, 0),
        }
    }

    /// What the client pays by.
    const fn method(self) -> &'static str {
        match self {
            Self::Payment(method) => method,
            Self::Pix | Self::Cancel => "pix",
            Self::Refused => ASKS,
            Self::Refund | Self::RefundedElsewhere => "pm_card_visa",
            Self::Transaction | Self::Reversal | Self::Event | Self::Sweep => SLOW,
        }
    }

    /// Makes what is there before, and the requests.
    pub(crate) async fn case(self, app: &TestApp, tenant: &Tenant, patient: String, key: String) -> Case {
        let method = self.method();
        let client = match self {
            Self::Transaction => record(tenant, &income(&patient), &key),
            Self::Reversal => {
                let recorded = app.send(record(tenant, &income(&patient), &format!("{key}-before"))).await;
                let path = format!("{}/reversal", recorded.header("location").unwrap());
                TestRequest::post(&path, &json!({})).token(tenant.owner()).key(&key)
            }
            Self::Refund => {
                let paid = app.send(pay(tenant, &card(&patient, method), &format!("{key}-before"))).await;
                let path = format!("{}/refunds", paid.header("location").unwrap());
                TestRequest::post(&path, &json!({})).token(tenant.owner()).key(&key)
            }
            Self::RefundedElsewhere => {
                let paid = app.send(pay(tenant, &card(&patient, method), &key)).await;
                let intent = app.payments.intents().pop().unwrap();
                app.payments.refund_elsewhere(&intent.id, intent.amount).unwrap();
                let sent = app.tells(&app.payments.events().pop().unwrap());
                let client = TestRequest::get(paid.header("location").unwrap()).token(tenant.owner());
                return Case { patient, key, sent: Some(sent), client };
            }
            _ => pay(tenant, &card(&patient, method), &key),
        };
        if self.is_the_clients() {
            return Case { patient, key, sent: Some(client.clone()), client };
        }
        let id = lost(app, tenant, &patient, method, &key).await;
        let intent = app.payments.intents().pop().unwrap();
        if self != Self::Cancel {
            assert!(app.payments.settle(&intent.id, self != Self::Refused));
        }
        let sent = match self {
            Self::Event | Self::Refused => Some(app.tells(&app.payments.events().pop().unwrap())),
            Self::Cancel => {
                let cancel = TestRequest::new("POST", &format!("/api/v1/payments/{id}/cancel"));
                Some(cancel.token(tenant.owner()))
            }
            _ => {
                let due = format!("UPDATE billing.payments SET due_at = created_at WHERE id = '{id}'");
                app.database.run(&due).await;
                None
            }
        };
        Case { patient, key, sent, client }
    }
}
