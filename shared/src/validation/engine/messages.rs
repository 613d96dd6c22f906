//! Codes and messages for broken rules.

use std::borrow::Cow;

use serde_json::Value;
use validator::ValidationError;

use super::tree::Tree;
use super::violation::Reason;

/// The code and message of one of validator's errors.
///
/// The refused value, `params["value"]`, is measured here and never printed.
pub(super) fn explain(error: &ValidationError, node: Option<&Tree>) -> Reason {
    let (code, message) = built_in(error, node);
    (code, fixed(error.message.as_ref()).map_or(message, Cow::Borrowed))
}

/// The text, if a constant of the program. Text made at run time may quote the
/// value, and is not passed on.
fn fixed(text: Option<&Cow<'static, str>>) -> Option<&'static str> {
    match text {
        Some(Cow::Borrowed(text)) => Some(text),
        _ => None,
    }
}

fn built_in(error: &ValidationError, node: Option<&Tree>) -> Reason {
    match error.code.as_ref() {
        "length" => length(error, node),
        "range" => ("OUT_OF_RANGE", range(error).into()),
        "email" => ("INVALID_EMAIL", "must be an e-mail address".into()),
        "url" => ("INVALID_URL", "must be a URL".into()),
        "ip" => ("INVALID_IP", "must be an IP address".into()),
        "regex" => ("INVALID_FORMAT", "does not have the right format".into()),
        "required" => super::reasons::missing(),
        "must_match" => ("MUST_MATCH", "does not match the other field".into()),
        "contains" | "does_not_contain" => ("INVALID_FORMAT", "is not valid".into()),
        "credit_card" => ("INVALID_CARD_NUMBER", "must be a card number".into()),
        "non_control_character" => ("INVALID_CHARACTERS", "must not contain control characters".into()),
        _ => (fixed(Some(&error.code)).unwrap_or("INVALID_VALUE"), "is not valid".into()),
    }
}

fn length(error: &ValidationError, node: Option<&Tree>) -> Reason {
    let limit = |name: &str| error.params.get(name).and_then(Value::as_u64);
    let (minimum, maximum) = (limit("min"), limit("max"));
    let (size, unit) = measure(error.params.get("value"), node);
    let code = match (size, minimum, maximum) {
        (Some(size), Some(minimum), _) if size < minimum => "TOO_SHORT",
        (Some(size), _, Some(maximum)) if size > maximum => "TOO_LONG",
        _ => "INVALID_LENGTH",
    };
    let units = |count: u64| match (count, unit) {
        (1, "items") => "1 item".to_owned(),
        (1, _) => "1 character".to_owned(),
        (count, unit) => format!("{count} {unit}"),
    };
    let message = match (limit("equal"), minimum, maximum) {
        (Some(equal), ..) => format!("must have exactly {}", units(equal)),
        (_, Some(low), Some(high)) if low == high => format!("must have exactly {}", units(low)),
        (_, Some(low), Some(high)) => format!("must have {low} to {}", units(high)),
        (_, Some(low), None) => format!("must have at least {}", units(low)),
        (_, None, Some(high)) => format!("must have at most {}", units(high)),
        _ => "does not have the right length".to_owned(),
    };
    (code, message.into())
}

/// Size and unit of a value. A secret hides its value from validator, so the
/// document's own node is the second choice.
fn measure(value: Option<&Value>, node: Option<&Tree>) -> (Option<u64>, &'static str) {
    let (size, unit) = match (value, node) {
        (Some(Value::String(text)), _) | (_, Some(Tree::Text(text))) => (text.chars().count(), "characters"),
        (Some(Value::Array(items)), _) => (items.len(), "items"),
        (Some(Value::Object(members)), _) => (members.len(), "items"),
        (_, Some(node @ (Tree::List(_) | Tree::Object(_)))) => (node.len(), "items"),
        _ => return (None, "characters"),
    };
    (u64::try_from(size).ok(), unit)
}

fn range(error: &ValidationError) -> String {
    let limit = |name: &str| {
        let value = error.params.get(name).filter(|value| value.is_number());
        value.map(Value::to_string)
    };
    let (low, high) = (limit("min"), limit("max"));
    if let (Some(low), Some(high)) = (&low, &high) {
        return format!("must be from {low} to {high}");
    }
    let low = low
        .map(|it| format!("at least {it}"))
        .or_else(|| limit("exclusive_min").map(|it| format!("greater than {it}")));
    let high = high
        .map(|it| format!("at most {it}"))
        .or_else(|| limit("exclusive_max").map(|it| format!("less than {it}")));
    match (low, high) {
        (Some(low), Some(high)) => format!("must be {low} and {high}"),
        (Some(only), None) | (None, Some(only)) => format!("must be {only}"),
        (None, None) => "is out of range".to_owned(),
    }
}
