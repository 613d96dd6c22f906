//! A small module, for what only shows through the pipeline.

use crate::bench::{WordFailure, lay_out};
use crate::sql;
use http::HeaderValue;
use http::header::RETRY_AFTER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::failure::problem::DATABASE_UNAVAILABLE;
use shared::failure::{Error, Fault, NoFailure};
use shared::http::{
    Call, Declaration, Endpoint, Fields, Idempotency, NoInput, Policy, Reply, Route, Success, WithBody,
};
use shared::module::Module;
use std::time::Duration;
use testkit::{Tenant, TestApp, TestRequest};
use validator::Validate;

/// A word to add, and how long the database takes over it.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWord {
    word: String,
    milliseconds: i32,
}

impl Fields for NewWord {}

struct AddWord;

impl Endpoint for AddWord {
    const NAME: &'static str = "add-word";
    const ROUTE: Route = Route::post("/words");
    const POLICY: Policy = Policy::signed_in().idempotency(Idempotency::Accepted);
    const SUMMARY: &'static str = "Adds a word.";
    const SUCCESS: Success = Success::created_here();
    type Parts = ();
    type Input = WithBody<NewWord>;
    type Output = Reply<Value>;
    type Failure = WordFailure;

    async fn handle(call: &Call<'_>, input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let NewWord { word, milliseconds } = input.body.0;
        let mut tx = call.write()?;
        tx.add(sql::insert(&word));
        tx.add(sql::sleep(milliseconds));
        let stored = tx.commit_with_reply(sql::reply(&word)).await?;
        Ok(Reply::created_here(stored.data).replayed(stored.replayed))
    }
}

struct CountWords;

impl Endpoint for CountWords {
    const NAME: &'static str = "count-words";
    const ROUTE: Route = Route::get("/words");
    const POLICY: Policy = Policy::signed_in();
    const SUMMARY: &'static str = "Counts the words.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<i64>;
    type Failure = NoFailure;

    async fn handle(call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        let mut tx = call.read()?;
        let words = tx.add(sql::words());
        Ok(Reply::ok(tx.commit::<NoFailure>().await?.one(&words)?))
    }
}

struct Panics;

impl Endpoint for Panics {
    const NAME: &'static str = "panics";
    const ROUTE: Route = Route::post("/panics");
    const POLICY: Policy = Policy::public();
    const SUMMARY: &'static str = "Panics.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<i64>;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        panic!("Ada Lovelace")
    }
}

struct Dawdles;

impl Endpoint for Dawdles {
    const NAME: &'static str = "dawdles";
    const ROUTE: Route = Route::get("/dawdles");
    const POLICY: Policy = Policy::public();
    const SUMMARY: &'static str = "Dawdles.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<i64>;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        tokio::time::sleep(Duration::from_mins(1)).await;
        Ok(Reply::ok(0))
    }
}

struct Rests;

impl Endpoint for Rests {
    const NAME: &'static str = "rests";
    const ROUTE: Route = Route::get("/rests");
    const POLICY: Policy = Policy::public();
    const SUMMARY: &'static str = "Says how long it rests.";
    type Parts = ();
    type Input = NoInput;
    type Output = Reply<i64>;
    type Failure = NoFailure;

    async fn handle(_call: &Call<'_>, _input: Self::Input) -> Result<Self::Output, Error<Self::Failure>> {
        Err(Fault::from(&DATABASE_UNAVAILABLE).with_header(RETRY_AFTER, HeaderValue::from(30)).into())
    }
}

/// The module in a test app, under the role of billing, with so many connections.
pub(crate) async fn app(connections: usize) -> (TestApp, Tenant) {
    let module = Module {
        name: "billing",
        about: "Words.",
        consumers: Vec::new(),
        workers: Vec::new(),
        endpoints: vec![
            Declaration::of::<AddWord>(),
            Declaration::of::<CountWords>(),
            Declaration::of::<Panics>(),
            Declaration::of::<Dawdles>(),
            Declaration::of::<Rests>(),
        ],
    };
    let app = TestApp::with_connections(vec![module], connections).await;
    lay_out(&app.database).await;
    let tenant = app.tenant().await;
    (app, tenant)
}

/// The request to add a word, over which the database takes so long.
pub(crate) fn add(tenant: &Tenant, word: &str, milliseconds: i32) -> TestRequest {
    TestRequest::post("/words", &json!({ "word": word, "milliseconds": milliseconds })).token(tenant.owner())
}

/// The request to count them.
pub(crate) fn count(tenant: &Tenant) -> TestRequest {
    TestRequest::get("/words").token(tenant.owner())
}
