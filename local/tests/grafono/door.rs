//! The door of every endpoint, read off the declarations: pages of other origins, paths that resemble a route, and what
//! is said twice.

use crate::app;
use crate::contract::{has_body, reach};
use shared::http::{Access, Declaration};
use testkit::{ISSUER, TestRequest, TestResponse, World};

/// What a page of another origin sends, or somebody who hopes that origins are compared by halves.
const STRANGERS: [&str; 18] = [
    "",
    "*",
    "null",
    "app.example",
    "http://app.example",
    "https://APP.example",
    "https://app.example/",
    "https://app.example.",
    "https://app.example:443",
    "https://app.example:8443",
    "https://app.exampl",
    "https://app.example.evil.example",
    "https://app.example@evil.example",
    "https://sub.app.example",
    "https://xapp.example",
    "https://app.example,https://evil.example",
    "https://evil.example https://app.example",
    "https://app.example%00.evil.example",
];

/// What a reply lets a page read: the origin, whether with credentials, and the headers.
fn opened(answer: &TestResponse) -> [Option<&str>; 3] {
    ["origin", "credentials", "methods"].map(|what| {
        let name = format!("access-control-allow-{what}");
        answer.headers().find(|(header, _)| *header == name).map(|(_, value)| value)
    })
}

/// Whether caches keep the replies to different origins apart.
fn varies(answer: &TestResponse) -> bool {
    answer.header("vary").is_some_and(|names| names.split(',').any(|name| name.trim() == "Origin"))
}

#[tokio::test]
async fn a_page_of_a_listed_origin_reads_every_reply_and_a_page_of_any_other_none() {
    let world = World::of(app().await.0).await;
    for endpoint in world.app.declarations() {
        let name = endpoint.name;
        let refused = reach(endpoint, &world.tenant).header("accept", "image/png");
        for (request, fine) in [(refused.clone(), false), (world.request(name), true)] {
            let answer = world.app.send_to_function(name, request.header("origin", ISSUER)).await;
            assert!(
                fine == (answer.status < 400) || endpoint.route.is_catch_all(),
                "{name}: {}",
                answer.text
            );
            assert_eq!(opened(&answer), [Some(ISSUER), Some("true"), None], "{name} {}", answer.status);
            assert!(varies(&answer), "{name} {}", answer.status);
        }
        for stranger in STRANGERS {
            let answer = world.app.send_to_function(name, refused.clone().header("origin", stranger)).await;
            assert_eq!(opened(&answer), [None; 3], "{name} {stranger}");
            assert!(varies(&answer), "{name} {stranger}");
        }
    }
}

/// The headers that a script must be let send, to use the endpoint. Signatures come from servers.
fn headers_of(endpoint: &Declaration) -> Vec<&'static str> {
    let policy = &endpoint.policy;
    let own = policy.headers.iter().filter(|header| !header.is_required && header.name != "Origin");
    let common = [
        ("Authorization", policy.access != Access::Public),
        ("Content-Type", has_body(endpoint)),
        ("If-Match", policy.if_match),
        ("Idempotency-Key", policy.idempotency.takes_keys()),
    ];
    let common = common.into_iter().filter(|(_, is_read)| *is_read).map(|(name, _)| name);
    own.map(|header| header.name).chain(common).collect()
}

#[tokio::test]
async fn every_address_tells_a_browser_beforehand_what_a_page_of_a_listed_origin_may_send() {
    let world = World::of(app().await.0).await;
    for endpoint in world.app.declarations().filter(|endpoint| !endpoint.route.is_catch_all()) {
        let (name, method) = (endpoint.name, endpoint.route.method.as_str());
        let preflight = |origin| {
            let asked = TestRequest::new("OPTIONS", world.request(name).path());
            asked.header("origin", origin).header("access-control-request-method", method)
        };
        let answer = world.app.send(preflight(ISSUER)).await;
        let [origin, credentials, methods] = opened(&answer);
        assert_eq!((answer.status, origin, credentials), (204, Some(ISSUER), Some("true")), "{name}");
        assert!(methods.unwrap().split(", ").any(|it| it == method), "{name}: {methods:?}");
        let taken = answer.header("access-control-allow-headers").unwrap();
        for header in headers_of(endpoint) {
            assert!(taken.split(", ").any(|it| it == header), "{name}: {header} is not in {taken}");
        }
        for stranger in STRANGERS {
            let answer = world.app.send(preflight(stranger)).await;
            let [origin, credentials, _] = opened(&answer);
            assert_eq!((origin, credentials), (None, None), "{name} {stranger}");
        }
    }
}

/// Paths that lead to `path` where somebody decodes twice, resolves dots, or passes over slashes and case.
fn resembling(path: &str) -> Vec<String> {
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let slash = if rest.is_empty() { "" } else { "/" };
    let letter = first.bytes().next().unwrap();
    let doubled = format!("//{first}{slash}{slash}{rest}");
    vec![
        format!("/{path}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/%2e{path}"),
        format!("/%2e%2e{path}"),
        format!("/x/%2e%2e{path}"),
        format!("/x/%252e%252e{path}"),
        format!("/..%2f{}", &path[1..]),
        format!("/..;{path}"),
        format!("/%00{path}"),
        format!("/%{letter:02x}{}", &path[2..]),
        format!("/%25{letter:02x}{}", &path[2..]),
        format!("/{}{}", first.to_uppercase(), &path[1 + first.len()..]),
        path.replace('/', "%2f"),
        path.replace('/', "%252f"),
        path.replace('/', "\\"),
        doubled,
    ]
}

