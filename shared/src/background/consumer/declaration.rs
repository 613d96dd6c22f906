//! A consumer's declaration as a value, for lists.

use super::opened::{self, Take};
use super::{ATTEMPTS, Consumer, OpenConsumer};
use crate::app::{App, Frame};
use crate::parts::{self, Noted, Opening, Requirements};
use std::sync::Arc;
use std::time::Duration;

/// A consumer's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct ConsumerDeclaration {
    /// The name of the consumer's binary and queue.
    pub name: &'static str,
    /// The path of the declaring type, e.g. `billing::ledger::get_balance::GetBalance`.
    pub type_path: &'static str,
    /// The consumer's task, in one line.
    pub summary: &'static str,
    /// The kinds of events that the consumer hears.
    pub kinds: &'static [&'static str],
    /// The time that the function may take for a batch.
    pub timeout: Duration,
    /// The parts that the frame around the consumer uses.
    pub frame: Frame,
    /// The requirements of the parts that the consumer names.
    pub parts: fn() -> Vec<(&'static str, Requirements)>,
    open: fn(&Opening) -> Result<Arc<dyn Take>, Noted>,
}

/// The number of an attempt, from 1 to [`ATTEMPTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub i64);

impl Attempt {
    pub(super) fn is_last(self) -> bool {
        self.0 >= ATTEMPTS
    }
}

impl ConsumerDeclaration {
    /// The declaration of `C`.
    pub fn of<C: Consumer>() -> Self {
        Self {
            name: C::NAME,
            type_path: std::any::type_name::<C>(),
            summary: C::SUMMARY,
            kinds: C::KINDS,
            timeout: C::TIMEOUT,
            frame: const { frame(C::ANNOUNCES) },
            parts: parts::requirements::<C::Parts>,
            open: opened::open::<C>,
        }
    }

    /// The requirements of everything that the consumer's function opens.
    pub fn requirements(&self) -> Vec<(&'static str, Requirements)> {
        let mut all = self.frame.requirements();
        all.extend((self.parts)());
        all
    }

    /// Opens the consumer's parts, beside what every function has. Where that was not opened, the parts are opened all the
    /// same, so that their bad settings are noted, too.
    pub fn open(self, app: Result<Arc<App>, Noted>, opening: &Opening) -> Result<OpenConsumer, Noted> {
        let steps = (self.open)(opening)?;
        Ok(OpenConsumer { app: app?, declaration: self, steps })
    }
}

const fn frame(announces: bool) -> Frame {
    let frame = Frame::NONE.with_database();
    if announces { frame.with_nudge() } else { frame }
}
