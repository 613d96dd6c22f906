//! The input of an endpoint: path, query and body, parsed and validated as one.

use super::body::{Body, Json, JsonOrNothing, Unread, canonical};
use crate::failure::{Fault, Problem};
use crate::http::Request;
use crate::validation::{self, Id, Place, Surroundings, Validated, Violation};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use validator::Validate;

/// A request before parsing.
#[derive(Debug)]
pub struct Raw<'a> {
    /// The request.
    pub request: &'a Request,
    /// The path parameters, decoded.
    pub path: &'a [(String, String)],
    /// When the request came.
    pub now: Timestamp,
}

/// Fields with their rules: the body, the query or the path of one endpoint. `Serialize` writes them as they were read,
/// for the fingerprint of a request; secrets are never written, and nothing that takes a key has any.
pub trait Fields: DeserializeOwned + Serialize + JsonSchema + Validated + Send + 'static {
    /// The problems of these fields' own rules, beside the common ones.
    const RULES: &'static [Problem] = &[];

    /// Whether nothing of what is given is read, so that anything may be.
    const IS_IGNORED: bool = false;
}

/// The whole input of an endpoint.
pub trait Input: Sized + Send {
    /// Whether the endpoint reads a body, which must be JSON.
    const HAS_BODY: bool;
    /// Whether an empty body is read as one without fields.
    const BODY_MAY_BE_EMPTY: bool;

    /// Whether the endpoint passes over the query, instead of refusing what it does not know.
    const IGNORES_QUERY: bool = false;

    /// The problems of the input's own rules.
    fn rules() -> Vec<&'static Problem>;

    /// The JSON schema of the path parameters, if any are read.
    fn path_schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    /// The JSON schema of the query parameters, if any are read.
    fn query_schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    /// The JSON schema of the body, if one is read.
    fn body_schema(_generator: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    /// The parsed and checked input, or all violations.
    fn parse(raw: &Raw<'_>) -> Result<Self, Vec<Violation>>;

    /// The input as it was read: the same for two requests that mean the same, however they spell it. Asked for where a
    /// key is taken.
    fn canonical(&self) -> Result<Value, Fault> {
        Err(Fault::internal("this input cannot be told from another one"))
    }
}

/// No fields: any given are refused.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Fields for Nothing {}

/// A query that is passed over: at pages, probes and static documents, where others add to the address what they count
/// visits or get round caches by.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Ignored {}

impl Fields for Ignored {
    const IS_IGNORED: bool = true;
}

/// Path `P`, query `Q` and body `B`, whose violations are reported at once.
#[derive(Debug)]
pub struct RequestParts<P, Q, B> {
    /// The path parameters.
    pub path: P,
    /// The query parameters.
    pub query: Q,
    /// The body.
    pub body: B,
}

/// `{id}` of a path, which names one thing.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct IdPath {
    /// The thing's id.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Id,
}

impl Fields for IdPath {}

/// No input.
pub type NoInput = RequestParts<Nothing, Nothing, Nothing>;
/// No input, whatever the query.
pub type AnyQuery = RequestParts<Nothing, Ignored, Nothing>;
/// Path parameters, whatever the query.
pub type WithPathAndAnyQuery<P> = RequestParts<P, Ignored, Nothing>;
/// A JSON body.
pub type WithBody<B> = RequestParts<Nothing, Nothing, Json<B>>;
/// A JSON body, or none at all.
pub type WithBodyOrNothing<B> = RequestParts<Nothing, Nothing, JsonOrNothing<B>>;
/// A JSON body whose bytes are signed.
pub type WithSignedBody<B> = RequestParts<Nothing, Nothing, Unread<B>>;
/// The path parameter `{id}`.
pub type WithId = WithPath<IdPath>;
/// The path parameter `{id}` and a JSON body.
pub type WithIdAndBody<B> = WithPathAndBody<IdPath, B>;
/// The path parameter `{id}` and query parameters.
pub type WithIdAndQuery<Q> = RequestParts<IdPath, Q, Nothing>;
/// Path parameters.
pub type WithPath<P> = RequestParts<P, Nothing, Nothing>;
/// Query parameters.
pub type WithQuery<Q> = RequestParts<Nothing, Q, Nothing>;
/// Path parameters and a JSON body.
pub type WithPathAndBody<P, B> = RequestParts<P, Nothing, Json<B>>;

/// `{id}` of a path, if it is an id.
fn id_of(path: &[(String, String)]) -> Option<Uuid> {
    path.iter().find(|(name, _)| name == "id").and_then(|(_, text)| Uuid::try_parse(text).ok())
}

impl<P: Fields, Q: Fields, B: Body> Input for RequestParts<P, Q, B> {
    const HAS_BODY: bool = B::EXPECTED;
    const BODY_MAY_BE_EMPTY: bool = B::MAY_BE_EMPTY;
    const IGNORES_QUERY: bool = Q::IS_IGNORED;

    fn rules() -> Vec<&'static Problem> {
        [P::RULES, Q::RULES, B::RULES].into_iter().flatten().collect()
    }

    fn path_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.root_schema_for::<P>())
    }

    fn query_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        Some(generator.root_schema_for::<Q>())
    }

    fn body_schema(generator: &mut SchemaGenerator) -> Option<Schema> {
        B::schema(generator)
    }

    fn parse(raw: &Raw<'_>) -> Result<Self, Vec<Violation>> {
        let query = if Q::IS_IGNORED { "" } else { raw.request.query.as_str() };
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let surroundings = Surroundings { now: raw.now, id: id_of(raw.path) };
        let path = validation::parse_strings::<P>(Place::Path, raw.path, &surroundings);
        let query = validation::parse_strings::<Q>(Place::Query, &pairs, &surroundings);
        let body = B::parse(raw.request.body.as_deref(), raw.now);
        match (path, query, body) {
            (Ok(path), Ok(query), Ok(body)) => Ok(Self { path, query, body }),
            (path, query, body) => {
                let mut all: Vec<Violation> = path.err().unwrap_or_default();
                all.extend(query.err().unwrap_or_default());
                all.extend(body.err().unwrap_or_default());
                Err(all)
            }
        }
    }
    fn canonical(&self) -> Result<Value, Fault> {
        Ok(json!([canonical(&self.path)?, canonical(&self.query)?, self.body.canonical()?]))
    }
}
