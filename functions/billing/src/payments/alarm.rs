//! What somebody has to look at: a line in the log, by which the deployment's alarm goes.

use shared::telemetry::VERSION;
use uuid::Uuid;

/// The event of the line, which the templates' alarm looks for.
pub(super) const ALARM: &str = "payment.alarm";

/// Something about that payment needs a person.
pub(crate) fn alarm(what: &'static str, clinic: Uuid, payment: Uuid, reason: &str) {
    tracing::error!(
        target: "grafono",
        event = ALARM,
        what,
        "clinicId" = clinic.to_string(),
        "paymentId" = payment.to_string(),
        reason,
        version = VERSION,
        "a payment needs a person"
    );
}
