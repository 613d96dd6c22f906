//! The parts of functions: a database, a mail gateway, a token signer.
//!
//! A part is a type. It says once what it needs of its surroundings ([`Part::REQUIREMENTS`]) and how it is opened
//! ([`Part::open`]). An endpoint, a consumer or a worker names its parts as a type, and gets them with each call:
//!
//! - `type Parts = ();` names none, `type Parts = Mail;` one, `type Parts = (Mail, FileStore);` two.
//! - A part that is not named cannot be reached: that is an error of the compiler, as in the second of these.
//!
//! ```
//! # use shared::{http::Call, mail::Mail};
//! async fn remind(call: &Call<'_, Mail>, letter: shared::mail::Letter) {
//!     let _ = call.parts.send(&letter, call.deadline).await;
//! }
//! ```
//!
//! ```compile_fail,E0599
//! # use shared::{http::Call, mail::Mail};
//! async fn remind(call: &Call<'_>, letter: shared::mail::Letter) {
//!     let _ = call.parts.send(&letter, call.deadline).await;
//! }
//! ```
//!
//! - A part that nothing names is not linked into the function, nor what only that part uses.
//!
//! The settings table in `docs/operations.md`, the parameters of the templates and the permissions of each function's
//! role are made from the requirements of the parts that it names (C10).

mod opening;
mod requirements;
#[cfg(test)]
mod tests;

pub use opening::{Noted, OpenStore, Opening, Reader};
pub use requirements::{Condition, Permission, Requirements, Resource};

use crate::settings::any_secret;
use std::sync::Arc;

/// Something that a function is given at its start and keeps.
pub trait Part: Sized + Send + Sync + 'static {
    /// The part's name in lists, e.g. `mail`; unique among parts.
    const NAME: &'static str;
    /// What the part needs of its surroundings.
    const REQUIREMENTS: Requirements;
    /// The parts that this part is made of.
    type Parts: Parts;

    /// Opens the part by its settings. Nothing is sent yet. A bad setting is noted at `settings`, so that all bad ones
    /// are reported at once (C9).
    fn open(settings: &Reader<'_>, parts: <Self::Parts as Parts>::Opened) -> Result<Self, Noted>;
}

/// The parts that something names: none, one, or several.
pub trait Parts: 'static {
    /// The parts, opened.
    type Opened: Send + Sync + 'static;
    /// Whether a setting of theirs is a secret.
    const HAVE_SECRETS: bool;

    /// Opens the parts; all of them are tried, so that each reports its bad settings.
    fn open(opening: &Opening) -> Result<Self::Opened, Noted>;

    /// Adds the requirements of the parts, and of those that they are made of, by their names.
    fn collect(all: &mut Vec<(&'static str, Requirements)>);
}

impl Parts for () {
    type Opened = ();
    const HAVE_SECRETS: bool = false;

    fn open(_: &Opening) -> Result<(), Noted> {
        Ok(())
    }

    fn collect(_: &mut Vec<(&'static str, Requirements)>) {}
}

impl<P: Part> Parts for P {
    type Opened = Arc<P>;
    const HAVE_SECRETS: bool = any_secret(P::REQUIREMENTS.settings) || <P::Parts as Parts>::HAVE_SECRETS;

    fn open(opening: &Opening) -> Result<Arc<P>, Noted> {
        opening.part()
    }

    fn collect(all: &mut Vec<(&'static str, Requirements)>) {
        if all.iter().any(|(name, _)| *name == P::NAME) {
            return;
        }
        all.push((P::NAME, P::REQUIREMENTS));
        <P::Parts as Parts>::collect(all);
    }
}

macro_rules! several {
    ($($part:ident)+) => {
        impl<$($part: Part),+> Parts for ($($part,)+) {
            type Opened = ($(Arc<$part>,)+);
            const HAVE_SECRETS: bool = $(<$part as Parts>::HAVE_SECRETS)||+;

            fn open(opening: &Opening) -> Result<Self::Opened, Noted> {
                let opened = ($(opening.part::<$part>(),)+);
                #[expect(non_snake_case, reason = "each value is named after its type")]
                let ($($part,)+) = opened;
                Ok(($($part?,)+))
            }

            fn collect(all: &mut Vec<(&'static str, Requirements)>) {
                $(<$part as Parts>::collect(all);)+
            }
        }
    };
}

several!(A B);
several!(A B C);
several!(A B C D);

/// The requirements of parts, by their names, in the order in which they are named.
pub fn requirements<P: Parts>() -> Vec<(&'static str, Requirements)> {
    let mut all = Vec::new();
    P::collect(&mut all);
    all
}
