//! Strict rules: asked before the work, of which nothing is done when they refuse or nobody answers.

use super::call::CallLimits;
use super::limiter::Store;
use super::rule::Bucket;
use crate::database::{Along, Take, Taken, take_now};
use crate::failure::Fault;
use crate::failure::problem::LIMITS_UNAVAILABLE;

/// When the database is asked about strict rules.
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
    /// Asks strict rules about these buckets before the work; where one more `is_named` by the handler, once it was.
    pub async fn strict(&self, buckets: Vec<Bucket>, is_named: bool, asked: Asked) -> Result<(), Fault> {
        if is_named {
            self.round_trips.close();
            self.state().unnamed = Some((buckets, asked));
            return Ok(());
        }
        self.ask_strict(buckets, asked).await.map(|_| ())
    }

    /// Asks the strict rules, with this bucket as the one that the handler names.
    pub async fn named(&self, bucket: Bucket) -> Result<(), Fault> {
        let unnamed = self.state().unnamed.take();
        let (mut buckets, asked) =
            unnamed.ok_or_else(|| Fault::internal("the policy has no limit for what is named"))?;
        buckets.push(bucket.clone());
        let store = self.ask_strict(buckets, asked).await?;
        self.state().named = Some((bucket, store));
        Ok(())
    }

    /// Gives back what the named bucket was taken: the try was none.
    pub fn give_back(&self) {
        self.harvest();
        let mut state = self.state();
        let Some((bucket, store)) = state.named.take() else { return };
        let back = self.take(&bucket, -1, 0);
        match store {
            Store::Redis => state.back.push((back, store)),
            Store::Database => self.round_trips.take_along(vec![back], Along::OnCredit),
        }
    }

    async fn ask_strict(&self, buckets: Vec<Bucket>, asked: Asked) -> Result<Store, Fault> {
        let takes: Vec<Take> = buckets.iter().map(|bucket| self.take(bucket, 0, 1)).collect();
        for bucket in &buckets {
            self.show(bucket, None);
        }
        self.round_trips.admit();
        if let Some(taken) = self.limiter.by_redis(&takes, self.limiter.patience().strict).await {
            self.decide(&buckets, taken.into_iter().map(Some))?;
            return Ok(Store::Redis);
        }
        match asked {
            Asked::First => {
                let answers = take_now(self.database, self.round_trips, self.deadline, &takes).await?;
                self.decide(&buckets, answers)?;
            }
            Asked::WithTheFirstRead | Asked::Within => {
                let along = if asked == Asked::Within { Along::Within } else { Along::BeforeReading };
                self.round_trips.take_along(takes, along);
                self.state().strict = buckets;
            }
        }
        Ok(Store::Database)
    }

    /// Decides by the answers about strict buckets: one that refuses is enough, and one that is missing as well.
    pub(super) fn decide(
        &self,
        buckets: &[Bucket],
        taken: impl IntoIterator<Item = Option<Taken>>,
    ) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for (bucket, taken) in buckets.iter().zip(taken) {
            match taken {
                Some(taken) if taken.granted == 0 => outcome = Err(self.refused(bucket, taken.wait)),
                Some(taken) => self.show(bucket, Some(taken.remaining)),
                None if outcome.is_ok() => {
                    outcome = Err(Fault::from(&LIMITS_UNAVAILABLE).because("a limit was not answered"));
                }
                None => {}
            }
        }
        outcome
    }
}
