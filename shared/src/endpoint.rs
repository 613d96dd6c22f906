//! The endpoint contract: one type that declares, once, everything the outside must know.
//!
//! The local server, the Lambda entry, the generated files under `functions/platform`, the authorisation matrix and
//! the round-trip budgets all read this declaration. Nothing is registered twice by hand.

use crate::access::{Permission, Principal};
use crate::app::App;
use crate::consumer::ConsumerDeclaration;
use crate::database::{Scope, Statement, Trips, Tx};
use crate::deadline::Deadline;
use crate::failure::{Error, Failure, Fault, Problem};
use crate::idempotency::Claim;
use crate::input::Input;
use crate::outside::WayOut;
use crate::passwords::Hasher;
use crate::pipeline::{self, Incoming};
use crate::problem::TOKEN_REQUIRED;
use crate::reply::{Answer, Response};
use crate::route::Route;
use crate::settings::{KeyForm, Needs};
use crate::success::Success;
use crate::token::TokenSigner;
use crate::trace::Trace;
use crate::validation::Text;
use crate::worker::WorkerDeclaration;
use http::HeaderMap;
use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;

/// The largest body an endpoint takes unless it says otherwise, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds the permission.
    Requires(Permission),
}

/// How an endpoint treats `Idempotency-Key` (E2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// It reads only; the header means nothing.
    Reads,
    /// Money or stock moves: 400 without a key.
    Required,
    /// A key is honoured when sent.
    Accepted,
    /// Tokens or secrets are handed out and never stored: 400 with a key.
    Refused,
}

/// Which rate limit applies (C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// No limit: health checks.
    Unlimited,
    /// Leased tokens, no extra round trip.
    Ordinary,
    /// Checked before the work: log-in, refresh, reset, payment, export.
    Strict,
}

/// A header that one endpoint reads, and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeader {
    /// Its name, as its specification writes it.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// A value in its form.
    pub example: &'static str,
}

impl RequestHeader {
    /// Where it stands, for those who are told that it is wrong.
    pub fn pointer(&self) -> String {
        format!("/{}", self.name.to_ascii_lowercase())
    }
}

/// What an endpoint asks of a request and promises about itself.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that an endpoint answers by yes or no")]
pub struct Policy {
    /// Who may call.
    pub access: Access,
    /// How `Idempotency-Key` is treated.
    pub idempotency: Idempotency,
    /// Whether `If-Match` is required (B9).
    pub if_match: bool,
    /// Whether it issues access tokens and so needs the secret key.
    pub issues_tokens: bool,
    /// Whether it makes something and hands out tokens for it.
    pub signs_up: bool,
    /// Whether it changes something although it takes no `Idempotency-Key`.
    pub changes: bool,
    /// Whether it hashes passwords and so needs a larger share of a processor.
    pub hashes_passwords: bool,
    /// Its way outside, when it calls others.
    pub outside: Option<WayOut>,
    /// How the key looks that a mail provider signs its events with, when it takes those.
    pub mail_events: Option<KeyForm>,
    /// The headers that it asks for beside those that follow from the rest.
    pub headers: &'static [RequestHeader],
    /// The rate limit.
    pub rate: RateClass,
    /// The most round trips to the database that a call makes, a retry aside (D8).
    pub round_trips: u32,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The media types it answers.
    pub produces: &'static [&'static str],
}

impl Policy {
    const fn open_to(access: Access) -> Self {
        Self {
            access,
            idempotency: Idempotency::Reads,
            if_match: false,
            issues_tokens: false,
            signs_up: false,
            changes: false,
            hashes_passwords: false,
            outside: None,
            mail_events: None,
            headers: &[],
            rate: RateClass::Ordinary,
            round_trips: 1,
            body_limit: BODY_LIMIT,
            produces: &["application/json"],
        }
    }

    /// Anybody may call.
    pub const fn public() -> Self {
        Self::open_to(Access::Public)
    }

    /// Whoever is signed in may call.
    pub const fn signed_in() -> Self {
        Self::open_to(Access::SignedIn)
    }