/// What is put behind a path. Behind an id it is part of an id that is none.
const BEHIND: [&str; 14] = [
    "/",
    "//",
    "/.",
    "/..",
    "/%2e%2e",
    "%2f",
    "%2f..%2f..",
    "%252f",
    "%00",
    "%2500",
    "%0d%0a",
    ";a=b",
    "%3fa=b",
    "\u{0}",
];

#[tokio::test]
async fn a_path_that_resembles_a_route_is_none() {
    let world = World::of(app().await.0).await;
    let mut tried = 0;
    for endpoint in world.app.declarations().filter(|endpoint| !endpoint.route.is_catch_all()) {
        let (name, request) = (endpoint.name, world.request(endpoint.name));
        let path = request.path().to_owned();
        let behind = BEHIND.map(|trick| format!("{path}{trick}"));
        // `/docs/` is led to `/docs`.
        for trick in resembling(&path).into_iter().chain(behind).filter(|trick| *trick != "/docs/") {
            let asked = request.clone().at(&trick);
            let found = world.app.send(asked.clone()).await;
            let own = world.app.send_to_function(name, asked).await;
            let is_in_a_name = endpoint.route.parameters(&trick).is_some();
            // Behind a list's address it may be an id that is none, and the method another.
            let is_in_another = world
                .app
                .declarations()
                .any(|other| !other.route.is_catch_all() && other.route.parameters(&trick).is_some());
            assert!(
                is_in_a_name || own.refusal() == (404, "ROUTE_NOT_FOUND"),
                "{name} {trick:?}: {}",
                own.text
            );
            assert!(
                is_in_another || found.refusal() == (404, "ROUTE_NOT_FOUND"),
                "{name} {trick:?}: {}",
                found.text
            );
            for answer in [found, own] {
                assert!([400, 404, 405].contains(&answer.status), "{name} {trick:?}: {}", answer.text);
            }
            tried += 1;
        }
    }
    assert!(tried >= 32 * 30, "{tried}");
}

#[tokio::test]
async fn an_id_that_is_encoded_twice_or_leads_elsewhere_is_no_id() {
    let world = World::of(app().await.0).await;
    let id = testkit::SAMPLE_ID;
    let tricks = [
        format!("%25{:02x}{}", id.as_bytes()[0], &id[1..]),
        format!("%00{id}"),
        format!("{id}%0a"),
        format!("{id}%c0%80"),
        format!("x%2f..%2f{id}"),
        format!("{id},{id}"),
        "..".to_owned(),
        "%2e%2e".to_owned(),
        "*".to_owned(),
        "%27%20OR%201=1--".to_owned(),
    ];
    for endpoint in world.app.declarations().filter(|endpoint| endpoint.route.template.contains("{id}")) {
        let request = world.request(endpoint.name);
        for trick in &tricks {
            let path = endpoint.route.template.replace("{id}", trick).replace("{refundId}", id);
            let answer = world.app.send(request.clone().at(&path)).await;
            // Bytes that are no text are no segment.
            let expected = if trick.contains("%c0") { "ROUTE_NOT_FOUND" } else { "INVALID_UUID" };
            assert_eq!(answer.code(), expected, "{} {path}", endpoint.name);
        }
    }
}

#[tokio::test]
async fn a_parameter_that_is_given_twice_is_refused_wherever_one_is_taken() {
    let (app, tenant) = app().await;
    let mut tried = 0;
    for endpoint in app.declarations() {
        let schema = (endpoint.query_schema)(&mut schemars::SchemaGenerator::default());
        let schema = schema.map(schemars::Schema::to_value).unwrap_or_default();
        let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
        for name in names {
            let pointer = format!("/{name}");
            let encoded = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
            for twice in [
                format!("{name}=1&{name}=1"),
                format!("{name}=1&{name}=2"),
                format!("{name}=1&{encoded}=2"),
                format!("{name}=&{name}=1"),
                format!("{name}&{name}=1"),
                format!("{name}=1&&{name}=2&{name}=3"),
            ] {
                let answer = app.send(reach(endpoint, &tenant).query(&twice)).await;
                let found = answer.details().contains(&(pointer.as_str(), "REPEATED_PARAMETER"));
                assert!(found, "{} {twice}: {}", endpoint.name, answer.text);
            }
            for other in [format!("{name}[]"), format!("{name}%00"), format!("+{name}"), format!("{name}.x")]
            {
                let answer = app.send(reach(endpoint, &tenant).query(&format!("{other}=1"))).await;
                let codes: Vec<&str> = answer.details().iter().map(|(_, code)| *code).collect();
                assert_eq!(
                    (answer.status, codes),
                    (400, vec!["UNKNOWN_PARAMETER"]),
                    "{} {other}",
                    endpoint.name
                );
            }
            tried += 1;
        }
    }
    assert!(tried >= 8, "{tried}");
}

#[tokio::test]
async fn a_header_that_comes_twice_as_the_gateway_joins_it_is_neither_of_the_two() {
    let (app, tenant) = app().await;
    for endpoint in app.declarations() {
        let name = endpoint.name;
        if endpoint.policy.access != Access::Public {
            let own = tenant.owner();
            for twice in [format!("Bearer {own},Bearer {own}"), format!("Basic eDp5,Bearer {own}")] {
                let answer = app.send(reach(endpoint, &tenant).header("authorization", &twice)).await;
                assert_eq!(answer.status, 401, "{name}: {}", answer.text);
            }
        }
        if has_body(endpoint) {
            for twice in ["application/json,application/json", "text/plain,application/json"] {
                let answer = app.send(reach(endpoint, &tenant).header("content-type", twice)).await;
                assert_eq!(answer.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{name} {twice}");
            }
        }
    }
}
