use super::logic;
use super::schema::{GetProblemFailure, ProblemPage};
use http::StatusCode;
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply, Represented, Response};

/// Finds the problem and answers it in the form asked for.
pub(super) fn handle(
    call: &Call<'_>,
    slug: &str,
) -> Result<Represented<ProblemPage>, Error<GetProblemFailure>> {
    let found = logic::find(slug).map_err(|_| Fault::internal("problems.json does not parse"))?;
    let page = found.ok_or(GetProblemFailure::ProblemNotFound)?;
    Ok(if call.media_type == "text/html" {
        let html = logic::html(&page).into_bytes();
        Represented::As(Response::with_body(StatusCode::OK, "text/html; charset=utf-8", html))
    } else {
        Represented::Json(Reply::ok(page))
    })
}
