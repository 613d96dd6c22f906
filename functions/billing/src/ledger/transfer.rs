//! What a transfer is: which way the money goes, and how it was paid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which way the money goes, seen from the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TransactionType")]
pub enum Kind {
    /// From the patient into the cash: the balance rises.
    Income,
    /// From the cash to the patient: the balance falls.
    Expense,
}

/// How it was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    pub const fn name(self) -> &'static str {
        match self {
            Self::Income => "income",
            Self::Expense => "expense",
        }
    }

    /// The accounts debited and credited. The transfer sums to zero by its shape.
    pub const fn accounts(self) -> (&'static str, &'static str) {
        match self {
            Self::Income => ("cash", "patient"),
            Self::Expense => ("patient", "cash"),
        }
    }

    /// By how much the patient's balance moves, in minor units; `None` beyond what a balance can hold.
    pub const fn moves_balance_by(self, amount_minor: i64) -> Option<i64> {
        match self {
            Self::Income => Some(amount_minor),
            Self::Expense => amount_minor.checked_neg(),
        }
    }
}

impl Method {
    /// The name in JSON and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Pix => "pix",
            Self::BankTransfer => "bank_transfer",
            Self::Other => "other",
        }
    }
}
