use super::logic;
use super::schema::GetProblemFailure;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, VARY};
use shared::endpoint::Call;
use shared::failure::{Error, Fault};
use shared::reply::{Answer as _, Reply, Response};

/// Finds the problem and answers it in the form asked for.
pub(super) fn handle(call: &Call<'_>, slug: &str) -> Result<Response, Error<GetProblemFailure>> {
    let found = logic::find(slug).map_err(|_| Fault::internal("problems.json does not parse"))?;
    let page = found.ok_or(GetProblemFailure::ProblemNotFound)?;
    let mut response = if logic::prefers_html(call.accept) {
        Response::with_body(StatusCode::OK, "text/html; charset=utf-8", logic::html(&page).into_bytes())
    } else {
        Reply::ok(page).respond()?
    };
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response.headers.insert(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
