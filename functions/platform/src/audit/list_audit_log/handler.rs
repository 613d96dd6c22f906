use super::db;
use super::schema::{AuditEntry, AuditQuery};
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Reply};

/// Reads one row more than the page has, and counts when the query says so.
pub(super) async fn handle(
    call: &Call<'_>,
    query: &AuditQuery,
) -> Result<Reply<Vec<AuditEntry>>, Error<NoFailure>> {
    let clinic = call.principal()?.clinic_id;
    let (page, window) = (query.page(), query.window(call.now));
    let mut tx = call.read()?;
    let rows = tx.add(db::entries_before(clinic, query, &window, &page));
    let total = page.counts().then(|| tx.add(db::count_entries(clinic, query, &window)));
    let done = tx.commit::<NoFailure>().await?;

    let total = total.map(|handle| done.one(&handle)).transpose()?;
    Ok(page.reply(done.many(&rows)?, total))
}
