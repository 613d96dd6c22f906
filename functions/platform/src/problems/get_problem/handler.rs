use super::logic;
use super::schema::{Explanation, GetProblemFailure};
use shared::failure::{Error, Fault};
use shared::http::Call;

/// Finds the problem and answers it in the form asked for.
pub(super) fn handle(call: &Call<'_>, slug: &str) -> Result<Explanation, Error<GetProblemFailure>> {
    let found = logic::find(slug).map_err(|_| Fault::internal("problems.json does not parse"))?;
    let page = found.ok_or(GetProblemFailure::ProblemNotFound)?;
    Ok(if call.media_type == "text/html" {
        Explanation::ForPeople(logic::html(&page))
    } else {
        Explanation::ForPrograms(page)
    })
}
