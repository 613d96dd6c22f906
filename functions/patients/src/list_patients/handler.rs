use super::db;
use super::schema::PatientItem;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, PageQuery, Reply};

/// Reads one row more than the page has, and counts when the query says so.
pub(super) async fn handle(
    call: &Call<'_>,
    query: PageQuery<PatientItem>,
) -> Result<Reply<Vec<PatientItem>>, Error<NoFailure>> {
    let clinic = call.principal()?.clinic_id;
    let mut tx = call.read()?;
    let rows = tx.add(db::patients_before(clinic, &query));
    let total = query.counts().then(|| tx.add(db::count_patients(clinic)));
    let done = tx.commit::<NoFailure>().await?;

    let total = total.map(|handle| done.one(&handle)).transpose()?;
    let page = query.reply(done.many(&rows)?, total);
    call.shows(page.data().iter().map(|patient| patient.id).collect())?;
    Ok(page)
}
