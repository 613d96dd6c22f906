//! Where a payment intent stands.

/// A payment intent's status, in the provider's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing was tried, or what was tried failed.
    RequiresPaymentMethod,
    /// The customer has to do something.
    RequiresAction,
    /// Nobody knows yet.
    Processing,
    /// The money was taken.
    Succeeded,
    /// Nothing will be tried any more.
    Canceled,
    /// One that the provider's documentation does not have.
    Unknown,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
            Self::Unknown => "held_elsewhere",
        }
    }
}