    /// Whoever holds the permission may call.
    pub const fn requires(permission: Permission) -> Self {
        Self::open_to(Access::Requires(permission))
    }

    /// How `Idempotency-Key` is treated; reading is the default.
    #[must_use]
    pub const fn idempotency(self, idempotency: Idempotency) -> Self {
        Self { idempotency, ..self }
    }

    /// `If-Match` is required.
    #[must_use]
    pub const fn if_match(self) -> Self {
        Self { if_match: true, ..self }
    }

    /// Hands out tokens: needs the secret key, refuses `Idempotency-Key`.
    #[must_use]
    pub const fn issues_tokens(self) -> Self {
        Self { issues_tokens: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Another rate class than the ordinary one.
    #[must_use]
    pub const fn limit(self, rate: RateClass) -> Self {
        Self { rate, ..self }
    }

    /// Another budget than one round trip; the slice's head says why.
    #[must_use]
    pub const fn round_trips(self, round_trips: u32) -> Self {
        Self { round_trips, ..self }
    }

    /// Whether a call that is cut off may have changed something.
    pub fn writes(&self) -> bool {
        self.signs_up
            || self.changes
            || matches!(self.idempotency, Idempotency::Required | Idempotency::Accepted)
    }

    /// Changes something and hands out a secret for it, once: refuses `Idempotency-Key`.
    #[must_use]
    pub const fn hands_out_secrets(self) -> Self {
        Self { changes: true, idempotency: Idempotency::Refused, ..self }
    }

    /// Deletes something; done twice, the second time finds nothing.
    #[must_use]
    pub const fn deletes(self) -> Self {
        Self { changes: true, ..self }
    }

    /// Makes something and hands out tokens for it.
    #[must_use]
    pub const fn signs_up(self) -> Self {
        Self { signs_up: true, ..self.issues_tokens() }
    }

    /// Hashes passwords: deployed with more memory, and so with more of a processor.
    #[must_use]
    pub const fn hashes_passwords(self) -> Self {
        Self { hashes_passwords: true, ..self }
    }

    /// Calls others. What that takes is linked into no function that does not declare it.
    #[must_use]
    pub const fn calls_outside(self) -> Self {
        Self { outside: Some(WayOut::OPEN), ..self }
    }

    /// Takes the events of a mail provider, who signs them with a key of that form and says so in these headers.
    #[must_use]
    pub const fn takes_mail_events(self, key: KeyForm, headers: &'static [RequestHeader]) -> Self {
        Self { mail_events: Some(key), headers, ..self }
    }

    /// Another largest body than the usual one, in bytes.
    #[must_use]
    pub const fn body_limit(self, body_limit: usize) -> Self {
        Self { body_limit, ..self }
    }

    /// Which settings a function cannot do without to keep this.
    pub fn needs(&self) -> Needs {
        Needs {
            database: self.round_trips > 0,
            verifies_tokens: self.access != Access::Public,
            issues_tokens: self.issues_tokens,
            nudges: self.writes(),
            outside: self.outside,
            mail_events: self.mail_events,
            ..Needs::default()
        }
    }

    /// Other media types than JSON.
    #[must_use]
    pub const fn produces(self, produces: &'static [&'static str]) -> Self {
        Self { produces, ..self }
    }
}

/// An endpoint.
pub trait Endpoint: 'static {
    /// The name of its binary, e.g. `create-patient`; unique in the workspace.
    const NAME: &'static str;
    /// Its method and path.
    const ROUTE: Route;
    /// What it asks and promises.
    const POLICY: Policy;
    /// What it does, in one line for those who call it.
    const SUMMARY: &'static str;
    /// What the line leaves out, in `CommonMark`; empty when nothing.
    const DESCRIPTION: &'static str = "";
    /// What it answers when it succeeds, beside the data.
    const SUCCESS: Success = Success::ok();
    /// What it takes.
    type Input: Input;
    /// What it answers.
    type Output: Answer;
    /// How it fails in ways of its own.
    type Failure: Failure;

