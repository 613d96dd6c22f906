use super::db;
use super::schema::UsersQuery;
use crate::users::Member;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Reply};

/// Reads one row more than the page has, and counts when the query says so.
pub(super) async fn handle(
    call: &Call<'_>,
    query: &UsersQuery,
) -> Result<Reply<Vec<Member>>, Error<NoFailure>> {
    let clinic = call.principal()?.clinic_id;
    let page = query.page();
    let mut tx = call.read()?;
    let rows = tx.add(db::members_before(clinic, query, &page));
    let total = page.counts().then(|| tx.add(db::count_members(clinic, query)));
    let done = tx.commit::<NoFailure>().await?;

    let total = total.map(|handle| done.one(&handle)).transpose()?;
    Ok(page.reply(done.many(&rows)?, total))
}
