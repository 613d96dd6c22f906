//! Endpoints: declaration ([`Endpoint`]), input ([`Input`]) and answer ([`Answer`]), and a request's way through one
//! ([`pipeline`]).

mod audit;
pub mod cursor;
pub mod endpoint;
pub mod gateway;
mod headers;
pub mod idempotency;
mod input;
pub mod page;
pub mod pipeline;
mod reads;
mod reply;
mod request_line;
pub mod route;
mod success;
mod verified;

pub use audit::{audit, audit_about};
pub use cursor::{Cursor, CursorOf, Listed};
pub use endpoint::{
    Access, BODY_LIMIT, Call, Declaration, Endpoint, Idempotency, OpenEndpoint, Policy, RateClass,
    RequestHeader,
};
pub use gateway::Request;
pub use idempotency::IDEMPOTENCY_KEY;
pub use input::{
    Body, Fields, IdPath, Input, Json, NoInput, Nothing, Raw, RequestParts, Unread, WithBody, WithId,
    WithIdAndBody, WithPath, WithPathAndBody, WithQuery, WithSignedBody,
};
pub use page::PageQuery;
pub use reply::{Answer, HereOrElsewhere, IDEMPOTENCY_REPLAYED, PageMeta, Reply, Response};
pub use route::Route;
pub use success::{Form, Link, Success};
