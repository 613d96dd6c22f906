//! An endpoint with its parts, ready to answer.

use super::{Declaration, Endpoint};
use crate::app::App;
use crate::failure::Fault;
use crate::http::Response;
use crate::http::pipeline::{self, Incoming};
use crate::parts::{Noted, Opening, Parts};
use std::pin::Pin;
use std::sync::Arc;

type Serving<'a> = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send + 'a>>;

/// The steps that know the endpoint's type.
pub(crate) trait Serve: Send + Sync {
    /// Takes a request through them.
    fn serve<'a>(&'a self, incoming: Incoming<'a>) -> Serving<'a>;
}

struct WithParts<E: Endpoint>(<E::Parts as Parts>::Opened);

impl<E: Endpoint> Serve for WithParts<E> {
    fn serve<'a>(&'a self, incoming: Incoming<'a>) -> Serving<'a> {
        Box::pin(pipeline::serve::<E>(incoming, &self.0))
    }
}

/// Opens the parts of an endpoint.
pub(super) fn open<E: Endpoint>(opening: &Opening) -> Result<Arc<dyn Serve>, Noted> {
    let parts = <E::Parts as Parts>::open(opening)?;
    Ok(Arc::new(WithParts::<E>(parts)))
}

/// An endpoint with its parts, ready to answer ([`pipeline::answer`]).
#[derive(Clone)]
pub struct OpenEndpoint {
    /// What every function has.
    pub app: Arc<App>,
    /// The endpoint.
    pub declaration: Declaration,
    pub(crate) steps: Arc<dyn Serve>,
}

impl std::fmt::Debug for OpenEndpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OpenEndpoint({})", self.declaration.name)
    }
}
