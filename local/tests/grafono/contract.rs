//! What every endpoint does with what it must not take, read off the declarations: a new endpoint is in here at once.

use crate::{app, permissions};
use schemars::Schema;
use shared::http::{Access, Declaration};
use testkit::{Tenant, TestApp, TestRequest, TestResponse, World};

const SOME_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What caches may keep: documents that are the same for everybody. All else is for its caller alone.
const CACHED: [(&str, &str); 5] = [
    ("get-jwks", "public, max-age=300"),
    ("get-problem", "public, max-age=3600"),
    ("get-openapi", "public, max-age=300"),
    ("get-docs", "public, no-cache"),
    ("get-docs-script", "public, no-cache"),
];

/// A request that reaches the endpoint, with everything it asks for but a body.
pub(crate) fn reach(endpoint: &Declaration, tenant: &Tenant) -> TestRequest {
    let path = match endpoint.route.template {
        "$default" => "/nowhere".to_owned(),
        template => template.replace("{id}", SOME_ID).replace("{code}", "invalid-phone"),
    };
    let request = TestRequest::new(endpoint.route.method.as_str(), &path).header("if-match", "\"1\"");
    let request =
        if endpoint.policy.access == Access::Public { request } else { request.token(tenant.owner()) };
    if has_body(endpoint) { request.text("{}") } else { request }
}

pub(crate) fn has_body(endpoint: &Declaration) -> bool {
    (endpoint.body_schema)(&mut schemars::SchemaGenerator::default()).is_some()
}

/// Every response: the headers of B10, and for a problem its shape (B3).
#[track_caller]
fn assert_is_ours(name: &str, asked_path: &str, answer: &TestResponse) {
    let expected = [
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
    ];
    // The reference page alone has a policy of its own; its tests know it.
    let is_page = name == "get-docs" && answer.status < 400;
    let held = |header: &&str| !(is_page && *header == "content-security-policy");
    for (header, value) in expected.into_iter().filter(|(header, _)| held(header)) {
        assert_eq!(answer.header(header), Some(value), "{name}");
    }
    let request_id = answer.header("x-request-id").unwrap();
    assert!(answer.header("traceparent").is_some(), "{name}");
    let kept = CACHED.iter().find(|(cached, _)| *cached == name && answer.status < 400);
    let cache_control = kept.map_or("no-store", |(_, cache_control)| cache_control);
    assert_eq!(answer.header("cache-control"), Some(cache_control), "{name} {}", answer.status);
    // The page's script is another's work, and has words of every kind.
    let is_script = name == "get-docs-script" && answer.status == 200;
    for internal in
        ["SQLSTATE", "sqlstate", "kernel.", "billing.", "_fkey", "_pkey", "tokio", "panicked", ".rs:"]
    {
        assert!(is_script || !answer.text.contains(internal), "{name} says {internal}: {}", answer.text);
    }
    if answer.status < 400 {
        return;
    }
    let json = &answer.json;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{name}");
    assert_eq!(json["status"], answer.status, "{name}");
    assert_eq!(json["error"]["statusCode"], answer.status, "{name}");
    assert_eq!((&json["success"], &json["data"]), (&false.into(), &serde_json::Value::Null), "{name}");
    assert_eq!(
        (json["instance"].as_str(), json["meta"]["requestId"].as_str()),
        (Some(asked_path), Some(request_id))
    );
    let code = json["error"]["code"].as_str().unwrap().to_lowercase().replace('_', "-");
    assert_eq!(json["type"], format!("/api/v1/problems/{code}"), "{name}");
    assert!(
        json["title"].is_string() && json["detail"].is_string() && json["error"]["details"].is_array(),
        "{name}"
    );
}

async fn send(app: &TestApp, endpoint: &Declaration, request: TestRequest) -> TestResponse {
    let path = request.path().to_owned();
    let answer = app.send_to_function(endpoint.name, request).await;
    assert_is_ours(endpoint.name, &path, &answer);
    answer
}

#[tokio::test]
async fn without_a_token_or_with_a_bad_one_nothing_but_the_public_answers() {
    let (app, tenant) = app().await;
    let mut guarded = 0;
    for endpoint in app.declarations().filter(|endpoint| endpoint.policy.access != Access::Public) {
        let without = send(&app, endpoint, reach(endpoint, &tenant).without("authorization")).await;
        let bad = send(&app, endpoint, reach(endpoint, &tenant).token("v4.public.AAAA")).await;
        assert_eq!(without.refusal(), (401, "TOKEN_REQUIRED"), "{}", endpoint.name);
        assert_eq!(bad.refusal(), (401, "TOKEN_INVALID"), "{}", endpoint.name);
        guarded += 1;
    }
    assert!(guarded >= 8);
}

