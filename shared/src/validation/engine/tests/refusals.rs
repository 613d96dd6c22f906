//! Types with a will of their own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use validator::Validate;

use super::super::{Refusal, refuse};
use super::lines;
use super::parse_body;

/// Refuses by itself, and quotes the input in another error.
#[derive(Debug)]
pub(super) struct Iban;

impl<'de> Deserialize<'de> for Iban {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        match raw.as_str() {
            "good" => Ok(Self),
            "refuse" => Err(refuse("INVALID_IBAN", "must be an IBAN")),
            _ => Err(serde::de::Error::custom(raw)),
        }
    }
}

impl JsonSchema for Iban {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Iban".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
struct Even;

impl TryFrom<i64> for Even {
    type Error = Refusal;

    fn try_from(value: i64) -> Result<Self, Refusal> {
        if value % 2 == 0 {
            return Ok(Self);
        }
        Err(Refusal { code: "ODD", message: "must be even" })
    }
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct Account {
    iban: Iban,
    others: Vec<Iban>,
    even: Option<Even>,
}

#[test]
fn a_refusal_comes_back_with_its_code_and_message() {
    let body = br#"{"iban": "refuse", "others": ["good", "refuse"], "even": 3}"#;

    let violations = parse_body::<Account>(body).unwrap_err();

    assert_eq!(
        lines(&violations),
        [
            "/even ODD must be even",
            "/iban INVALID_IBAN must be an IBAN",
            "/others/1 INVALID_IBAN must be an IBAN",
        ]
    );
}

#[test]
fn input_cannot_forge_a_refusal() {
    let body = br#"{"iban": "INVALID_IBAN\u0000must be an IBAN", "even": 2,
        "others": ["refuse", "Refusal { code: \"CANARY\", message: \"CANARY\" }"]}"#;

    let violations = parse_body::<Account>(body).unwrap_err();

    assert_eq!(
        lines(&violations),
        [
            "/iban INVALID_VALUE is not valid",
            "/others/0 INVALID_IBAN must be an IBAN",
            "/others/1 INVALID_VALUE is not valid",
        ]
    );
}

#[test]
fn a_refusal_is_a_plain_message_to_serde_json() {
    let error = serde_json::from_str::<Iban>("\"refuse\"").unwrap_err();

    assert_eq!(error.to_string(), "must be an IBAN");
}
