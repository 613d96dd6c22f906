//! A request on its way, as a slice sees it.

use super::{Policy, RequestHeader};
use crate::access::{Hasher, Principal};
use crate::app::App;
use crate::database::claim::StoredKey;
use crate::database::{Admission, Claim, RoundTrips, Scope, Statement, Tx, claim, probe};
use crate::deadline::Deadline;
use crate::failure::Fault;
use crate::failure::problem::TOKEN_REQUIRED;
use crate::http::reads::Reads;
use crate::http::verified::ensure_verified;
use crate::http::{IfMatch, negotiation};
use crate::limits::{Bucket, CallLimits};
use crate::parts::Parts;
use crate::telemetry::Trace;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// One request on its way, past the token and the permission, with the parts that its endpoint names.
pub struct Call<'a, P: Parts = ()> {
    /// What every function has.
    pub app: &'a App,
    /// The endpoint's parts.
    pub parts: &'a P::Opened,
    /// The id of this request, in every log line and reply.
    pub request_id: String,
    /// The trace of the request.
    pub trace: &'a Trace,
    /// When the request came: one instant for everything that is written.
    pub now: Timestamp,
    /// The instant by which the reply must be out.
    pub deadline: Deadline,
    /// The versions in `If-Match`; always there when the policy requires the header.
    pub if_match: Option<IfMatch>,
    /// The media type of the answer: of those that the policy names, the one that the caller prefers.
    pub media_type: &'static str,
    pub(crate) headers: Option<&'a HeaderMap>,
    pub(crate) principal: Option<Principal>,
    pub(crate) claim: Option<Claim>,
    pub(crate) policy: &'static Policy,
    pub(crate) round_trips: &'a RoundTrips,
    pub(crate) reads: &'a Reads,
    pub(crate) limits: &'a CallLimits<'a>,
    pub(crate) source_address: &'a str,
    pub(crate) cookies: &'a [String],
}

impl<P: Parts> std::fmt::Debug for Call<'_, P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Call({})", self.request_id)
    }
}

impl<'a, P: Parts> Call<'a, P> {
    /// The caller. A fault on a public endpoint.
    pub fn principal(&self) -> Result<Principal, Fault> {
        self.principal.ok_or_else(|| Fault::from(&TOKEN_REQUIRED))
    }

