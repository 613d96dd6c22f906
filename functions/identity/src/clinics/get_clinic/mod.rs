//! `GET /api/v1/clinic`: the caller's own clinic, with its settings.
//!
//! - **Caller**: whoever is signed in. The clinic is the token's; no request names another.
//! - **Reads**: `identity.clinics`. The version is the `ETag`; `If-None-Match` gives 304.
//! - **Round trips**: 1.

use crate::clinics::ClinicSettings;
use crate::clinics::settings::settings;
use shared::failure::{Error, NoFailure};
use shared::http::{Call, Endpoint, NoInput, Policy, Reply, Route, Success};

/// The declaration.
#[derive(Debug)]
pub struct GetClinic;

impl Endpoint for GetClinic {
    const NAME: &'static str = "get-clinic";
    const ROUTE: Route = Route::get("/api/v1/clinic");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Read the own clinic";
    const DESCRIPTION: &'static str = "The clinic that the caller is signed in to, with its settings.";
    const SUCCESS: Success = Success::ok().etag();
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<ClinicSettings>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<NoFailure>> {
        let mut tx = call.read()?;
        let handle = tx.add(settings(call.principal()?.clinic_id));
        let clinic = tx.commit::<NoFailure>().await?.one(&handle)?;
        let version = clinic.version;
        Ok(Reply::ok(clinic).version(version))
    }
}
