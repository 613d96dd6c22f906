//! What the crates of the workspace are built from (decisions 9 and 10), as cargo resolves it.

use crate::sources::{production, under};
use grafono::generate::root;
use serde_json::Value;
use std::process::Command;

/// What was asked for in production code.
const ASKED_FOR: [&str; 10] = [
    "lambda_http",
    "lambda_runtime",
    "tokio",
    "tokio-postgres",
    "deadpool-postgres",
    "serde",
    "serde_json",
    "validator",
    "aws-sdk-secretsmanager",
    "tracing",
];

fn cargo(arguments: &[&str]) -> String {
    let run =
        Command::new(env!("CARGO")).args(arguments).arg("--locked").current_dir(root()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// The members of the workspace, each with the dependencies that its manifest names.
pub(crate) fn members() -> Vec<Value> {
    let mut metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps"])).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

/// Whatever brings the SDK's own HTTP client along when these members are built for any target and with any feature, tests
/// aside: its crate, and the feature that asks for it.
fn own_client(members: &[&str]) -> Vec<String> {
    let arguments = [
        "tree",
        "--target=all",
        "--all-features",
        "--edges=no-dev",
        "--prefix=none",
        "--no-dedupe",
        "--format={p} {f}",
    ];
    let tree = cargo(&[&arguments, members].concat());
    assert!(tree.contains("\naws-smithy-runtime "), "the tree was read");
    let brings = |line: &&str| line.starts_with("aws-smithy-http-client ") || line.contains("https-client");
    let mut found: Vec<String> = tree.lines().filter(brings).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_packages_that_were_asked_for_are_what_shared_is_made_of() {
    let members = members();
    let shared = members.iter().find(|member| member["name"] == "shared").unwrap();
    let dependencies = shared["dependencies"].as_array().unwrap();
    let is_built_in = |of: &&Value| of["kind"].is_null() && of["optional"] == false && of["target"].is_null();
    let normal: Vec<&str> =
        dependencies.iter().filter(is_built_in).filter_map(|of| of["name"].as_str()).collect();
    for package in ASKED_FOR {
        assert!(normal.contains(&package), "{package} is no dependency of every function");
    }
}

#[test]
fn the_sdks_own_http_client_is_in_the_test_kit_and_nowhere_else() {
    assert!(!own_client(&["--package=testkit"]).is_empty(), "what is looked for would be found");
    let found = own_client(&["--workspace", "--exclude=testkit"]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_test_kit_is_for_tests() {
    for member in members() {
        for dependency in member["dependencies"].as_array().unwrap() {
            if dependency["name"] == "testkit" {
                assert_eq!(dependency["kind"], "dev", "{} is built with the test kit", member["name"]);
            }
        }
    }
}

/// Tests cannot see it: the test kit's clients have the SDK's own, and cargo then gives it to all.
#[test]
fn whoever_makes_a_client_of_the_sdk_gives_it_our_http_client() {
    let sources: Vec<_> = production().into_iter().chain(under("local/src")).collect();
    let mut made = 0;
    for source in sources {
        let code = source.code();
        let count = |texts: [&str; 2]| texts.iter().map(|text| code.matches(text).count()).sum::<usize>();
        let clients = count(["::from_conf(", "Client::new(&"]);
        let given = count([".http_client(AwsConnector::", ".sdk(AwsConnector::"]);
        assert_eq!(clients, given, "{} makes a client that cannot send", source.path);
        assert!(!code.contains("aws_config"), "{}", source.path);
        made += clients;
    }
    assert!(made >= 3, "{made}");
}

/// The crate's own conversion panics on some events, and its `run` uses it.
#[test]
fn of_lambda_http_nothing_is_used_but_the_types_of_events_and_replies() {
    let mut used = 0;
    for source in production() {
        assert!(!source.code().contains("lambda_http as"), "{}", source.path);
        for path in source.code().split("lambda_http::").skip(1) {
            let is_type = path.starts_with("aws_lambda_events::") || path.starts_with("Body");
            assert!(is_type, "{}: lambda_http::{}", source.path, path.lines().next().unwrap_or(""));
            used += 1;
        }
    }
    assert!(used >= 3, "{used}");
}
