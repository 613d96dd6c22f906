//! Tests through the module's own front door, with schema structs such as an
//! application has.

#![expect(
    dead_code,
    clippy::struct_field_names,
    reason = "many fields are there to be refused, not to be read, and some are named after what they refuse"
)]

mod body;
mod document;
mod edges;
mod hostile;
mod numbers;
mod patches;
mod refusals;
mod rules;
mod strings;
mod types;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use regex::Regex;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use crate::validation::{
    Id, MaybeValue, Patch, Place, Replace, Secret, Surroundings, Text, Validated, Violation,
};

static SLUG: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z-]+$").unwrap());

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Income,
    Expense,
}

/// `Serialize` only because validator wants it of a list with a length rule.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    #[schemars(example = &"Paper")]
    #[validate(length(min = 1, max = 20))]
    item_name: Text,
    #[schemars(example = 1)]
    #[validate(range(min = 1, max = 99_999_999_999_i64))]
    quantity: i64,
    note: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Address {
    #[schemars(example = &"Main Street 1")]
    #[validate(length(min = 1, max = 10, message = "must be a street"))]
    street_line: Text,
    #[schemars(example = 12345_u16)]
    post_code: u16,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = ends_after_start, skip_on_field_errors = false))]
struct Order {
    #[schemars(example = &"6f1c1b1e-5d0e-4a4e-9b39-0a6b1c2d3e4f")]
    order_id: Id,
    #[schemars(example = &"Ada Lovelace")]
    #[validate(length(min = 1, max = 255))]
    full_name: Text,
    #[schemars(example = &"ada@example.com")]
    #[validate(email)]
    email_address: Text,
    #[schemars(example = &"income")]
    kind: Kind,
    #[schemars(example = &"2024-01-31")]
    start_date: Date,
    end_date: Option<Date>,
    #[schemars(example = true)]
    is_paid: bool,
    #[validate(nested, length(max = 5))]
    lines: Vec<Line>,
    #[validate(nested)]
    address: Option<Address>,
    #[validate(custom(function = not_forbidden))]
    r#type: Option<Text>,
    #[validate(regex(path = *SLUG))]
    slug: Option<Text>,
    #[validate(length(min = 3))]
    password: Option<Secret>,
}

fn ends_after_start(order: &Order) -> Result<(), ValidationError> {
    match order.end_date {
        Some(end) if end < order.start_date => {
            Err(ValidationError::new("END_BEFORE_START").with_message("ends too early".into()))
        }
        _ => Ok(()),
    }
}

fn not_forbidden(value: &impl MaybeValue<Text>) -> Result<(), ValidationError> {
    match value.given() {
        Some(text) if text.as_str() == "forbidden" => {
            // A message made at run time may quote the value, so it must not show.
            let message = format!("{} is forbidden", text.as_str());
            Err(ValidationError::new("FORBIDDEN_TYPE").with_message(message.into()))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderPatch {
    #[serde(default, skip_serializing_if = "Replace::is_keep")]
    #[validate(length(min = 1, max = 8))]
    full_name: Replace<Text>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(email)]
    email_address: Patch<Text>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(range(min = 1, max = 9))]
    quantity: Patch<i64>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(custom(function = not_forbidden), regex(path = *SLUG))]
    slug: Patch<Text>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(nested)]
    address: Patch<Address>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[validate(nested)]
    lines: Patch<Vec<Line>>,
}

/// A type that contains itself, so that only the counting bounds its depth.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Folder {
    #[serde(default)]
    inside: Vec<Folder>,
    beside: Option<Box<Folder>>,
}

const GOOD: &str = r#"{
    "orderId": "6f1c1b1e-5d0e-4a4e-9b39-0a6b1c2d3e4f", "fullName": "Grace",
    "emailAddress": "grace@example.com", "kind": "expense",
    "startDate": "2024-02-29", "isPaid": false,
    "lines": [{"itemName": "Ink", "quantity": 2}]
}"#;

/// The good order with some members set anew; an empty text removes one.
fn order(changes: &[(&str, &str)]) -> String {
    let mut document: serde_json::Value = serde_json::from_str(GOOD).unwrap();
    let members = document.as_object_mut().unwrap();
    for (name, json) in changes {
        if json.is_empty() {
            members.remove(*name);
        } else {
            members.insert((*name).to_owned(), serde_json::from_str(json).unwrap());
        }
    }
    document.to_string()
}

/// At an instant that none of these rules looks at.
fn parse_body<T>(bytes: &[u8]) -> Result<T, Vec<Violation>>
where
    T: DeserializeOwned + JsonSchema + Validated + 'static,
{
    super::parse_body(bytes, Timestamp::UNIX_EPOCH)
}

fn parse_strings<T>(place: Place, pairs: &[(String, String)]) -> Result<T, Vec<Violation>>
where
    T: DeserializeOwned + JsonSchema + Validated + 'static,
{
    super::parse_strings(place, pairs, &Surroundings { now: Timestamp::UNIX_EPOCH, id: None })
}

fn refused_order(changes: &[(&str, &str)]) -> Vec<Violation> {
    parse_body::<Order>(order(changes).as_bytes()).unwrap_err()
}

/// `pointer code message` of each, which reads well in an assertion.
fn lines(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(|it| format!("{} {} {}", it.pointer, it.code, it.message)).collect()
}