    /// The value of a header that the policy names; none when not sent or not visible ASCII.
    pub fn header(&self, header: &RequestHeader) -> Option<&'a str> {
        self.headers?.get(header.name)?.to_str().ok()
    }

    /// The value of a cookie; none when not sent.
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.cookies.iter().filter_map(|cookie| cookie.split_once('='));
        pairs.find(|(of, _)| of.trim() == name).map(|(_, value)| value.trim())
    }

    /// The caller's address by the gateway, the only source of it (C7); none when it is no address.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.source_address.parse().ok()
    }

    /// Whether the caller would rather have the answer by gzip than as it is (RFC 9110 §12.5.3).
    pub fn prefers_gzip(&self) -> bool {
        let wishes = self.headers.and_then(|headers| headers.get(ACCEPT_ENCODING)?.to_str().ok());
        wishes.is_some_and(negotiation::prefers_gzip)
    }

    /// A new id, made at this call's instant.
    pub fn new_id(&self) -> Uuid {
        self.app.ids.new_id(self.now)
    }

    /// A reading transaction within the caller's tenant.
    pub fn read(&self) -> Result<Tx<'a>, Fault> {
        let scope = self.own_scope()?;
        self.own(Tx::reading(&self.app.database, self.round_trips, self.deadline, scope))
    }

    /// A writing transaction within the caller's tenant, under the idempotency claim when a key was sent.
    pub fn write(&self) -> Result<Tx<'a>, Fault> {
        let scope = self.own_scope()?;
        self.own(Tx::writing(&self.app.database, self.round_trips, self.deadline, scope, self.claim.clone()))
    }

    /// A writing transaction behind the claimed one, with what follows from it. It is done whether or not the caller is
    /// still admitted, and whatever became of the key. Its statements have the same effect however often they run: it is
    /// sent once more when its COMMIT was not answered.
    pub fn write_behind(&self) -> Result<Tx<'a>, Fault> {
        let scope = Scope { clinic: Some(self.principal()?.clinic_id), ..Scope::default() };
        Ok(Tx::writing(&self.app.database, self.round_trips, self.deadline, scope, None).repeatable())
    }

    /// What is stored under this call's key, for a handler that must read before it can claim: it reads this with the rest, and
    /// looks at it [first](Self::replay), so that a key is answered as everywhere whatever the rest says. Nothing without a key.
    pub fn stored_key(&self) -> Option<Statement<StoredKey>> {
        self.claim.as_ref().map(claim::stored)
    }

    /// The reply that is stored with the key, if the key is known.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_REUSED` when it was sent with another request.
    pub fn replay<T: DeserializeOwned>(&self, stored: Option<&StoredKey>) -> Result<Option<T>, Fault> {
        let known = self.claim.as_ref().zip(stored);
        known.map(|(claim, stored)| stored.replay(claim)).transpose()
    }

    /// Gives this call's key back, behind the transaction that claimed it: the call changed nothing after all, and may be
    /// sent again under the same key. Nothing without a key.
    pub fn forget_key(&self) -> Option<Statement<()>> {
        self.claim.as_ref().map(claim::forget)
    }

    /// A reading transaction of a public endpoint.
    pub fn read_as(&self, scope: Scope) -> Tx<'a> {
        Tx::reading(&self.app.database, self.round_trips, self.deadline, scope)
    }

    /// A writing transaction of a public endpoint.
    pub fn write_as(&self, scope: Scope) -> Tx<'a> {
        Tx::writing(&self.app.database, self.round_trips, self.deadline, scope, None)
    }

    /// Asks the strict limits of the policy, with the bucket of `whose` for the rule that is
    /// [named](crate::limits::Of::Named); before anything is sent to the database. Refuses the call when there is nothing
    /// left.
    pub async fn limit(&self, whose: &str) -> Result<(), Fault> {
        let rule = self.policy.rate.named();
        let rule = rule.ok_or_else(|| Fault::internal("the policy names no limit"))?;
        self.limits.named(Bucket::of(rule, whose)).await
    }

    /// Asks about the bucket of somebody else in the place of the one that [`Call::limit`] named, at a round trip.
    pub async fn limit_instead(&self, whose: &str) -> Result<(), Fault> {
        let rule = self.policy.rate.named();
        let rule = rule.ok_or_else(|| Fault::internal("the policy names no limit"))?;
        self.limits.renamed(Bucket::of(rule, whose)).await
    }

    /// Gives back what [`Call::limit`] took: who succeeds has not tried in vain.
    pub fn give_back(&self) {
        self.limits.give_back_named();
    }

    /// Whether a header that the policy names was sent, readable or not.
    pub fn sends(&self, header: &RequestHeader) -> bool {
        self.headers.is_some_and(|headers| headers.contains_key(header.name))
    }

    /// Whether the database answers, by a probe of now or of the last five seconds.
    pub async fn is_ready(&self) -> bool {
        self.app.readiness.of(probe::probe(&self.app.database, self.round_trips)).await
    }

    /// Runs a password-hashing job off the async threads, when its turn comes.
    pub async fn hash<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn Hasher) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app.hashing.run(Arc::clone(&self.app.hasher), self.deadline, job).await
    }

    /// Puts what the policy asks of the caller before everything else.
    fn own(&self, mut tx: Tx<'a>) -> Result<Tx<'a>, Fault> {
        if self.policy.verified {
            tx.add(ensure_verified(self.principal()?));
        }
        Ok(tx)
    }

    fn own_scope(&self) -> Result<Scope, Fault> {
        let caller = self.principal()?;
        let version = Some(caller.access_version).filter(|_| !self.policy.answers_by_now);
        let admission =
            Admission { member: caller.user_id, session: caller.session_id, version, at: self.now };
        Ok(Scope { clinic: Some(caller.clinic_id), account: None, caller: Some(admission) })
    }
}