#[tokio::test]
async fn everybody_may_call_what_the_table_says_and_nothing_else() {
    let (app, tenant) = app().await;
    let mut table = permissions::rows();
    let roles = shared::access::Role::ALL;
    let head: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    assert_eq!(permissions::roles(), head);
    for endpoint in app.declarations() {
        let name = endpoint.name;
        let Some(row) = table.remove(name) else {
            unreachable!("permissions.txt says nothing of {name}: who may call it?")
        };
        assert_eq!(endpoint.policy.verified, row.confirmed, "{name}");
        let without = send(&app, endpoint, reach(endpoint, &tenant).without("authorization")).await;
        let mut seen = vec![without.json["error"]["code"] != "TOKEN_REQUIRED"];
        for &role in roles {
            let answer = send(&app, endpoint, reach(endpoint, &tenant).token(tenant.token(role))).await;
            seen.push(answer.json["error"]["code"] != "PERMISSION_DENIED");
        }
        assert_eq!(seen, row.allowed, "{name}: nobody, {head:?}");
    }
    assert!(table.is_empty(), "permissions.txt knows what is not there: {table:?}");
}

#[tokio::test]
async fn each_success_is_kept_by_nobody_but_for_documents_that_are_the_same_for_everybody() {
    let world = World::of(app().await.0).await;
    let mut kept = 0;
    for endpoint in world.app.declarations().filter(|endpoint| !endpoint.route.is_catch_all()) {
        let request = world.request(endpoint.name);
        let answer = send(&world.app, endpoint, request.clone()).await;
        assert!(answer.status < 300, "{}: {}", endpoint.name, answer.text);
        if let Some(tag) = answer.header("etag").filter(|_| request.method() == "GET") {
            let known = send(&world.app, endpoint, request.header("if-none-match", tag)).await;
            assert_eq!(known.status, 304, "{}", endpoint.name);
        }
        kept += usize::from(answer.header("cache-control") != Some("no-store"));
        let is_for_all = endpoint.policy.access == Access::Public && endpoint.policy.round_trips == 0;
        assert!(is_for_all || endpoint.success.cache_control == "no-store", "{}", endpoint.name);
    }
    assert_eq!(kept, CACHED.len());
}

