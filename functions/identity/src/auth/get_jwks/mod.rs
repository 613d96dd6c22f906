//! `GET /.well-known/jwks.json`: the public keys of access tokens, for others who verify them.
//!
//! - **Caller**: anybody.
//! - **Answers**: a bare JWK set (RFC 7517 §5), with the same keys as PASERK: the current key and those rotated out. Without
//!   an envelope, as libraries read it from this address.
//! - **Round trips**: none.

use http::StatusCode;
use schemars::{Schema, SchemaGenerator};
use shared::access::TokenVerifier;
use shared::access::token::JwkSet;
use shared::failure::{Error, Fault, NoFailure};
use shared::http::{Answer, Call, Endpoint, NoInput, Policy, Response, Route, Success};

/// The declaration.
#[derive(Debug)]
pub struct GetJwks;

/// The key set as the whole body.
#[derive(Debug)]
pub struct Keys(JwkSet);

impl Answer for Keys {
    fn data_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.subschema_for::<JwkSet>())
    }

    fn respond(self) -> Result<Response, Fault> {
        let body = serde_json::to_vec(&self.0).map_err(|_| Fault::internal("a key set is not JSON"))?;
        Ok(Response::with_body(StatusCode::OK, "application/json", body))
    }
}

impl Endpoint for GetJwks {
    const NAME: &'static str = "get-jwks";
    const ROUTE: Route = Route::get("/.well-known/jwks.json");
    const POLICY: Policy = Policy::public().round_trips(0);
    const SUMMARY: &'static str = "The public keys of access tokens";
    const DESCRIPTION: &'static str = "A JWK set (RFC 7517), with each key as PASERK, too. A key is here before tokens are \
        signed with it, and until the last of them has expired.";
    const SUCCESS: Success = Success::bare().cached("public, max-age=300");
    type Parts = TokenVerifier;
    type Input = NoInput;
    type Output = Keys;
    type Failure = NoFailure;

    async fn handle(
        call: &Call<'_, TokenVerifier>,
        _input: Self::Input,
    ) -> Result<Self::Output, Error<Self::Failure>> {
        Ok(Keys(call.parts.key_set()))
    }
}
