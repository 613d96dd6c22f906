//! What six processes got back, counted.

use crate::race::PROCESSES;
use crate::worker::{KEYS, Outcome, Sent, key};
use std::fmt;

/// So many keys at least must have been in flight in two processes at once, or there was no race to speak of.
const COLLISIONS: usize = KEYS / 2;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) firsts: usize,
    replays: usize,
    repeats: u32,
    /// Which process was first, how often.
    by_process: [usize; PROCESSES],
    /// Keys whose first request met another on its way.
    collisions: usize,
    /// Replies that should not be, and keys answered in two ways.
    wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn of(race: &[Vec<Sent>]) -> Self {
        let mut tally = Self::default();
        for number in 0..KEYS {
            let sent: Vec<&Sent> = race.iter().filter_map(|process| process.get(number)).collect();
            tally.count(number, &sent);
        }
        tally
    }

    fn count(&mut self, number: usize, sent: &[&Sent]) {
        for (own, won) in sent.iter().zip(&mut self.by_process) {
            self.repeats += own.repeats;
            match own.reply.outcome {
                Outcome::First => {
                    self.firsts += 1;
                    *won += 1;
                }
                Outcome::Replayed => self.replays += 1,
                Outcome::InFlight | Outcome::Other => {
                    self.wrong.push(format!("{}: {}", key(number), own.reply.text));
                }
            }
        }
        let first = sent.iter().find(|own| own.reply.outcome == Outcome::First);
        let met = first.is_some_and(|first| {
            let others = sent.iter().filter(|other| !std::ptr::eq(**other, *first));
            let mut others =
                others.filter(|other| other.started < first.ended && first.started < other.ended);
            others.next().is_some()
        });
        self.collisions += usize::from(met);
        let mut bodies: Vec<&str> = sent.iter().map(|own| own.reply.text.as_str()).collect();
        bodies.dedup();
        if bodies.len() != 1 || sent.len() != PROCESSES {
            self.wrong.push(format!("{}: answered in different ways: {bodies:?}", key(number)));
        }
    }

    /// Each key took effect once, and everybody was told the same, while the processes were really at it together.
    pub(crate) fn one_effect_a_key(&self) -> Result<(), String> {
        let expected = (KEYS, (PROCESSES - 1) * KEYS);
        if (self.firsts, self.replays) == expected && self.wrong.is_empty() {
            return self.is_a_race();
        }
        let (firsts, replays) = expected;
        Err(self.not(&format!("{firsts} first replies and {replays} replays of the same bytes")))
    }

    /// Enough keys collided for the count to mean something.
    pub(crate) fn is_a_race(&self) -> Result<(), String> {
        if self.collisions >= COLLISIONS {
            Ok(())
        } else {
            Err(self.not(&format!("{COLLISIONS} colliding keys or more")))
        }
    }

    /// What was expected, what was counted instead, and some of what should not be.
    pub(crate) fn not(&self, expected: &str) -> String {
        let some: Vec<&str> = self.wrong.iter().take(5).map(String::as_str).collect();
        format!("expected {expected}\n{self}\n{}", some.join("\n"))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} first replies (by process {:?}), {} replays, {} repeated while in flight, {} keys collided, {} wrong",
            self.firsts,
            self.by_process,
            self.replays,
            self.repeats,
            self.collisions,
            self.wrong.len()
        )
    }
}
