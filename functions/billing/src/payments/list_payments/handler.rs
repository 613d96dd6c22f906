use super::db;
use super::schema::PaymentsQuery;
use crate::payments::Payment;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Reply};

/// Reads one row more than the page has, and counts when the query says so.
pub(super) async fn handle(
    call: &Call<'_>,
    query: &PaymentsQuery,
) -> Result<Reply<Vec<Payment>>, Error<NoFailure>> {
    let clinic = call.principal()?.clinic_id;
    let page = query.page();
    let mut tx = call.read()?;
    let rows = tx.add(db::payments_before(clinic, query, &page));
    let total = page.counts().then(|| tx.add(db::count_payments(clinic, query)));
    let done = tx.commit::<NoFailure>().await?;

    let total = total.map(|handle| done.one(&handle)).transpose()?;
    Ok(page.reply(done.many(&rows)?, total))
}
