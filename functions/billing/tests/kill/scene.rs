//! What is killed.

use crate::money::{card, income, lost, pay, record};
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

/// A card that the provider charges later.
const SLOW: &str = "pm_sandbox_processing";

/// A function at its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// An income is recorded.
    Transaction,
    /// This card is charged.
    Payment(&'static str),
    /// A Pix is made, and paid once somebody has seen it.
    Pix,
    /// The provider tells of a card that it charged later.
    Event,
}

/// One run: whose money it is, what the killed function is sent, and what the client sends until it knows.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) patient: String,
    pub(crate) key: String,
    pub(crate) sent: TestRequest,
    pub(crate) client: TestRequest,
}

impl Scene {
    /// The function that is killed.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Transaction => "create-transaction",
            Self::Payment(_) | Self::Pix => "create-payment",
            Self::Event => "record-stripe-events",
        }
    }

    /// Its reply when nobody kills it.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Transaction | Self::Payment("pm_card_visa") => 201,
            Self::Payment(_) => 402,
            Self::Pix => 202,
            Self::Event => 204,
        }
    }

    /// What the client knows in the end. A payment that nobody had heard of for a minute may be given up, where nothing was
    /// charged.
    pub(crate) fn is_final(self, answer: &TestResponse) -> bool {
        match self {
            Self::Payment(_) | Self::Pix if answer.status == 409 => answer.code() == "PAYMENT_NOT_CHARGED",
            Self::Transaction | Self::Event | Self::Pix => answer.status == 201,
            Self::Payment(_) => answer.status == self.status(),
        }
    }

    /// Makes what is there before, and the requests.
    pub(crate) async fn case(self, app: &TestApp, tenant: &Tenant, patient: String, key: String) -> Case {
        let client = match self {
            Self::Transaction => record(tenant, &income(&patient), &key),
            Self::Payment(method) => pay(tenant, &card(&patient, method), &key),
            Self::Pix => pay(tenant, &card(&patient, "pix"), &key),
            Self::Event => pay(tenant, &card(&patient, SLOW), &key),
        };
        let sent = match self {
            Self::Transaction | Self::Payment(_) | Self::Pix => client.clone(),
            Self::Event => {
                lost(app, tenant, &patient, SLOW, &key).await;
                let intent = app.payments.intents().pop().unwrap();
                assert!(app.payments.settle(&intent.id, true));
                app.tells(&app.payments.events().pop().unwrap())
            }
        };
        Case { patient, key, sent, client }
    }
}
