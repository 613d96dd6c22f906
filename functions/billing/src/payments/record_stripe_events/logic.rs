//! What an event means.

use super::schema::{EventObject, StripeEvent};
use crate::disputes;
use crate::payments::found::{declined, not_charged};
use crate::payments::provider::{code, currency, is_intent_id, is_object_id};
use crate::payments::settling::{Failed, Taken};
use uuid::Uuid;

/// What an event means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This became of a payment.
    Became(Became),
    /// Something happened to this payment of the provider since.
    About(String, Since),
    /// Nothing for us: of another deployment, or nobody waits for it.
    Nothing,
}

/// What happened to a payment since. What carries no metadata of ours names the payment by the provider's id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// Its refunds are others than before.
    Refunded,
    /// Its dispute.
    Disputed(disputes::Told),
    /// The bank asks, and has taken nothing.
    Inquired,
}

/// What became of a payment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Became {
    pub(super) clinic: Uuid,
    pub(super) payment: Uuid,
    pub(super) what: What,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The money was taken.
    Taken(Taken),
    /// It was not, and could be tried again at the provider.
    Refused(Failed),
    /// It was not, and never will be.
    Failed(Failed),
    /// The provider has begun.
    Begun(String),
}

/// The event of a body; none where it is no event of the provider's form.
pub(super) fn read(body: &[u8]) -> Option<StripeEvent> {
    let event: StripeEvent = serde_json::from_slice(body).ok()?;
    let is_kind = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.';
    let fits =
        is_event_id(&event.id) && (1..=64).contains(&event.kind.len()) && event.kind.bytes().all(is_kind);
    fits.then_some(event)
}