/// Headers by which gateways, proxies and frameworks elsewhere say who calls, from where, and for what.
const HOSTILE: [(&str, &str); 22] = [
    ("x-request-id", "hostile"),
    ("x-correlation-id", "hostile"),
    ("x-amzn-requestid", "hostile"),
    ("x-amzn-trace-id", "Root=hostile"),
    ("traceparent", "00-hostile"),
    ("tracestate", "hostile=1"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-real-ip", "203.0.113.7"),
    ("forwarded", "for=203.0.113.7;host=hostile.example"),
    ("x-forwarded-host", "hostile.example"),
    ("x-forwarded-proto", "hostile"),
    ("x-forwarded-prefix", "/hostile"),
    ("x-original-url", "/api/v1/me"),
    ("x-rewrite-url", "/api/v1/me"),
    ("x-http-method-override", "DELETE"),
    ("x-clinic-id", "01890a5e-ac96-774b-bcce-b302099a8057"),
    ("x-user-id", "01890a5e-ac96-774b-bcce-b302099a8057"),
    ("x-role", "owner"),
    ("cookie", "session=hostile"),
    ("origin", "https://hostile.example"),
    ("host", "hostile.example"),
    ("range", "bytes=0-1"),
];

/// What is the same in two replies to the same request.
fn lasting(answer: &TestResponse) -> (u16, usize, Vec<(String, String)>) {
    let headers =
        answer.headers().filter(|(name, _)| !["x-request-id", "traceparent", "ratelimit"].contains(name));
    (answer.status, answer.text.len(), headers.map(|(name, value)| (name.into(), value.into())).collect())
}

#[tokio::test]
async fn headers_by_which_others_steer_mean_nothing_and_come_back_in_no_reply() {
    let (app, tenant) = app().await;
    for endpoint in app.declarations() {
        let plain = send(&app, endpoint, reach(endpoint, &tenant)).await;
        let steering = HOSTILE
            .iter()
            .fold(reach(endpoint, &tenant), |request, (name, value)| request.header(name, value));
        let steered = send(&app, endpoint, steering).await;
        assert_eq!(lasting(&steered), lasting(&plain), "{}", endpoint.name);
        let is_script = endpoint.name == "get-docs-script";
        assert!(is_script || !steered.text.contains("hostile"), "{}: {}", endpoint.name, steered.text);
        let said: Vec<_> = steered.headers().filter(|(_, value)| value.contains("hostile")).collect();
        assert!(said.is_empty(), "{}: {said:?}", endpoint.name);
    }
}

/// Nothing is read of a body that another signs, in headers of its own, before its signature is good.
fn reads_fields(endpoint: &Declaration) -> bool {
    has_body(endpoint) && !endpoint.policy.headers.iter().any(|header| header.is_required)
}

#[tokio::test]
async fn hostile_bodies_are_refused_with_a_reason_and_never_with_500() {
    let (app, tenant) = app().await;
    let deep = format!("{}1{}", "{\"a\":".repeat(33), "}".repeat(33));
    let bodies = [
        ("", "MALFORMED_JSON"),
        ("{", "MALFORMED_JSON"),
        ("{} {}", "MALFORMED_JSON"),
        ("[]", "INVALID_TYPE"),
        ("null", "INVALID_TYPE"),
        ("{\"a\":1,\"a\":2}", "DUPLICATE_KEY"),
        ("{\"a\":1e309}", "INVALID_NUMBER"),
        (deep.as_str(), "TOO_DEEP"),
        ("\u{feff}{}", "INVALID_ENCODING"),
    ];
    for endpoint in app.declarations().filter(|endpoint| reads_fields(endpoint)) {
        for (body, code) in bodies.into_iter().skip(usize::from(endpoint.body_may_be_empty)) {
            let answer = send(&app, endpoint, reach(endpoint, &tenant).key("k").text(body)).await;
            let codes: Vec<_> = answer.details().iter().map(|(_, code)| *code).collect();
            assert_eq!(answer.status, 400, "{} {body}", endpoint.name);
            assert!(codes.contains(&code), "{} {body} {codes:?}", endpoint.name);
        }
        for base64 in ["/w==", "@@"] {
            let answer = send(&app, endpoint, reach(endpoint, &tenant).base64(base64)).await;
            assert!(answer.text.contains("INVALID_ENCODING"), "{} {}", endpoint.name, answer.text);
        }
    }
}

/// The names of the integers among the fields of a schema.
fn integers(schema: Option<Schema>) -> Vec<String> {
    let schema = schema.map(Schema::to_value).unwrap_or_default();
    let fields = schema["properties"].as_object().into_iter().flatten();
    let named = fields.filter(|(_, field)| field["type"].to_string().contains("\"integer\""));
    named.map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn an_integer_of_whatever_size_is_out_of_range_and_no_other_type_wherever_one_is_taken() {
    let (app, tenant) = app().await;
    let beyond = [
        "-9223372036854775808",
        "-9223372036854775809",
        "9223372036854775808",
        "18446744073709551616",
        "1e30",
        "-1.5e400",
        "1e400",
    ];
    let mut tried = 0;
    for endpoint in app.declarations() {
        let generator = &mut schemars::SchemaGenerator::default();
        for name in integers((endpoint.query_schema)(generator)) {
            for number in beyond {
                let query = format!("{name}={}", number.replace('+', "%2B"));
                let answer = send(&app, endpoint, reach(endpoint, &tenant).query(&query)).await;
                let expected = (400, vec![(format!("/{name}"), "OUT_OF_RANGE".to_owned())]);
                assert_eq!((answer.status, pairs(&answer)), expected, "{} {query}", endpoint.name);
                tried += 1;
            }
        }
        for name in integers((endpoint.body_schema)(generator)) {
            for number in beyond {
                let body = format!("{{\"{name}\":{number}}}");
                let answer = send(&app, endpoint, reach(endpoint, &tenant).key("k").text(&body)).await;
                let found = pairs(&answer).into_iter().find(|(pointer, _)| *pointer == format!("/{name}"));
                let expected = Some((format!("/{name}"), "OUT_OF_RANGE".to_owned()));
                assert_eq!((answer.status, found), (400, expected), "{} {body}", endpoint.name);
                tried += 1;
            }
        }
    }
    assert!(tried >= 21, "{tried}");
}

fn pairs(answer: &TestResponse) -> Vec<(String, String)> {
    let details = answer.details().into_iter();
    details.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).collect()
}

#[tokio::test]
async fn sizes_types_and_wishes_that_do_not_fit_are_refused() {
    let (app, tenant) = app().await;
    for endpoint in app.declarations() {
        let large = " ".repeat(endpoint.policy.body_limit + 1);
        let answer = send(&app, endpoint, reach(endpoint, &tenant).text(&large)).await;
        assert_eq!(answer.refusal(), (413, "BODY_TOO_LARGE"), "{}", endpoint.name);
        let most = format!("({} KiB)", endpoint.policy.body_limit / 1024);
        assert!(
            answer.json["detail"].as_str().unwrap().contains(&most),
            "{}: {}",
            endpoint.name,
            answer.text
        );
        let answer = send(&app, endpoint, reach(endpoint, &tenant).header("accept", "image/png")).await;
        assert_eq!(answer.refusal(), (406, "NOT_ACCEPTABLE"), "{}", endpoint.name);
        let produces = endpoint.policy.produces;
        let said = answer.json["detail"].as_str().unwrap();
        assert!(produces.iter().all(|media| said.contains(media)), "{}: {said}", endpoint.name);
        let but_those = format!("{}, */*", produces.join(";q=0, ") + ";Q=0");
        for wishes in [but_those.as_str(), "image/*, application/problem+json"] {
            let answer = send(&app, endpoint, reach(endpoint, &tenant).header("accept", wishes)).await;
            assert_eq!(answer.refusal(), (406, "NOT_ACCEPTABLE"), "{} {wishes}", endpoint.name);
        }
        let (kind, _) = produces[0].split_once('/').unwrap();
        let (any, half) = (format!("{kind}/*;q=0.1"), format!("image/png, {};q=0.5", produces[0]));
        for wishes in ["", "*/*", &any, &half] {
            let answer = send(&app, endpoint, reach(endpoint, &tenant).header("accept", wishes)).await;
            assert_ne!(answer.status, 406, "{} {wishes}", endpoint.name);
        }
        if has_body(endpoint) {
            let answer =
                send(&app, endpoint, reach(endpoint, &tenant).header("content-encoding", "gzip")).await;
            assert_eq!(answer.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{}", endpoint.name);
            for media in
                ["text/plain", "application/json; charset=latin1", "application/json;charset =latin1", ""]
            {
                let answer =
                    send(&app, endpoint, reach(endpoint, &tenant).header("content-type", media)).await;
                assert_eq!(answer.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{}", endpoint.name);
            }
            for (header, value) in [
                ("content-type", "application/json;charset=utf8"),
                ("content-type", "Application/JSON; Charset=\"UTF-8\""),
                ("content-encoding", "Identity"),
            ] {
                let answer = send(&app, endpoint, reach(endpoint, &tenant).header(header, value)).await;
                assert_ne!(answer.status, 415, "{} {value}", endpoint.name);
            }
        }
    }
}

#[tokio::test]
async fn pages_probes_and_documents_pass_over_a_query_and_everything_else_refuses_what_it_does_not_know() {
    let (app, tenant) = app().await;
    let mut ignoring = Vec::new();
    for endpoint in app.declarations() {
        let plain = send(&app, endpoint, reach(endpoint, &tenant)).await;
        let asked =
            send(&app, endpoint, reach(endpoint, &tenant).query("utm_source=x&t=1&t=2&limit=none")).await;
        if endpoint.ignores_query {
            assert_eq!(asked.status, plain.status, "{}", endpoint.name);
            ignoring.push(endpoint.name);
        } else {
            assert_eq!(asked.status, 400, "{}", endpoint.name);
            assert!(asked.details().contains(&("/utm_source", "UNKNOWN_PARAMETER")), "{}", asked.text);
        }
    }
    let expected =
        ["get-live", "get-ready", "get-problem", "get-openapi", "get-docs", "get-docs-script", "fallback"];
    assert_eq!(ignoring, expected);
}

#[tokio::test]
async fn an_event_for_another_route_is_not_served() {
    let (app, tenant) = app().await;
    for endpoint in app.declarations().filter(|endpoint| !endpoint.route.is_catch_all()) {
        let other = TestRequest::new(endpoint.route.method.as_str(), "/elsewhere").token(tenant.owner());
        let path = reach(endpoint, &tenant).path().to_owned();
        let method = TestRequest::new("TRACE", &path).token(tenant.owner());
        assert_eq!(send(&app, endpoint, other).await.refusal(), (404, "ROUTE_NOT_FOUND"));
        assert_eq!(send(&app, endpoint, method).await.refusal(), (405, "METHOD_NOT_ALLOWED"));
    }
}

#[test]
fn every_required_field_has_an_example_so_that_its_rules_can_be_told_beside_other_mistakes() {
    for endpoint in grafono::modules().into_iter().flat_map(|module| module.endpoints) {
        let Some(schema) = (endpoint.body_schema)(&mut schemars::SchemaGenerator::default()) else {
            continue;
        };
        let schema = schema.as_value();
        for field in schema["required"].as_array().into_iter().flatten() {
            let field = field.as_str().unwrap();
            assert!(
                schema["properties"][field]["examples"][0] != serde_json::Value::Null,
                "{} {field}",
                endpoint.name
            );
        }
    }
}
