//! What comes in, how it fails.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::failures;

/// An event, as far as it is read; it has many more members.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct StripeEvent {
    /// The event's id.
    #[schemars(example = &"evt_1MtwBwLkdIwHu7ix")]
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(example = &"payment_intent.succeeded")]
    pub kind: String,
    /// The clinic's own account at the provider, if it has one.
    pub account: Option<String>,
    /// What it happened to.
    #[schemars(extend("examples" = [{ "object": {
        "id": "pi_1DrPwB2eZvKYlo2C28a3tqPb", "amount_received": 15_000, "currency": "brl",
        "metadata": {
            "clinicId": "01890a5d-ac96-774b-bcce-b302099a8057", "paymentId": "01890a5d-ac96-774b-bcce-b302099a8059",
            "deployment": "local",
        },
    } }]))]
    pub data: EventData,
}

/// What an event is about.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EventData {
    /// The thing as it was then.
    pub object: EventObject,
}

/// A payment, a refund, a charge or a dispute, as far as it is read.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EventObject {
    /// Its id; what has none is nothing of ours.
    #[serde(default)]
    #[schemars(example = &"pi_1DrPwB2eZvKYlo2C28a3tqPb")]
    pub id: String,
    /// Of a dispute: what the bank takes, in the provider's minor units.
    pub amount: Option<i64>,
    /// Of a dispute: how far it is.
    pub status: Option<String>,
    /// Of a dispute: why.
    pub reason: Option<String>,
    /// What was taken, in the provider's minor units.
    #[schemars(example = 15_000)]
    pub amount_received: Option<i64>,
    /// The currency in small letters.
    #[schemars(example = &"brl")]
    pub currency: Option<String>,
    /// The payment that it is about, where it is none itself.
    pub payment_intent: Option<String>,
    /// Why the last attempt failed.
    pub last_payment_error: Option<EventError>,
    /// What we have sent with it, or others with theirs.
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// Why an attempt failed.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EventError {
    /// Why the bank declined the card.
    pub decline_code: Option<String>,
    /// What the provider calls it.
    pub code: Option<String>,
}

/// What a payment was asked for with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The clinic.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub clinic_id: Option<String>,
    /// The payment.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8059")]
    pub payment_id: Option<String>,
    /// Which deployment of Grafono has asked for it.
    #[schemars(example = &"local")]
    pub deployment: Option<String>,
}

failures! {
    /// How taking an event can fail.
    pub enum RecordStripeEventsFailure {
        /// There is no secret to verify it with.
        StripeNotSetUp = 404 "STRIPE_NOT_SET_UP", "Stripe's events are not taken here",
            "There is no secret to verify them with. Set STRIPE_WEBHOOK_SECRETS to the signing secret that Stripe shows.";
        /// It was signed with another secret, or changed since.
        EventSignatureInvalid = 403 "EVENT_SIGNATURE_INVALID", "Signature invalid",
            "This was not signed with a secret that is set here, or was changed on its way. Compare STRIPE_WEBHOOK_SECRETS with what Stripe shows.";
        /// It was signed too long ago, or in the future.
        EventSignatureExpired = 403 "EVENT_SIGNATURE_EXPIRED", "Signature expired",
            "This was signed more than five minutes ago or ahead. Compare the clocks.";
        /// What it is about cannot be looked up now.
        EventNotTakenYet = 503 "EVENT_NOT_TAKEN_YET", "Event not taken yet",
            "The payment that this is about cannot be looked up at the provider now. Send it again.";
        /// Two servers' clocks are more than five seconds apart.
        ClocksDisagree = crate::ledger::CLOCKS_DISAGREE;
    }
}
