//! The log lines of calls to the payment provider (F1): which call, whose, and the kind of its end. No card, no name, no
//! text of the provider's beyond the code of an error that is no decline.

use super::wire;
use http::StatusCode;
use shared::external::{CallError, HttpError, HttpReply};
use shared::telemetry::VERSION;
use uuid::Uuid;

/// A call, as the log names it.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) operation: &'static str,
    pub(super) clinic: Option<Uuid>,
    pub(super) payment: Option<Uuid>,
    pub(super) intent: Option<&'a str>,
}

impl Line<'_> {
    /// Writes the line before the call.
    pub(super) fn asked(&self) {
        tracing::info!(
            target: "grafono",
            event = "payment.asked",
            operation = self.operation,
            "clinicId" = self.clinic.map(|id| id.to_string()),
            "paymentId" = self.payment.map(|id| id.to_string()),
            "intentId" = self.intent,
            version = VERSION,
            "the payment provider is asked"
        );
    }

    /// Writes the line after it: an error where somebody must look.
    pub(super) fn answered(
        &self,
        called: &Result<HttpReply, CallError<HttpError>>,
        kind: &'static str,
        alarm: bool,
    ) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "grafono",
                    event = "payment.answered",
                    operation = self.operation,
                    "clinicId" = self.clinic.map(|id| id.to_string()),
                    "paymentId" = self.payment.map(|id| id.to_string()),
                    "intentId" = self.intent,
                    version = VERSION,
                    kind,
                    status = called.as_ref().ok().map(|reply| reply.status.as_u16()),
                    code = code(called),
                    "the payment provider has answered"
                )
            };
        }
        if alarm { line!(error) } else { line!(info) }
    }
}

/// The code of an error. A decline says something of somebody, and is left out.
fn code(called: &Result<HttpReply, CallError<HttpError>>) -> Option<String> {
    let reply = called.as_ref().ok()?;
    let is_told = reply.status.is_client_error() && reply.status != StatusCode::PAYMENT_REQUIRED;
    if is_told { wire::error_code(&reply.body) } else { None }
}