/// Whether a text has the form of an event's id.
fn is_event_id(text: &str) -> bool {
    let rest = text.strip_prefix("evt_").unwrap_or_default();
    (1..=120).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What an event means to this deployment.
pub(super) fn meaning(event: &StripeEvent, deployment: &str) -> Meaning {
    let object = &event.data.object;
    let what = match event.kind.as_str() {
        "payment_intent.succeeded" => What::Taken(taken(object)),
        "payment_intent.payment_failed" => What::Refused(failed(object)),
        "payment_intent.canceled" => What::Failed(not_charged()),
        "payment_intent.processing" => What::Begun(object.id.clone()),
        kind => {
            return match (&object.payment_intent, since(kind, object)) {
                (Some(intent), Some(since)) if is_intent_id(intent) => Meaning::About(intent.clone(), since),
                _ => Meaning::Nothing,
            };
        }
    };
    let Some(metadata) = &object.metadata else { return Meaning::Nothing };
    let id = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    match (id(&metadata.clinic_id), id(&metadata.payment_id), metadata.deployment.as_deref()) {
        (Some(clinic), Some(payment), Some(of)) if of == deployment && is_intent_id(&object.id) => {
            Meaning::Became(Became { clinic, payment, what })
        }
        _ => Meaning::Nothing,
    }
}

/// What happened to a payment since, if that kind of event says it.
fn since(kind: &str, object: &EventObject) -> Option<Since> {
    if kind.starts_with("refund.") || matches!(kind, "charge.refunded" | "charge.refund.updated") {
        return Some(Since::Refunded);
    }
    let status = object.status.as_deref().unwrap_or_default();
    let what = match kind.strip_prefix("charge.dispute.")? {
        "created" if status.starts_with("warning_") => return Some(Since::Inquired),
        "created" => disputes::What::Opened,
        "funds_withdrawn" => disputes::What::Withdrawn,
        "funds_reinstated" => disputes::What::Reinstated,
        "closed" if status == "won" => disputes::What::Won,
        "closed" if status == "lost" => disputes::What::Lost,
        _ => return None,
    };
    let currency = object.currency.as_deref().unwrap_or_default().to_ascii_uppercase();
    let amount_minor = currency::from_provider(&currency, object.amount?)?;
    let reason = code(object.reason.as_deref());
    let is_named = is_object_id(&object.id) && amount_minor > 0;
    is_named.then(|| {
        Since::Disputed(disputes::Told { id: object.id.clone(), amount_minor, currency, reason, what })
    })
}

/// What was taken; in a currency that is not known, an amount that no payment has.
fn taken(object: &EventObject) -> Taken {
    let code = object.currency.as_deref().unwrap_or_default().to_ascii_uppercase();
    let minor = object.amount_received.and_then(|amount| currency::from_provider(&code, amount));
    Taken { intent: Some(object.id.clone()), amount: Some((minor.unwrap_or(-1), code)) }
}

fn failed(object: &EventObject) -> Failed {
    let error = object.last_payment_error.as_ref();
    let said = error.and_then(|error| error.decline_code.as_deref().or(error.code.as_deref()));
    Failed { intent: Some(object.id.clone()), ..declined(&code(said)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CLINIC: Uuid = Uuid::from_u128(1);
    const PAYMENT: Uuid = Uuid::from_u128(2);

    fn event(kind: &str) -> Value {
        json!({ "id": "evt_1", "object": "event", "type": kind, "data": { "object": {
            "id": "pi_1", "amount": 500, "amount_received": 500, "currency": "brl", "status": "succeeded",
            "metadata": { "clinicId": CLINIC, "paymentId": PAYMENT, "deployment": "here" },
        } } })
    }

    fn meant(event: &Value) -> Meaning {
        meaning(&read(event.to_string().as_bytes()).unwrap(), "here")
    }

    fn became(event: &Value) -> What {
        match meant(event) {
            Meaning::Became(Became { clinic: CLINIC, payment: PAYMENT, what }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_payment_that_succeeded_was_taken_with_the_amount_that_it_tells() {
        let amount = Some((500, "BRL".to_owned()));
        let expected = What::Taken(Taken { intent: Some("pi_1".to_owned()), amount });
        assert_eq!(became(&event("payment_intent.succeeded")), expected);
        let mut odd = event("payment_intent.succeeded");
        odd["data"]["object"]["currency"] = json!("???");
        let What::Taken(Taken { amount: Some((minor, _)), .. }) = became(&odd) else { panic!() };
        assert_eq!(minor, -1);
    }

    #[test]
    fn a_payment_that_failed_has_the_banks_word_and_one_that_was_given_up_was_not_charged() {
        let mut declined = event("payment_intent.payment_failed");
        declined["data"]["object"]["last_payment_error"] =
            json!({ "code": "card_declined", "decline_code": "stolen_card" });
        let What::Refused(failed) = became(&declined) else { panic!() };
        assert_eq!(
            (failed.code.as_str(), failed.decline_code.as_deref()),
            ("CARD_DECLINED", Some("generic_decline"))
        );
        let What::Failed(failed) = became(&event("payment_intent.canceled")) else { panic!() };
        assert_eq!((failed.code.as_str(), failed.intent), ("NOT_CHARGED", None));
        assert_eq!(became(&event("payment_intent.processing")), What::Begun("pi_1".to_owned()));
    }

    #[test]
    fn what_is_another_deployments_or_nobodys_means_nothing() {
        for (member, value) in [
            ("clinicId", Value::Null),
            ("paymentId", Value::Null),
            ("deployment", json!("elsewhere")),
            ("deployment", Value::Null),
        ] {
            let mut other = event("payment_intent.succeeded");
            other["data"]["object"]["metadata"][member] = value;
            assert_eq!(meant(&other), Meaning::Nothing, "{member}");
        }
        let mut bare = event("payment_intent.succeeded");
        bare["data"]["object"].as_object_mut().unwrap().remove("metadata");
        assert_eq!(meant(&bare), Meaning::Nothing);
        assert_eq!(meant(&event("customer.created")), Meaning::Nothing);
    }

    #[test]
    fn refunds_and_disputes_name_the_payment_that_they_are_about() {
        for kind in ["refund.created", "refund.updated", "refund.failed", "charge.refunded"] {
            let mut about = event(kind);
            about["data"]["object"] = json!({ "id": "x_1", "payment_intent": "pi_7" });
            assert_eq!(meant(&about), Meaning::About("pi_7".to_owned(), Since::Refunded), "{kind}");
            about["data"]["object"] = json!({ "id": "x_1", "payment_intent": "../pi_7" });
            assert_eq!(meant(&about), Meaning::Nothing, "{kind}");
        }
    }

    #[test]
    fn what_happened_to_a_dispute_is_told_by_kind_and_state() {
        let disputed = |kind: &str, member: &str, value: Value| {
            let mut event = event(kind);
            event["data"]["object"] = json!({
                "id": "du_1", "payment_intent": "pi_7", "amount": 700, "currency": "brl", "reason": "fraudulent",
                "status": "needs_response",
            });
            event["data"]["object"][member] = value;
            meant(&event)
        };
        let told = |what| {
            let (id, currency, reason) = ("du_1".to_owned(), "BRL".to_owned(), "fraudulent".to_owned());
            let told = disputes::Told { id, amount_minor: 700, currency, reason, what };
            Meaning::About("pi_7".to_owned(), Since::Disputed(told))
        };
        for (kind, status, expected) in [
            ("created", "needs_response", told(disputes::What::Opened)),
            ("created", "warning_needs_response", Meaning::About("pi_7".to_owned(), Since::Inquired)),
            ("funds_withdrawn", "needs_response", told(disputes::What::Withdrawn)),
            ("funds_reinstated", "won", told(disputes::What::Reinstated)),
            ("closed", "won", told(disputes::What::Won)),
            ("closed", "lost", told(disputes::What::Lost)),
            ("closed", "warning_closed", Meaning::Nothing),
            ("updated", "under_review", Meaning::Nothing),
        ] {
            let kind = format!("charge.dispute.{kind}");
            assert_eq!(disputed(&kind, "status", json!(status)), expected, "{kind} {status}");
        }
        for (member, value) in
            [("id", json!("du")), ("amount", json!(0)), ("amount", Value::Null), ("currency", json!("???"))]
        {
            assert_eq!(disputed("charge.dispute.created", member, value), Meaning::Nothing, "{member}");
        }
    }

    #[test]
    fn what_has_not_the_form_of_an_event_is_none() {
        for body in ["", "null", "[]", "{}", "{\"id\":\"evt_1\"}"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
        for (member, value) in
            [("id", json!("evt_")), ("id", json!("evt_ü")), ("type", json!("A B")), ("type", json!(""))]
        {
            let mut odd = event("payment_intent.succeeded");
            odd[member] = value;
            assert!(read(odd.to_string().as_bytes()).is_none(), "{odd}");
        }
    }
}
