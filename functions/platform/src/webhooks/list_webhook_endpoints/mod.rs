//! `GET /api/v1/webhook-endpoints`: the clinic's endpoints, newest first, page by page.
//!
//! - **Caller**: who holds `webhooks:manage`.
//! - **Reads**: `platform.webhook_endpoints` by `(created_at, id)`; never a secret. An endpoint added while somebody
//!   pages stands before the pages still to come, so nothing comes twice and nothing is skipped.
//! - **Fails**: `INVALID_CURSOR`, query rules.
//! - **Round trips**: 1, with or without `includeTotal`.

mod db;

use super::WebhookEndpoint;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, Link, PageQuery, Policy, Reply, Route, Success, WithQuery};

/// The declaration.
#[derive(Debug)]
pub struct ListWebhookEndpoints;

impl Endpoint for ListWebhookEndpoints {
    const NAME: &'static str = "list-webhook-endpoints";
    const ROUTE: Route = Route::get("/api/v1/webhook-endpoints");
    const POLICY: Policy = Policy::requires(super::MANAGE_WEBHOOKS);
    const SUMMARY: &'static str = "List webhook endpoints, newest first";
    const DESCRIPTION: &'static str = "Send `meta.nextCursor` as `cursor` for the next page; what is added meanwhile \
        is neither repeated nor in the way.";
    const SUCCESS: Success =
        Success::page().links_to(&[Link::new("/api/v1/webhook-endpoints/{id}", "/data/0/id")]);
    type Parts = ();
    type Input = WithQuery<PageQuery<WebhookEndpoint>>;
    type Output = Reply<Vec<WebhookEndpoint>>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let (clinic, page) = (call.principal()?.clinic_id, &input.query);
        page.read(call, db::endpoints_before(clinic, page), || db::count_endpoints(clinic)).await
    }
}
