//! The kinds of events that can be heard from outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($( $(#[$about:meta])* $case:ident = $name:literal, )*) => {
        /// A kind of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[schemars(description = "What happened: `<subject>.<past tense>`.")]
        pub enum EventKind {
            $( $(#[$about])* #[serde(rename = $name)] $case, )*
        }

        /// All of them, by their names.
        pub const KINDS: &[&str] = &[$( $name, )*];

        impl EventKind {
            /// Its name, as events have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$case => $name, )*
                }
            }

            /// The kind of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $( $name => Some(Self::$case), )*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A clinic signed up.
    ClinicCreated = "clinic.created",
    /// A patient was added.
    PatientCreated = "patient.created",
    /// A patient was edited.
    PatientUpdated = "patient.updated",
    /// Money was taken or given.
    TransactionRecorded = "ledger.transaction_recorded",
}
