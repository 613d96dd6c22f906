//! Opens connections: a name is resolved, its addresses are checked, and exactly these are connected to. No second
//! look-up between check and connection can find other addresses.

use super::address;
use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

/// Resolves names of hosts to addresses.
pub trait Resolver: Send + Sync {
    /// All addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses that may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkScope {
    /// Any address, for targets in our own settings.
    Anywhere,
    /// Addresses of the public internet, for targets that somebody else names.
    Public,
    /// Addresses of the public internet and of this machine, for development and tests.
    PublicOrLoopback,
}

impl NetworkScope {
    /// Whether the address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => address::is_public(address),
            Self::PublicOrLoopback => address::is_public(address) || address.is_loopback(),
        }
    }
}

/// Why a host cannot be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The name has no address.
    #[error("the host has no address")]
    NoAddress,
    /// One of the addresses is not allowed; then none is.
    #[error("the host's address may not be connected to")]
    NotAllowed,
}

/// The addresses of a host, a literal address included, if all of them may be connected to.
pub async fn addresses(
    resolver: &dyn Resolver,
    scope: NetworkScope,
    host: &str,
) -> Result<Vec<IpAddr>, Unreachable> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let found = match bare.parse::<IpAddr>() {
        Ok(literal) => vec![literal],
        Err(_) => resolver.resolve(bare).await.map_err(|_| Unreachable::NoAddress)?,
    };
    if found.is_empty() {
        return Err(Unreachable::NoAddress);
    }
    if found.iter().all(|address| scope.allows(*address)) { Ok(found) } else { Err(Unreachable::NotAllowed) }
}

/// Opens TCP connections for the HTTP client.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) scope: NetworkScope,
}

impl Connector {
    async fn open(self, uri: Uri) -> io::Result<TokioIo<TcpStream>> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = addresses(&*self.resolver, self.scope, host).await;
        let found = found.map_err(|error| io::Error::new(io::ErrorKind::AddrNotAvailable, error))?;
        let places: Vec<SocketAddr> = found.into_iter().map(|address| (address, port).into()).collect();
        let stream = TcpStream::connect(&*places).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().open(uri))
    }
}
