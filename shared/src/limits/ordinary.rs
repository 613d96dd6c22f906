//! Ordinary requests: admitted on credit, and a store is told beside the work. Its answer rules the next one, and a read's own.

use super::call::CallLimits;
use super::left_over::AFTERWARDS;
use super::limiter::{Store, microseconds};
use super::memory::Admission;
use super::rule::{Bucket, Of};
use crate::access::random;
use crate::database::{Along, Take, Taken, take_now};
use crate::failure::Fault;
use futures_util::future::{Either, select};
use std::pin::pin;

/// How many requests one telling stands for, where the database counts those of members.
const TOLD_ONE_IN: u32 = 4;

impl CallLimits<'_> {
    /// Admits an ordinary request, or refuses it. Where there is no store, the instance keeps a quarter of the bucket.
    pub async fn ordinary(&self, bucket: Bucket, has_database: bool) -> Result<(), Fault> {
        let Some(store) = self.limiter.store(has_database) else {
            return self.alone(&bucket);
        };
        let admission = self.limiter.memory().admit(&bucket.name, self.micros());
        match admission {
            Admission::Refused(wait) => Err(self.refused(&bucket, wait)),
            Admission::Leased => {
                self.show_known(&bucket);
                self.state().charged.push((bucket, 1, store));
                Ok(())
            }
            Admission::OnCredit => {
                self.show_known(&bucket);
                self.on_credit(bucket, store);
                Ok(())
            }
            Admission::AskFirst => {
                let taken = self.ask(&self.take(&bucket, 0, 1), has_database).await;
                self.asked_first(bucket, store, has_database, taken)
            }
        }
    }

    fn asked_first(
        &self,
        bucket: Bucket,
        store: Store,
        has_database: bool,
        taken: Option<Taken>,
    ) -> Result<(), Fault> {
        let Some(taken) = taken else {
            if !has_database {
                return self.alone(&bucket);
            }
            self.on_credit(bucket, store);
            return Ok(());
        };
        let is_granted = self.limiter.memory().asked(&bucket.name, taken, self.micros());
        if !is_granted {
            return Err(self.refused(&bucket, taken.wait));
        }
        self.show(&bucket, Some(taken.remaining));
        self.state().charged.push((bucket, 1, store));
        Ok(())
    }

    /// Does the work, and tells Redis beside it where that is due.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        let due = match &self.state().credit {
            Some((_, take, Store::Redis)) => Some(take.clone()),
            _ => None,
        };
        let Some(take) = due else { return work.await };
        let telling = pin!(self.limiter.by_redis(&take, AFTERWARDS));
        let (outcome, told) = match select(pin!(work), telling).await {
            Either::Left((outcome, telling)) => {
                let told = tokio::time::timeout(self.limiter.patience(), telling).await;
                if told.is_err() {
                    self.limiter.missed();
                }
                (outcome, told.ok().flatten())
            }
            Either::Right((told, work)) => (work.await, told),
        };
        if let Some(taken) = told {
            self.told(taken);
        }
        outcome
    }

    /// Gives back what was taken of everybody but the address: who asked was not who it said.
    pub fn uncharge(&self) {
        self.harvest();
        let mut state = self.state();
        state.credit = None;
        for (bucket, count, store) in std::mem::take(&mut state.charged) {
            if bucket.rule.of != Of::Address {
                state.back.push((self.take(&bucket, -count, 0), store));
            }
        }
    }

    fn alone(&self, bucket: &Bucket) -> Result<(), Fault> {
        let quarter = Bucket { rule: bucket.rule.quarter(), name: bucket.name.clone() };
        let take = self.take(&quarter, 0, 1);
        let (burst, every) = (i64::from(take.burst), microseconds(take.every));
        let taken = self.limiter.memory().take(&bucket.name, burst, every, self.micros());
        match taken {
            Ok(left) => {
                self.show(&quarter, Some(left));
                Ok(())
            }
            Err(wait) => Err(self.refused(&quarter, wait)),
        }
    }

    /// Tells the store beside the work. Of members the database is told one request in four, as four: at a quarter of the
    /// price, for a bound that is that much wider.
    fn on_credit(&self, bucket: Bucket, store: Store) {
        let is_sampled = store == Store::Database && bucket.rule.of == Of::Member;
        if is_sampled && !random::number().is_multiple_of(TOLD_ONE_IN) {
            return;
        }
        let weight = if is_sampled { TOLD_ONE_IN.cast_signed() } else { 1 };
        let whole = self.take(&bucket, weight, 0);
        let ahead = self.limiter.memory().ahead(&bucket.name, whole.burst, self.micros());
        let take = Take { wanted: ahead, ..whole };
        if store == Store::Database {
            self.round_trips.take_along(vec![take.clone()], Along::OnCredit);
        }
        self.state().credit = Some((bucket, take, store));
    }

    /// Asks the stores, one after the other, before the work.
    async fn ask(&self, take: &Take, has_database: bool) -> Option<Taken> {
        let taken = self.limiter.by_redis(take, self.limiter.patience()).await;
        if taken.is_some() || !has_database {
            return taken;
        }
        take_now(self.database, self.round_trips, self.deadline, take).await.ok().flatten()
    }
}
