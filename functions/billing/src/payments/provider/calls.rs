//! The calls. Each is made once, ends in three seconds, and is told to the log before and after.

use super::answer::Answer;
use super::asked::Terms;
use super::fence::Fence;
use super::intent::{Intent, Page};
use super::log_lines::Line;
use super::refund::{MadeRefund, RefundAnswer, RefundAsked};
use super::{Asked, Provider, wire};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use shared::deadline::Deadline;
use shared::external::{CallError, ExternalCall, HttpError, HttpReply};
use shared::failure::Fault;
use std::time::Duration;
use uuid::Uuid;

/// The version of the API that requests and replies are of.
const VERSION: &str = "2026-10-28.endive";

/// The time that a call may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes of a reply.
const REPLY: usize = 256 * 1024;

/// The most intents of a page, all of which fit into a reply.
const PAGE: usize = 50;

const INTENTS: &str = "/v1/payment_intents";
const REFUNDS: &str = "/v1/refunds";

type Called = Result<HttpReply, CallError<HttpError>>;

/// A request, before it has an address and our key.
struct Wanted<'a> {
    method: Method,
    path: String,
    account: Option<&'a str>,
    /// The `Idempotency-Key`.
    key: Option<Uuid>,
    body: String,
}

impl<'a> Wanted<'a> {
    /// A request for a payment intent, under the payment's key.
    fn of(asked: &'a Asked, body: String) -> Self {
        let account = asked.account.as_deref();
        Self { method: Method::POST, path: INTENTS.to_owned(), account, key: Some(asked.payment), body }
    }

    fn get(path: String, account: Option<&'a str>) -> Self {
        Self { method: Method::GET, path, account, key: None, body: String::new() }
    }
}

impl Provider {
    /// Charges the card. With the same payment again it takes nothing more, and gives the first answer, for a day.
    pub async fn charge(&self, asked: &Asked, deadline: Deadline) -> Answer {
        if !self.is_set_up() {
            return Answer::NOT_SET_UP;
        }
        let Some(terms) = Terms::of(asked, &self.deployment) else { return Answer::not_chargeable() };
        let line = line_of("charge", asked);
        let called = self.call(line, &Wanted::of(asked, terms.charge()), deadline).await;
        let answer = Answer::of(&called, &terms);
        line.answered(&called, answer.kind(), must_look(&answer, &called));
        answer
    }

    /// Finds out what became of a charge whose answer nobody knows, and charges nothing: where the payment's key is still
    /// free, it is used up.
    pub async fn fence(&self, asked: &Asked, deadline: Deadline) -> Fence {
        let Some(terms) = Terms::of(asked, &self.deployment) else { return Fence::Later };
        let line = line_of("fence", asked);
        let called = self.call(line, &Wanted::of(asked, terms.fence()), deadline).await;
        let fence = Fence::of(&called, &terms);
        line.answered(&called, fence.kind(), false);
        fence
    }

    /// Cancels an intent that has taken nothing; whether it is cancelled now.
    pub async fn cancel(&self, account: Option<&str>, intent: &str, deadline: Deadline) -> bool {
        if !wire::is_intent_id(intent) {
            return false;
        }
        let line = Line { operation: "cancel", clinic: None, payment: None, intent: Some(intent) };
        let path = format!("{INTENTS}/{intent}/cancel");
        let wanted = Wanted { method: Method::POST, ..Wanted::get(path, account) };
        let called = self.call(line, &wanted, deadline).await;
        let is_cancelled = called.as_ref().is_ok_and(|reply| wire::is_canceled(reply, intent));
        line.answered(&called, if is_cancelled { "cancelled" } else { "not_cancelled" }, false);
        is_cancelled
    }

    /// Gives money back. With the same refund again it gives nothing more, and has the first answer, for a day.
    pub async fn refund(&self, asked: &RefundAsked, deadline: Deadline) -> RefundAnswer {
        let Some(body) = asked.form(&self.deployment) else { return RefundAnswer::not_refundable() };
        let line = line_about("refund", asked);
        let account = asked.account.as_deref();
        let key = Some(asked.refund);
        let wanted = Wanted { method: Method::POST, path: REFUNDS.to_owned(), account, key, body };
        let called = self.call(line, &wanted, deadline).await;
        let answer = RefundAnswer::of(&called, asked);
        line.answered(&called, answer.kind(), matches!(answer, RefundAnswer::Unknown { alarm: true }));
        answer
    }

    /// Reads a refund that the provider has named; none when it cannot be read now.
    pub async fn read_refund(&self, asked: &RefundAsked, id: &str, deadline: Deadline) -> Option<MadeRefund> {
        if !wire::is_object_id(id) {
            return None;
        }
        let line = line_about("read_refund", asked);
        let wanted = Wanted::get(format!("{REFUNDS}/{id}"), asked.account.as_deref());
        let called = self.call(line, &wanted, deadline).await;
        let found =
            ok(&called).and_then(|reply| MadeRefund::read(&reply.body)).filter(|found| found.id == id);
        line.answered(&called, if found.is_some() { "read" } else { "not_read" }, false);
        found
    }

