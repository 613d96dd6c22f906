//! Why a database cannot be used, for whoever gave its address: where it was looked for, the cause, and what to do. The
//! password of the address is in none of it.

use crate::error::Error;
use std::error::Error as StdError;
use std::io::ErrorKind;
use std::path::Path;
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;

/// The reason of whatever answers otherwise than a database does.
const STRANGER: &str = "what listens there is no PostgreSQL, or closed the connection: correct host and port";

/// The error of connecting.
pub(crate) fn refused(config: &Config, error: &tokio_postgres::Error) -> Error {
    let reason = match error.as_db_error() {
        Some(answer) => answered(config, answer.code(), answer.message()),
        None => unanswered(error),
    };
    Error::Unreached(place(config), reason)
}

/// The error of a server that says nothing.
pub(crate) fn silent(config: &Config) -> Error {
    let reason =
        "what listens there does not answer as PostgreSQL does within ten seconds: correct host and port";
    Error::Unreached(place(config), reason.to_owned())
}

/// Where the database was looked for: `host:port`, or the path of a socket; several of them by commas.
fn place(config: &Config) -> String {
    let (hosts, ports) = (config.get_hosts(), config.get_ports());
    let places = hosts.iter().enumerate().map(|(number, host)| {
        // One port is that of all hosts.
        let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(folder) => socket(folder, port),
        }
    });
    let places: Vec<String> = places.collect();
    if places.is_empty() { "an address without a host".to_owned() } else { places.join(", ") }
}

fn socket(folder: &Path, port: u16) -> String {
    folder.join(format!(".s.PGSQL.{port}")).display().to_string()
}

/// The reason of a database that refuses. Its message names roles and databases, nothing that is secret.
fn answered(config: &Config, code: &SqlState, message: &str) -> String {
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    if *code == SqlState::INVALID_CATALOG_NAME {
        return format!(
            "there is no database {database}: create it (CREATE DATABASE), or name another in the address"
        );
    }
    if *code == SqlState::INVALID_PASSWORD {
        return format!("the password in the address is not that of the user {user}: correct it");
    }
    if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        return format!("the user {user} is not let in ({message}): name another user, or see pg_hba.conf");
    }
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return "no connection is left: end some, or raise max_connections".to_owned();
    }
    if *code == SqlState::CANNOT_CONNECT_NOW {
        return "it is starting or stopping: try again in a moment".to_owned();
    }
    format!("it refuses the user {user}: {message} (SQLSTATE {})", code.code())
}

/// The reason where no database has answered.
fn unanswered(error: &tokio_postgres::Error) -> String {
    let (kind, source) = (error.to_string(), error.source());
    let text = source.map_or_else(|| kind.clone(), ToString::to_string);
    if kind.contains("TLS") {
        return format!(
            "there is no safe connection ({text}): is it a PostgreSQL? Every host but this machine needs TLS, with a \
             certificate of a known authority"
        );
    }
    if kind.contains("invalid configuration") {
        return format!("the address lacks something ({text}): complete it");
    }
    let reason = match source.and_then(|source| source.downcast_ref()).map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => {
            "nothing listens there: start PostgreSQL, or correct host and port"
        }
        Some(ErrorKind::NotFound) => "there is no such socket: start PostgreSQL, or correct the path",
        Some(ErrorKind::PermissionDenied) => "this user may not use the socket: name a host instead",
        Some(ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
            "no answer comes from there: correct host and port, or open the firewall on the way"
        }
        _ if text.contains("lookup") => {
            "no such host is known: correct its name, or see whether the network is up"
        }
        _ => STRANGER,
    };
    reason.to_owned()
}
