//! The sample events, sent to built functions and through the pipeline: both must answer the same.

use super::{Environment, LONG_AGO, Outcome};
use crate::canary::assert_none_in;
use crate::world::samples;
use crate::{ISSUER, SendgridKey, WEBHOOK_SECRET, World};
use jiff::SignedDuration;
use payment_sandbox::Sandbox;
use regex::Regex;
use serde_json::Value;
use shared::http::gateway::GatewayReply;
use shared::http::{Declaration, gateway, pipeline};
use std::path::PathBuf;
use std::time::Duration;

/// A JSON document that is no event: it must be answered with a reply of ours.
const HOSTILE: &str =
    r#"{"version":"2.0","rawPath":["/"],"headers":{"a":1},"requestContext":7,"body":{},"x":null}"#;

/// Milliseconds since 1970, in the year 2100.
pub const FAR_AWAY: u64 = 4_102_444_800_000;

impl World {
    /// Starts the built function of that name in the test app, with what its endpoint needs and these settings.
    pub async fn start(&self, name: &str, further: &[(&str, &str)]) -> Environment {
        let declaration = self.app.declarations().find(|declaration| declaration.name == name).unwrap();
        let url = self.app.database.function_url(self.app.module_of(name));
        let (secret, public) = self.app.keys();
        let shown = self.app.sendgrid.as_ref().map(SendgridKey::shown).unwrap_or_default();
        let stripe = self.app.provider_url();
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("TOKEN_PUBLIC_KEYS", public),
            ("TOKEN_SECRET_KEY", secret),
            ("RECEIPT_SECRET_KEY", secret),
            ("PUBLIC_URL", ISSUER),
            ("OUTSIDE_TARGETS", "local"),
            ("FILES_BUCKET", "grafono-files"),
            ("SENDGRID_WEBHOOK_PUBLIC_KEY", shown.as_str()),
            ("STRIPE_URL", stripe.as_str()),
            ("STRIPE_SECRET_KEY", Sandbox::KEY),
            ("STRIPE_WEBHOOK_SECRETS", WEBHOOK_SECRET),
        ];
        let requirements = declaration.requirements();
        let settings = requirements.iter().flat_map(|(_, needed)| needed.settings);
        let read: Vec<&str> = settings.map(|setting| setting.key).collect();
        let own = variables.into_iter().filter(|(key, _)| read.contains(key));
        let common = [
            ("CORS_ALLOWED_ORIGINS", "https://app.example"),
            // Lambda's own, with which a part signs its calls to AWS.
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        let all = own.chain(common).chain(further.iter().copied());
        Environment::start(&program(name), &all.collect::<Vec<_>>()).await
    }

    /// Starts the built consumer of that name in the test app, with these further settings.
    pub async fn start_consumer(&self, name: &str, further: &[(&str, &str)]) -> Environment {
        let url = self.app.database.function_url(self.app.module_of_consumer(name));
        let own = [("DATABASE_URL", url.as_str())];
        let mut function = Environment::start(&program(name), &[&own, further].concat()).await;
        function.ready().await;
        function
    }
}

/// The function that cargo built for the test that runs.
pub fn program(name: &str) -> PathBuf {
    let variable = format!("CARGO_BIN_EXE_{name}");
    PathBuf::from(std::env::var_os(&variable).unwrap_or_else(|| panic!("no built function: {variable}")))
}

/// Starts every built function of a module under a Runtime API in one test app, sends the same events through the
/// pipeline in a second test app with the same data, and compares the replies: statuses, headers and bodies, with ids,
/// instants and tokens masked, which no two runs share.
pub async fn answers_as_the_pipeline_does(built: World, piped: World) {
    let declarations: Vec<Declaration> = built.app.declarations().cloned().collect();
    for declaration in &declarations {
        let mut function = built.start(declaration.name, &[]).await;
        function.ready().await;
        for (place, sample) in samples(declaration.name) {
            let deadline = if place.ends_with("rest") { LONG_AGO } else { FAR_AWAY };
            let answered = function.invoke(&built.as_sent(&sample), deadline).await;
            let expected = pass(&piped, declaration, &piped.as_sent(&sample)).await;
            // What came later is later there, too, so that lists have one order.
            piped.app.clock.advance(SignedDuration::from_millis(1));
            let Outcome::Response(answered) = answered else {
                panic!("{}: {place}: {answered:?}", declaration.name);
            };
            assert_eq!(masked(&answered), masked(&expected), "{}: {place}", declaration.name);
            let status = serde_json::from_str::<Value>(&answered).unwrap()["statusCode"].as_u64().unwrap();
            let fine = (200..300).contains(&status) || declaration.route.is_catch_all();
            assert!(fine, "{}: {place}: its own sample is answered {answered}", declaration.name);
        }
        stays_up(&function, declaration).await;
        function.terminate();
        let (status, output) = function.ended().await;
        assert!(status.success(), "{}: {status}: {output}", declaration.name);
        assert_none_in("a function's log", &output);
        let logged = output.matches("\"event\":\"request\"").count();
        assert_eq!(logged, samples(declaration.name).len() + 2, "{}: {output}", declaration.name);
    }
}

async fn pass(piped: &World, declaration: &Declaration, event: &str) -> String {
    let (request, format) = gateway::read(event);
    let endpoint = piped.app.endpoint(declaration.name);
    let answered = pipeline::answer(endpoint, request, Duration::from_secs(10)).await;
    serde_json::to_string(&GatewayReply::of(answered.finish().await, format)).unwrap()
}

/// A hostile event is answered like a request for nothing, and the next one like any other.
async fn stays_up(function: &Environment, declaration: &Declaration) {
    let Outcome::Response(refused) = function.invoke(HOSTILE, FAR_AWAY).await else {
        panic!("{}: a hostile event is the function's error", declaration.name);
    };
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!(refused["statusCode"], 404, "{}: {refused}", declaration.name);
    let problem: Value = serde_json::from_str(refused["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["error"]["code"], "ROUTE_NOT_FOUND", "{}", declaration.name);
    let again = function.invoke("{}", LONG_AGO).await;
    assert!(matches!(again, Outcome::Response(_)), "{}: {again:?}", declaration.name);
}

/// The reply without the values that no two runs share: ids, instants, tokens, the spans of a trace.
fn masked(reply: &str) -> Value {
    let patterns = [
        (r"whsec_[A-Za-z0-9+/]{43}=", "SECRET"),
        (r"v4\.public\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?", "TOKEN"),
        (r#"refreshToken\\":\\"[A-Za-z0-9_-]{64}"#, "refreshToken"),
        (r"k4\.(pid|public)\.[A-Za-z0-9_-]+", "KEY"),
        (r#"x\\":\\"[A-Za-z0-9_-]{43}"#, "x"),
        (r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", "TRACE"),
        (r"pi_[0-9a-f]{24}", "INTENT"),
        (r"re_[0-9a-f]{24}", "REFUND"),
        (r"[A-Z2-7]{52}", "CODE"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
        // What is left of a limit is known to one instance and not to another, and the test app's are wider.
        (r#""ratelimit":\[?"(?:[^"\\]|\\.)*"\]?,?"#, ""),
        (r"q=\d+", "q=N"),
        (r"\d{4}-\d{2}-\d{2}T[0-9:.]+(Z|\+00:00)", "TIME"),
    ];
    let masked = patterns.iter().fold(reply.to_owned(), |text, (pattern, mask)| {
        Regex::new(pattern).unwrap().replace_all(&text, *mask).into_owned()
    });
    serde_json::from_str(&masked).unwrap()
}
