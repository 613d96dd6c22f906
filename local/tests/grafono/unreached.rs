//! A database that cannot be used: one line says where it was looked for, why, and what to do, and has no password.

use crate::program::{Program, command, remove_folder, run};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// A server that answers each connection so; its port.
fn server(answer: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

/// A server that speaks as Postgres does, and refuses with that code.
fn refusing(code: &'static str, message: &'static str) -> u16 {
    server(move |mut client| {
        let mut asked = [0; 1024];
        // The request for TLS, and the start.
        let _ = client.read(&mut asked);
        client.write_all(b"N").unwrap();
        let _ = client.read(&mut asked);
        let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
        let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
        client.write_all(&[&b"E"[..], &length, fields.as_bytes()].concat()).unwrap();
    })
}

/// The one line with which the program ends for that address, which has a password.
#[track_caller]
fn said_of(arguments: &[&str], address: &str) -> String {
    let (code, _, error) = run(command(&[arguments, &["--database-url", address]].concat()));
    assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.starts_with("grafono: ") && !error.contains("canary"), "{error}");
    error
}

#[test]
fn what_is_no_database_is_told_by_its_host_and_port_with_the_cause_and_what_to_do() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let web = server(|mut client| {
        let _ = client.read(&mut [0; 1024]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let mute = server(drop);
    for (place, expected) in [
        (format!("127.0.0.1:{closed}"), "nothing listens there: start PostgreSQL, or correct host and port"),
        (format!("localhost:{closed}"), "nothing listens there"),
        (format!("[::1]:{closed}"), ":"),
        // Two dots: no resolver is asked for such a name.
        ("no..such..host:5432".to_owned(), "no such host is known: correct its name"),
        (format!("127.0.0.1:{web}"), "what listens there is no PostgreSQL"),
        (format!("127.0.0.1:{mute}"), "what listens there is no PostgreSQL"),
    ] {
        for arguments in [&["migrate"][..], &["serve", "--port", "0"], &["dead-letters", "list"]] {
            let said = said_of(arguments, &format!("postgresql://ana:canary-password@{place}/clinic"));
            assert!(said.contains(&format!("no database at {place}: ")) && said.contains(expected), "{said}");
        }
    }
    let said = said_of(&["migrate"], "postgresql:///clinic?host=/nowhere&user=ana&password=canary-password");
    assert!(said.contains("no database at /nowhere/.s.PGSQL.5432: there is no such socket"), "{said}");
}

#[test]
fn a_refusal_of_postgres_is_told_with_its_remedy() {
    for (code, message, expected) in [
        (
            "28P01",
            "password authentication failed",
            "the password in the address is not that of the user ana: correct it",
        ),
        (
            "28000",
            "no pg_hba.conf entry",
            "the user ana is not let in (no pg_hba.conf entry): name another user",
        ),
        ("3D000", "database does not exist", "there is no database clinic: create it"),
        ("53300", "too many clients already", "no connection is left: end some"),
        ("57P03", "the database system is starting up", "it is starting or stopping: try again"),
        ("08P01", "unsupported startup parameter", "unsupported startup parameter (SQLSTATE 08P01)"),
    ] {
        let port = refusing(code, message);
        let said =
            said_of(&["migrate"], &format!("postgresql://ana:canary-password@127.0.0.1:{port}/clinic"));
        assert!(said.contains(&format!("127.0.0.1:{port}: ")) && said.contains(expected), "{said}");
    }
}

#[test]
fn a_running_postgres_without_that_database_or_that_user_says_so() {
    let program = Program::start(&[]);
    let url = program.database_url();
    let said = said_of(&["migrate"], &url.replace("/grafono?", "/nowhere?"));
    assert!(said.contains(".s.PGSQL.") && said.contains("there is no database nowhere: create it"), "{said}");
    let said = said_of(&["migrate"], &url.replace("user=postgres", "user=nobody"));
    assert!(said.contains("the user nobody is not let in"), "{said}");
    drop(program.stop());
}

#[test]
fn a_password_that_is_not_encoded_is_no_part_of_a_host() {
    for address in
        ["postgresql://ana:x@canary@127.0.0.1:1/clinic", "postgresql://ana:x@canary/y@h/clinic", "canary"]
    {
        assert!(said_of(&["migrate"], address).contains("percent-encoded"));
    }
}

#[test]
fn dead_letters_of_a_program_that_does_not_run_are_not_listed() {
    let folder = crate::program::new_folder();
    let (code, out, error) = run(command(&["dead-letters", "list", "--data", folder.to_str().unwrap()]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let shown = folder.canonicalize().unwrap();
    assert!(
        error.contains(&format!("no Grafono runs on the data folder {}: start it", shown.display())),
        "{error}"
    );
    remove_folder(folder);
}