    /// Every statement it may send, with parameters as production sends them: the checks prepare and explain them.
    /// Those of `shared` (claim, audit, probe) are listed once, in [`crate::records::statements`].
    fn statements(_sample: &Sample<'_>) -> Vec<Statement<()>> {
        Vec::new()
    }

    /// Does what the endpoint is for. Called when everything the declaration asks for holds.
    fn handle(
        call: &Call<'_>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Error<Self::Failure>>> + Send;
}

/// What statements are listed with: a call of somebody's, and the ids of things that exist.
#[derive(Debug)]
pub struct Sample<'a> {
    /// A call by a member of a clinic that has data.
    pub call: Call<'a>,
    /// Things that exist in that clinic, by their kind, e.g. `patient`.
    pub existing: BTreeMap<&'static str, Uuid>,
}

impl Sample<'_> {
    /// The clinic.
    pub fn clinic(&self) -> Uuid {
        self.call.principal.map_or(Uuid::nil(), |principal| principal.clinic_id)
    }

    /// A text for where any will do.
    pub fn text(&self) -> Text {
        Text::try_from("sample").unwrap_or_default()
    }

    /// An existing thing of that kind; nothing's id when the list of statements is all that is wanted.
    pub fn id(&self, kind: &str) -> Uuid {
        self.existing.get(kind).copied().unwrap_or_default()
    }
}

/// One request on its way, past the token and the permission.
#[derive(Debug)]
pub struct Call<'a> {
    /// The injected parts.
    pub app: &'a App,
    /// The id of this request, in every log line and reply.
    pub request_id: String,
    /// The trace it belongs to.
    pub trace: &'a Trace,
    /// When it came: one instant for everything it writes.
    pub now: Timestamp,
    /// By when the reply must be out.
    pub deadline: Deadline,
    /// The version in `If-Match`; there when the policy requires it.
    pub if_match: Option<i64>,
    /// `Accept`, for endpoints that answer more than JSON.
    pub accept: Option<&'a str>,
    pub(crate) headers: Option<&'a HeaderMap>,
    pub(crate) principal: Option<Principal>,
    pub(crate) claim: Option<Claim>,
    pub(crate) trips: &'a Trips,
}

impl<'a> Call<'a> {
    /// A call that no request made, for listing statements.
    pub fn sample(app: &'a App, trace: &'a Trace, trips: &'a Trips, principal: Principal) -> Self {
        Self {
            app,
            request_id: "sample".to_owned(),
            trace,
            now: app.clock.now(),
            deadline: Deadline::within(std::time::Duration::from_secs(10)),
            if_match: Some(1),
            accept: None,
            headers: None,
            principal: Some(principal),
            claim: None,
            trips,
        }
    }

    /// The caller. Always there unless the policy is public.
    pub fn principal(&self) -> Result<Principal, Fault> {
        self.principal.ok_or_else(|| Fault::from(&TOKEN_REQUIRED))
    }

    /// The value of a header that the policy names, when it was sent and is visible ASCII.
    pub fn header(&self, header: &RequestHeader) -> Option<&'a str> {
        self.headers?.get(header.name)?.to_str().ok()
    }

    /// A new id, made at this call's instant.
    pub fn new_id(&self) -> Uuid {
        self.app.ids.new_id(self.now)
    }

    /// A reading transaction within the caller's tenant.
    pub fn read(&self) -> Result<Tx<'a>, Fault> {
        Ok(self.read_as(self.own_scope()?))
    }

    /// A writing transaction within the caller's tenant, under the idempotency claim when a key was sent.
    pub fn write(&self) -> Result<Tx<'a>, Fault> {
        let scope = self.own_scope()?;
        Ok(Tx::writing(&self.app.database, self.trips, self.deadline, scope, self.claim.clone()))
    }

    /// A reading transaction of a public endpoint.
    pub fn read_as(&self, scope: Scope) -> Tx<'a> {
        Tx::reading(&self.app.database, self.trips, self.deadline, scope)
    }

    /// A writing transaction of a public endpoint.
    pub fn write_as(&self, scope: Scope) -> Tx<'a> {
        Tx::writing(&self.app.database, self.trips, self.deadline, scope, None)
    }

    /// Whether the database answers, by a probe of the last five seconds.
    pub async fn is_ready(&self) -> bool {
        self.app.readiness.of(&self.app.database, self.trips).await
    }

    /// Runs a password-hashing job off the async threads, in turn with others.
    pub async fn hash<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn Hasher) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.app.hashing.run(Arc::clone(&self.app.hasher), self.deadline, job).await
    }

    /// The token signer; there when the policy issues tokens.
    pub fn signer(&self) -> Result<&'a TokenSigner, Fault> {
        self.app.signer()
    }

    fn own_scope(&self) -> Result<Scope, Fault> {
        Ok(Scope { clinic: Some(self.principal()?.clinic_id), account: None })
    }
}

