//! TLS to somebody who has a certificate: the name in the address is what counts, wherever the connection goes.

use super::*;
use futures_util::future::BoxFuture;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const HOST: &str = "hooks.example.com";

/// Every name means this machine.
struct Here;

impl Resolver for Here {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::ready(Ok(vec![Ipv4Addr::LOCALHOST.into()])))
    }
}

/// A server with a certificate for [`HOST`].
struct Server {
    port: u16,
    certificate: CertificateDer<'static>,
    requests: Arc<AtomicU32>,
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

impl Server {
    async fn start() -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU32::new(0)));
        let (acceptor, counter) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&requests));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            }
        });
        Self { port, certificate: cert.der().clone(), requests }
    }

    /// What it says to a client that trusts its certificate beside no other, when it is called by that name.
    async fn asked_by_its_friend(&self, host: &str) -> Result<StatusCode, HttpError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let client = HttpClient::trusting(config, NetworkScope::PublicOrLoopback, Arc::new(Here));
        client.status(self.request(host)).await
    }

    fn request(&self, host: &str) -> Request<Bytes> {
        Request::post(format!("https://{host}:{}/", self.port)).body(Bytes::from_static(b"{}")).unwrap()
    }
}

#[tokio::test]
async fn who_shows_a_certificate_for_the_name_that_was_called_is_told() {
    let server = Server::start().await;
    assert_eq!(server.asked_by_its_friend(HOST).await, Ok(StatusCode::NO_CONTENT));
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_nobody_known_ends_the_call_before_anything_is_said() {
    let server = Server::start().await;
    assert_eq!(server.asked_by_its_friend("other.example.com").await, Err(HttpError::NotReached));
    let client = HttpClient::within(NetworkScope::PublicOrLoopback, Arc::new(Here)).unwrap();
    assert_eq!(client.status(server.request(HOST)).await, Err(HttpError::NotReached));
    assert_eq!(server.requests.load(Ordering::SeqCst), 0);
}
