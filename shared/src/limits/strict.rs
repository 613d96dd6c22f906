//! Strict rules: asked before the work, of which nothing is done when they refuse or nobody answers.
//!
//! They stand in the database even where there is a Redis. It is asked with the work's own flush, so Redis would save nothing;
//! and a Redis that is slow for a moment would double what is admitted, as the database then counted anew (sixty sign-ins at
//! once were enough for that).

use super::call::CallLimits;
use super::limiter::Store;
use super::rule::Bucket;
use crate::database::{Along, Take, Taken, take_each_now};
use crate::failure::Fault;
use crate::failure::problem::LIMITS_UNAVAILABLE;

/// When strict rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Before the handler, by a round trip of its own.
    First,
    /// With the handler's first flush, which only reads: it is good for nothing if the rules refuse.
    WithTheFirstRead,
    /// Within the handler's transaction, whose statements change nothing where `app.limited` is true.
    Within,
}

impl CallLimits<'_> {
    /// Asks strict rules about these buckets, in their order: what one refuses, those behind it are not asked. Where one more
    /// `is_named` by the handler, it comes last, and all are asked once it was.
    pub async fn strict(&self, buckets: Vec<Bucket>, is_named: bool, asked: Asked) -> Result<(), Fault> {
        if is_named {
            self.round_trips.close();
            self.state().unnamed = Some((buckets, asked));
            return Ok(());
        }
        self.ask_strict(buckets, asked).await
    }

    /// Asks the strict rules, with this bucket as the one that the handler names.
    pub async fn named(&self, bucket: Bucket) -> Result<(), Fault> {
        let unnamed = self.state().unnamed.take();
        let (mut buckets, asked) =
            unnamed.ok_or_else(|| Fault::internal("the policy has no limit for what is named"))?;
        buckets.push(bucket.clone());
        self.state().named = Some(bucket);
        self.ask_strict(buckets, asked).await
    }

    /// Asks about another bucket in the place of the one that was named, which was not the right one, and gets its token back.
    pub async fn renamed(&self, bucket: Bucket) -> Result<(), Fault> {
        self.harvest();
        let wrong = self.state().named.replace(bucket.clone());
        let back = wrong.map(|wrong| (self.take(&wrong, -1, 0), Store::Database));
        self.state().back.extend(back);
        self.ask_strict(vec![bucket], Asked::First).await
    }

    /// Gives back what the named bucket was taken, with the next flush, or once the reply is out: the try was none.
    pub fn give_back_named(&self) {
        self.harvest();
        let mut state = self.state();
        if let Some(bucket) = state.named.take() {
            state.charged.retain(|(charged, ..)| charged.name != bucket.name);
            self.round_trips.take_along(vec![self.take(&bucket, -1, 0)], Along::OnCredit);
        }
    }

    /// Whether strict rules were asked and have answered.
    pub fn is_asked(&self) -> bool {
        self.harvest();
        self.state().is_asked
    }

    async fn ask_strict(&self, buckets: Vec<Bucket>, asked: Asked) -> Result<(), Fault> {
        let takes: Vec<Take> = buckets.iter().map(|bucket| self.take(bucket, 0, 1)).collect();
        for bucket in &buckets {
            self.show(bucket, None);
        }
        match asked {
            Asked::First => {
                self.round_trips.admit();
                let answers = take_each_now(self.database, self.round_trips, self.deadline, &takes).await?;
                self.decide(&buckets, &answers)
            }
            Asked::WithTheFirstRead | Asked::Within => {
                let along = if asked == Asked::Within { Along::Within } else { Along::BeforeReading };
                self.round_trips.take_along(takes, along);
                self.state().strict = buckets;
                Ok(())
            }
        }
    }

    /// Decides by the answers, of which there is one for each bucket up to the first that refuses.
    pub(super) fn decide(&self, buckets: &[Bucket], answers: &[Taken]) -> Result<(), Fault> {
        self.state().is_asked = true;
        for (bucket, taken) in buckets.iter().zip(answers) {
            if taken.granted == 0 {
                return Err(self.refused(bucket, taken.wait));
            }
            self.show(bucket, Some(taken.remaining));
            self.charged(bucket, 1);
        }
        if answers.len() < buckets.len() {
            return Err(Fault::from(&LIMITS_UNAVAILABLE).because("a limit was not answered"));
        }
        Ok(())
    }
}
