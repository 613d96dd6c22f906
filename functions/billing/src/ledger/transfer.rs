//! A transfer: its ids in replies, its direction and its means of payment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

/// A transaction's id as replies have it: `id` like every resource, and `transactionId` like every reply in which money
/// moved. Statements give `transactionId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", from = "Stored")]
#[schemars(!from)]
pub struct TransactionIds {
    /// `UUIDv7`.
    #[schemars(example = "01a1fc88-c0de-7a3b-9f10-5c2d8e4b7a66")]
    pub id: Uuid,
    /// The same as `id`.
    #[schemars(example = "01a1fc88-c0de-7a3b-9f10-5c2d8e4b7a66")]
    pub transaction_id: Uuid,
}

/// The ids as statements give them and as replies are stored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    transaction_id: Uuid,
}

impl From<Stored> for TransactionIds {
    fn from(Stored { transaction_id }: Stored) -> Self {
        Self { id: transaction_id, transaction_id }
    }
}

/// What is recorded by hand: which way the balance goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(rename = "RecordedType")]
pub enum Kind {
    /// From the patient into the cash: the balance rises.
    Income,
    /// From the cash to the patient: the balance falls.
    Expense,
    /// Something that the patient owes: the balance falls, and no money moves.
    Charge,
}

/// What a transaction is: what was recorded by hand, or what something else has booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TransactionType {
    /// Money taken from the patient by hand: the balance rises.
    Income,
    /// Money paid to the patient by hand: the balance falls.
    Expense,
    /// Something that the patient owes: the balance falls, and no money moves.
    Charge,
    /// Money that the payment provider has taken: the balance rises.
    Payment,
    /// Money that the payment provider gave back: the balance falls.
    Refund,
    /// A refund that did not arrive after all: the balance rises.
    RefundReturned,
    /// Money that the patient's bank took back: the balance falls.
    Dispute,
    /// Money that came back from a dispute: the balance rises.
    DisputeWon,
    /// What takes another transaction back.
    Reversal,
}

impl TransactionType {
    /// The name in JSON and the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How it was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(rename = "PaymentMethod")]
pub enum Method {
    /// Notes and coins.
    Cash,
    /// By a card terminal.
    Card,
    /// By Pix.
    Pix,
    /// By bank transfer.
    BankTransfer,
    /// In another way.
    Other,
}

impl Kind {
    /// The name in JSON and the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The accounts debited and credited. One amount for both, so every transfer sums to zero.
    pub const fn accounts(self) -> (&'static str, &'static str) {
        match self {
            Self::Income => ("cash", "patient"),
            Self::Expense => ("patient", "cash"),
            Self::Charge => ("patient", "revenue"),
        }
    }

    /// Whether money changes hands, which it does in some way.
    pub const fn moves_money(self) -> bool {
        !matches!(self, Self::Charge)
    }

    /// The change of the patient's balance, in minor units; `None` for an amount that no balance can hold.
    pub const fn moves_balance_by(self, amount_minor: i64) -> Option<i64> {
        match self {
            Self::Income => Some(amount_minor),
            Self::Expense | Self::Charge => amount_minor.checked_neg(),
        }
    }
}

impl Method {
    /// The name in JSON and the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
