//! TLS to a server in a network: it is required, and the certificate must be signed. These servers call themselves
//! `db.example` and are on this machine.

use crate::bench::{PLENTY, commit};
use crate::sql;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, ServerConfig};
use shared::database::{Database, RoundTrips, Scope, Tx, address};
use shared::deadline::Deadline;
use std::sync::{Arc, Mutex};
use testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::config::{Config, Host};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::TlsAcceptor;

const HOST: &str = "db.example";

/// What a client asks with whether there is TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Asks for the password as it is (message `R`, 3).
const PASSWORD_PLEASE: &[u8] = b"R\0\0\0\x08\0\0\0\x03";

/// The code of what a read at that address ends in.
async fn refusal(url: &str) -> &'static str {
    let (database, round_trips) = (Database::at(url, 1).unwrap(), RoundTrips::default());
    let mut tx = Tx::reading(&database, &round_trips, Deadline::within(PLENTY), Scope::default());
    tx.add(sql::backend());
    commit(tx).await.unwrap_err().problem.code
}

/// A server without TLS that asks everybody for the password: what a client says to it, whole.
async fn told_without_tls(url: impl Fn(u16) -> String) -> (Vec<u8>, &'static str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let (mut told, mut read) = (Vec::new(), [0; 1_024]);
        // No TLS; then the password, until the client has had enough.
        for answer in [&b"N"[..], PASSWORD_PLEASE, b"E\0\0\0\x05\0"] {
            let Ok(length @ 1..) = client.read(&mut read).await else { break };
            told.extend_from_slice(&read[..length]);
            let _ = client.write_all(answer).await;
        }
        told
    });
    let refused = refusal(&url(port)).await;
    (server.await.unwrap(), refused)
}

#[tokio::test]
async fn a_server_that_offers_no_tls_is_told_nothing_whatever_the_address_says() {
    for rest in ["", "&sslmode=disable", "&sslmode=prefer", "&sslmode=require"] {
        let url = |port| format!("postgresql://billing:sesame@{HOST}:{port}/none?hostaddr=127.0.0.1{rest}");
        let (told, refused) = told_without_tls(url).await;
        assert_eq!(refused, "DATABASE_UNAVAILABLE", "{rest}");
        assert_eq!(told, SSL_REQUEST, "{rest}: {}", String::from_utf8_lossy(&told));
    }
}

#[tokio::test]
async fn a_server_on_this_machine_needs_no_tls() {
    let url = |port| format!("postgresql://billing:sesame@127.0.0.1:{port}/none");
    let (told, _) = told_without_tls(url).await;
    // So that the server of these tests is one that a password can be told.
    assert!(told.windows(6).any(|word| word == b"sesame"), "{}", String::from_utf8_lossy(&told));
}

#[test]
fn an_address_elsewhere_requires_tls_whatever_name_stands_beside_it() {
    let mode = |url: &str| format!("{:?}", address(url).unwrap().get_ssl_mode());
    for elsewhere in [
        "postgresql://u@db.example/d",
        "postgresql://u@10.0.0.1/d",
        "postgresql://u@127.0.0.1,db.example/d?sslmode=disable",
        "host=localhost hostaddr=192.0.2.1 user=u sslmode=disable",
        "hostaddr=192.0.2.1 user=u sslmode=prefer",
        "hostaddr=2001:db8::1 user=u",
    ] {
        assert_eq!(mode(elsewhere), "Require", "{elsewhere}");
    }
    for here in ["postgresql:///d?host=%2Ftmp&user=u&sslmode=disable", "host=::1 user=u sslmode=disable"] {
        assert_eq!(mode(here), "Disable", "{here}");
    }
}

/// A TLS server for [`HOST`], with a certificate that it has signed itself, before the Postgres of that URL: the one that
/// tests install knows no TLS.
struct TlsServer {
    port: u16,
    certificate: CertificateDer<'static>,
    /// The protocol of each connection that went through.
    through: Arc<Mutex<Vec<Option<ProtocolVersion>>>>,
}

impl TlsServer {
    async fn before(url: &str) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        let config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, through) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let (acceptor, seen) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&through));
        let postgres: Config = url.parse().unwrap();
        let Some(Host::Unix(folder)) = postgres.get_hosts().first() else {
            panic!("the server has a socket folder");
        };
        let socket = folder.join(".s.PGSQL.5432");
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut asked = [0; 8];
                client.read_exact(&mut asked).await.unwrap();
                // Whoever does not ask for TLS is let through without, and seen.
                let mut server = UnixStream::connect(&socket).await.unwrap();
                if asked == SSL_REQUEST {
                    client.write_all(b"S").await.unwrap();
                    let Ok(mut client) = acceptor.accept(client).await else { continue };
                    seen.lock().unwrap().push(client.get_ref().1.protocol_version());
                    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
                } else {
                    seen.lock().unwrap().push(None);
                    server.write_all(&asked).await.unwrap();
                    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
                }
            }
        });
        Self { port, certificate: cert.der().clone(), through }
    }

    /// The address of that database under that name.
    fn url(&self, host: &str, database: &TestDatabase) -> String {
        format!("postgresql://billing@{host}:{}/{}?hostaddr=127.0.0.1", self.port, database.name())
    }

    fn through(&self) -> Vec<Option<ProtocolVersion>> {
        self.through.lock().unwrap().clone()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Who trusts that certificate and no other.
fn friend_of(certificate: CertificateDer<'static>) -> MakeRustlsConnect {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    MakeRustlsConnect::new(builder.unwrap().with_root_certificates(roots).with_no_client_auth())
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_or_of_another_name_is_refused_and_a_good_one_is_used() {
    let database = TestDatabase::clone_template().await;
    let server = TlsServer::before(&database.url("billing")).await;

    assert_eq!(refusal(&server.url(HOST, &database)).await, "DATABASE_UNAVAILABLE");
    let [good, other] = [HOST, "db.other"].map(|host| address(&server.url(host, &database)).unwrap());
    let friend = friend_of(server.certificate.clone());
    assert!(other.connect(friend.clone()).await.is_err(), "it is another's certificate");
    assert_eq!(server.through(), []);

    let (client, connection) = good.connect(friend).await.unwrap();
    tokio::spawn(connection);
    let answer = client.simple_query("SELECT CURRENT_USER").await.unwrap();
    let user = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(user, Some("billing"));
    assert_eq!(server.through(), [Some(ProtocolVersion::TLSv1_3)]);
}