type Serving<'a> = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send + 'a>>;

/// An endpoint's declaration as a value, for lists.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The name of its binary.
    pub name: &'static str,
    /// Its method and path.
    pub route: Route,
    /// What it asks and promises.
    pub policy: Policy,
    /// The problems of its own: its failures and its fields' rules.
    pub problems: Vec<&'static Problem>,
    /// Every statement it may send.
    pub statements: fn(&Sample<'_>) -> Vec<Statement<()>>,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What the line leaves out, in `CommonMark`.
    pub description: &'static str,
    /// What it answers when it succeeds, beside the data.
    pub success: Success,
    /// The JSON schema of its path parameters.
    pub path_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of its query parameters.
    pub query_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of its body.
    pub body_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schema of the data it answers.
    pub data_schema: fn(&mut SchemaGenerator) -> Option<Schema>,
    /// The JSON schemas of what its problems carry beside the usual members, by their codes.
    pub extension_schemas: fn(&mut SchemaGenerator) -> Vec<(&'static str, Schema)>,
    pub(crate) rules: Vec<&'static Problem>,
    pub(crate) serve: for<'a> fn(Incoming<'a>) -> Serving<'a>,
}

impl Declaration {
    /// The declaration of `E`.
    pub fn of<E: Endpoint>() -> Self {
        Self {
            statements: E::statements,
            path_schema: E::Input::path_schema,
            query_schema: E::Input::query_schema,
            body_schema: E::Input::body_schema,
            data_schema: E::Output::data_schema,
            extension_schemas: E::Failure::extension_schemas,
            ..Self::to_serve::<E>()
        }
    }

    /// The declaration of `E` without what only checks and the contract ask for: nothing leads to the schemas, and the
    /// linker leaves them out of the function.
    pub(crate) fn to_serve<E: Endpoint>() -> Self {
        let rules = E::Input::rules();
        Self {
            name: E::NAME,
            route: E::ROUTE,
            policy: E::POLICY,
            problems: E::Failure::PROBLEMS.iter().chain(rules.iter().copied()).collect(),
            statements: |_| Vec::new(),
            summary: E::SUMMARY,
            description: E::DESCRIPTION,
            success: E::SUCCESS,
            path_schema: |_| None,
            query_schema: |_| None,
            body_schema: |_| None,
            data_schema: |_| None,
            extension_schemas: |_| Vec::new(),
            rules,
            serve: |incoming| Box::pin(pipeline::serve::<E>(incoming)),
        }
    }
}

/// A module: its name, which is also its schema and database role, and its endpoints.
#[derive(Debug, Clone)]
pub struct Module {
    /// E.g. `billing`.
    pub name: &'static str,
    /// What it is for, in one line for those who call it.
    pub about: &'static str,
    /// All of its endpoints.
    pub endpoints: Vec<Declaration>,
    /// What happens in it after changes.
    pub consumers: Vec<ConsumerDeclaration>,
    /// What happens in it by the clock.
    pub workers: Vec<WorkerDeclaration>,
}

impl Module {
    /// What its endpoints and consumers need, all together.
    pub fn needs(&self) -> Needs {
        let endpoints = self.endpoints.iter().map(|endpoint| endpoint.policy.needs());
        let consumers = self.consumers.iter().map(|consumer| consumer.needs);
        endpoints.chain(consumers).fold(Needs::default(), Needs::and)
    }
}
