//! Starting and stopping: what can go wrong is said in one line, and nothing hinders the next start.

use crate::program::{Program, command, new_folder, remove_folder, run};
use serde_json::json;
use shared::background::{ConsumerDeclaration, WorkerDeclaration};
use shared::http::Declaration;
use shared::settings::SettingError;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const JSON: &str = "content-type: application/json";

/// One line on standard error with this in it, and a failing exit.
#[track_caller]
fn assert_refuses(command: Command, expected: &str) {
    let (code, _, error) = run(command);
    assert_eq!(code, Some(1), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    assert!(error.starts_with("grafono: ") && error.contains(expected), "{error}");
}

#[test]
fn it_stops_on_ctrl_c_and_on_sigterm_and_keeps_its_data() {
    let data = new_folder();
    let first = Program::start_on(&data, &[]);
    let body = crate::sign_up("canary.ana@example.com").to_string();
    assert_eq!(first.curl(&["-d", &body, "-H", JSON], "/api/v1/clinics")["success"], true);
    let (_, code) = first.stop();
    assert_eq!(code, Some(0));

    let second = Program::start_on(&data, &[]);
    assert_eq!(second.curl(&["-d", &body, "-H", JSON], "/api/v1/clinics")["error"]["code"], "EMAIL_TAKEN");
    second.signal("TERM");
    let (_, code) = second.wait();
    assert_eq!(code, Some(0));
    remove_folder(data);
}

#[test]
fn a_killed_run_does_not_hinder_the_next_and_a_token_outlives_both() {
    let data = new_folder();
    let killed = Program::start_again_on(&data);
    let login = json!({ "email": "demo@grafono.example", "password": "demo-on-one-machine" }).to_string();
    let session = killed.curl(&["-d", &login, "-H", JSON], "/api/v1/auth/login");
    let bearer = format!("authorization: Bearer {}", session["data"]["accessToken"].as_str().unwrap());
    killed.signal("KILL");
    let (_, code) = killed.wait();
    assert_eq!(code, None);

    let next = Program::start_again_on(&data);
    assert_eq!(next.curl(&["-H", &bearer], "/api/v1/me")["data"]["user"]["email"], "demo@grafono.example");
    drop(next.stop());
    remove_folder(data);
}

#[test]
fn two_at_once_on_one_data_folder_are_refused() {
    let data = new_folder();
    let running = Program::start_on(&data, &[]);
    assert_refuses(
        command(&["--port", "0", "--data", data.to_str().unwrap()]),
        "is in use by another running instance",
    );
    drop(running.stop());
    remove_folder(data);
}

#[test]
fn a_taken_port_is_said_before_anything_starts() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_refuses(command(&["--port", &port]), &format!("port {port} is taken"));
    let mut by_variable = command(&[]);
    by_variable.env("GRAFONO_PORT", &port);
    assert_refuses(by_variable, &format!("port {port} is taken"));
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = new_folder();
    let file = folder.join("file");
    std::fs::write(&file, "").unwrap();
    assert_refuses(command(&["--port", "0", "--data", file.to_str().unwrap()]), "data folder");
    let closed = folder.join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    assert_refuses(command(&["--port", "0", "--data", closed.to_str().unwrap()]), closed.to_str().unwrap());
    remove_folder(folder);
}

#[test]
fn a_newer_database_an_unreachable_one_and_a_wrong_address_are_one_line_each() {
    let data = new_folder();
    drop(Program::start_on(&data, &[]).stop());
    let running = Program::start_on(&data, &[]);
    let url = running.database_url();
    let psql = |sql: &str| {
        let url = url.clone();
        let sql = sql.to_owned();
        tokio::runtime::Runtime::new().unwrap().block_on(async move {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(&sql).await.unwrap();
        });
    };
    psql("INSERT INTO kernel.schema_migrations VALUES (9999, 'n', '2026-01-01T00:00:00Z', '1')");
    assert_refuses(command(&["migrate", "--database-url", &url]), "newer than this program's");
    psql("DELETE FROM kernel.schema_migrations WHERE version = 9999");
    let (code, out, _) = run(command(&["migrate", "--database-url", &url]));
    assert_eq!(
        (code, out.lines().last().unwrap().starts_with("the database is at migration")),
        (Some(0), true),
        "{out}"
    );

    let given = Program::start(&["--database-url", &url]);
    assert_eq!(given.curl(&[], "/health/ready")["data"]["status"], "ready");
    drop(given.stop());
    drop(running.stop());

    assert_refuses(command(&["migrate", "--database-url", &url]), "database");
    assert_refuses(
        command(&["migrate", "--database-url", "canary-password"]),
        "DATABASE_URL is not an address",
    );
    remove_folder(data);
}