    /// All refunds of an intent, whoever made them; none when they cannot be read now, or are more than a hundred.
    pub async fn refunds_of(
        &self,
        account: Option<&str>,
        intent: &str,
        deadline: Deadline,
    ) -> Option<Vec<MadeRefund>> {
        if !wire::is_intent_id(intent) {
            return None;
        }
        let line = Line { operation: "list_refunds", clinic: None, payment: None, intent: Some(intent) };
        let wanted = Wanted::get(format!("{REFUNDS}?payment_intent={intent}&limit=100"), account);
        let called = self.call(line, &wanted, deadline).await;
        let found = ok(&called).and_then(|reply| MadeRefund::read_all(&reply.body));
        let found = found.filter(|all| all.iter().all(|refund| refund.intent == intent));
        line.answered(&called, if found.is_some() { "read" } else { "not_read" }, false);
        found
    }

    /// Reads an intent; none when it cannot be read now.
    pub async fn read(&self, account: Option<&str>, intent: &str, deadline: Deadline) -> Option<Intent> {
        if !wire::is_intent_id(intent) {
            return None;
        }
        let line = Line { operation: "read", clinic: None, payment: None, intent: Some(intent) };
        let wanted = Wanted::get(format!("{INTENTS}/{intent}"), account);
        let called = self.call(line, &wanted, deadline).await;
        let found =
            ok(&called).and_then(|reply| Intent::read(&reply.body)).filter(|found| found.id == intent);
        line.answered(&called, if found.is_some() { "read" } else { "not_read" }, false);
        found
    }

    /// A page of the intents that were made from `created_from` on and before `created_before`, newest first, behind the one
    /// that is named. Others of the same account are among them.
    pub async fn list(
        &self,
        account: Option<&str>,
        created_from: Timestamp,
        created_before: Timestamp,
        starting_after: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page, Fault> {
        let query = page_query(created_from, created_before, starting_after);
        let line = Line { operation: "list", clinic: None, payment: None, intent: starting_after };
        let wanted = Wanted::get(format!("{INTENTS}?{query}"), account);
        let called = self.call(line, &wanted, deadline).await;
        let page = ok(&called).and_then(|reply| Page::read(&reply.body, starting_after));
        line.answered(&called, if page.is_some() { "read" } else { "not_read" }, false);
        page.ok_or_else(|| Fault::internal("the provider's payments were not read"))
    }

    /// Sends the request, once. One that cannot be made was not sent.
    async fn call(&self, line: Line<'_>, wanted: &Wanted<'_>, deadline: Deadline) -> Called {
        let Some(request) = self.request(wanted) else {
            return Err(CallError::Failed(HttpError::NotReached));
        };
        line.asked();
        let call = ExternalCall::new("stripe", line.operation, TIMEOUT, deadline);
        self.external.call(call, || self.external.http().send(request.clone(), REPLY)).await
    }

    /// The request, with our key; none without one.
    fn request(&self, wanted: &Wanted<'_>) -> Option<Request<Bytes>> {
        let mut request = Request::builder()
            .method(wanted.method.clone())
            .uri(format!("{}{}", self.url, wanted.path))
            .header(AUTHORIZATION, self.authorization.clone()?)
            .header("stripe-version", VERSION);
        if let Some(account) = wanted.account {
            request = request.header("stripe-account", account);
        }
        if let Some(key) = wanted.key {
            request = request.header("idempotency-key", key.to_string());
        }
        if wanted.method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Bytes::from(wanted.body.clone())).ok()
    }
}

fn page_query(from: Timestamp, before: Timestamp, after: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("limit", &PAGE.to_string())
        .append_pair("created[gte]", &from.as_second().to_string())
        .append_pair("created[lt]", &before.as_second().to_string());
    if let Some(after) = after {
        query.append_pair("starting_after", after);
    }
    query.finish()
}

fn line_of(operation: &'static str, asked: &Asked) -> Line<'static> {
    Line { operation, clinic: Some(asked.clinic), payment: Some(asked.payment), intent: None }
}

fn line_about<'a>(operation: &'static str, asked: &'a RefundAsked) -> Line<'a> {
    let (clinic, payment) = (Some(asked.clinic), Some(asked.payment));
    Line { operation, clinic, payment, intent: Some(&asked.intent) }
}

/// The reply, if it is one that answers.
fn ok(called: &Called) -> Option<&HttpReply> {
    called.as_ref().ok().filter(|reply| reply.status == StatusCode::OK)
}

/// Whether somebody must look: at our key, at an intent that is not as asked, or at a request that is not understood.
fn must_look(answer: &Answer, called: &Called) -> bool {
    match answer {
        Answer::NotSent { alarm, .. } => *alarm,
        Answer::Another { .. } => true,
        Answer::Unknown => called
            .as_ref()
            .is_ok_and(|reply| reply.status.is_client_error() && reply.status != StatusCode::CONFLICT),
        _ => false,
    }
}
