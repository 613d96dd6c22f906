//! Types for the fields of schema structs, beside those of the standard library.

mod date_time;
mod email;
mod full_date;
mod id;
mod password;
mod patch;
mod secret;
mod text;

pub use date_time::DateTime;
pub use email::email_parts;
pub use full_date::FullDate;
pub use id::Id;
pub use password::Password;
pub use patch::{MaybeValue, Patch, Replace};
pub use secret::Secret;
pub use text::{MultilineText, PATTERNS, Text, without_link};