#[test]
fn without_python_the_first_start_says_what_is_needed() {
    let home = new_folder();
    let mut command = command(&["--port", "0", "--data", home.join("data").to_str().unwrap()]);
    command.env("PATH", "/nowhere").env("GRAFONO_HOME", &home);
    assert_refuses(command, "Python 3 with pip is needed once");
    remove_folder(home);
}

#[test]
fn routes_are_listed() {
    let (code, out, _) = run(command(&["routes"]));
    assert_eq!(code, Some(0));
    for module in grafono::modules() {
        for endpoint in module.endpoints {
            assert!(out.contains(endpoint.route.template) && out.contains(endpoint.name), "{out}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_ends_a_command_quietly() {
    let program = Program::start(&[]);
    let url = program.database_url();
    let data = program.data().to_str().unwrap().to_owned();
    let key = new_folder().join("token.key");
    for arguments in [
        &["routes"][..],
        &["--help"],
        &["migrate", "--database-url", &url],
        &["dead-letters", "list", "--data", &data],
        &["token-keys", key.to_str().unwrap()],
        &["serve", "--port", "0", "--database-url", &url],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(arguments);
        command.stdout(writer).env("LOG_LEVEL", "error");
        let (code, _, error) = run(command);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{arguments:?}");
    }
    remove_folder(key.parent().unwrap());
    drop(program.stop());
}

#[test]
fn a_bad_setting_is_named_with_the_form_that_it_must_have_and_its_value_is_not() {
    for (key, form) in [
        ("LOG_LEVEL", "error, warn, info, debug or trace"),
        (
            "CORS_ALLOWED_ORIGINS",
            "exact origins such as https://app.example.com, separated by commas, without a * or a path",
        ),
        ("METRICS", "emf, or not given"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "an address such as https://collector.example.com:4318, or empty"),
        ("MAIL_FROM", "no-reply@example.com or A name <no-reply@example.com>"),
        ("PUBLIC_URL", "an address such as https://app.example.com"),
        ("REDIS_URL", "an address such as rediss://user:password@host:6379, or redis:// without TLS"),
        ("OUTSIDE_TARGETS", "public or local"),
    ] {
        let data = new_folder();
        let mut command = command(&["--port", "0", "--data", data.to_str().unwrap()]);
        command.env(key, "canary");
        let (code, out, error) = run(command);
        assert_eq!((code, error.as_str()), (Some(1), format!("grafono: {key} must be {form}\n").as_str()));
        assert!(!out.contains("canary"));
        remove_folder(data);
    }
}

#[test]
fn every_setting_says_its_form() {
    let modules = grafono::modules();
    let endpoints = modules.iter().flat_map(|module| module.endpoints.iter().map(Declaration::requirements));
    let consumers =
        modules.iter().flat_map(|module| module.consumers.iter().map(ConsumerDeclaration::requirements));
    let workers =
        modules.iter().flat_map(|module| module.workers.iter().map(WorkerDeclaration::requirements));
    let all = endpoints.chain(consumers).chain(workers).flatten().flat_map(|(_, needed)| needed.settings);
    let mut looked_at = 0;
    for setting in all.chain(shared::telemetry::SETTINGS) {
        let error = setting.explained(SettingError::Malformed);
        assert!(matches!(error, SettingError::Expected(_)), "{} {error}", setting.key);
        looked_at += 1;
    }
    assert!(looked_at > 100, "{looked_at}");
}
