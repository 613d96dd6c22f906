use super::db;
use super::logic;
use super::schema::EndpointPageQuery;
use crate::webhooks::WebhookEndpoint;
use shared::endpoint::Call;
use shared::failure::{Error, NoFailure};
use shared::reply::Reply;

/// Reads one row more than the page has, and counts when asked to.
pub(super) async fn handle(
    call: &Call<'_>,
    query: EndpointPageQuery,
) -> Result<Reply<Vec<WebhookEndpoint>>, Error<NoFailure>> {
    let clinic = call.principal()?.clinic_id;
    let limit = u8::try_from(query.limit.unwrap_or(20)).unwrap_or(100);
    let cursor = query.cursor.map(|cursor| cursor.cursor());

    let mut tx = call.read()?;
    let rows = tx.add(db::endpoints_before(clinic, cursor, limit));
    let total = query.include_total.unwrap_or(false).then(|| tx.add(db::count_endpoints(clinic)));
    let done = tx.commit::<NoFailure>().await?;

    let total = total.map(|slot| done.one(&slot)).transpose()?;
    let (items, meta) = logic::page(done.many(&rows)?, limit, cursor.map_or(1, |cursor| cursor.page), total);
    let next = logic::next_address(&meta);
    Ok(Reply::ok(items).page(meta, next))
}
