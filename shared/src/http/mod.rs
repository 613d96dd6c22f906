//! Endpoints: declaration ([`Endpoint`]), input ([`Input`]) and answer ([`Answer`]), and a request's way through one
//! ([`pipeline`]).

mod audit;
mod body;
pub mod cursor;
pub mod endpoint;
mod entity_tags;
mod filtered_cursor;
pub mod gateway;
mod headers;
pub mod idempotency;
mod input;
mod negotiation;
pub mod page;
pub mod pipeline;
mod reads;
mod reply;
mod request_line;
pub mod route;
mod success;
mod verified;
mod window;

pub use body::{Body, Json, JsonOrNothing, Unread};
pub use cursor::{Cursor, CursorOf, Listed};
pub use endpoint::{
    Access, Audited, BODY_LIMIT, Call, Declaration, Endpoint, Idempotency, OpenEndpoint, Policy, RateClass,
    RequestHeader,
};
pub use entity_tags::IfMatch;
pub use filtered_cursor::FilteredCursor;
pub use gateway::Request;
pub use idempotency::IDEMPOTENCY_KEY;
pub use input::{
    AnyQuery, Fields, IdPath, Ignored, Input, NoInput, Nothing, Raw, RequestParts, WithBody,
    WithBodyOrNothing, WithId, WithIdAndBody, WithIdAndQuery, WithPath, WithPathAndAnyQuery, WithPathAndBody,
    WithQuery, WithSignedBody,
};
pub use page::PageQuery;
pub use pipeline::{ACCEPT_PATCH, PATCHES_ACCEPTED};
pub use reply::{Answer, HereOrElsewhere, IDEMPOTENCY_REPLAYED, PageMeta, Reply, Represented, Response};
pub use route::Route;
pub use success::{Form, Link, Success};
pub use window::{WINDOW_EMPTY, refused_at, refused_by, window};
