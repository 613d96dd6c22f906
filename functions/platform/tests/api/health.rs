use super::app;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};
use testkit::{TestApp, TestRequest, Valkey};

#[tokio::test]
async fn it_lives_and_is_ready() {
    let app = app().await;
    let live = app.send(TestRequest::get("/health/live")).await;
    let ready = app.send(TestRequest::get("/health/ready")).await;
    assert_eq!((live.status, live.data()), (200, &json!({ "status": "live" })));
    assert_eq!(
        (ready.status, ready.data()),
        (200, &json!({ "status": "ready", "database": "up", "redis": "none" }))
    );
}

mod race {
    use super::*;

    #[tokio::test]
    async fn however_many_ask_at_once_the_database_is_probed_once() {
        let app = Arc::new(app().await);

        let answers = app.send_at_once(vec![TestRequest::get("/health/ready"); 20]).await;

        assert!(answers.iter().all(|answer| answer.status == 200));
        assert_eq!(app.database.value(CONNECTIONS).await, "1", "one connection was opened, for one probe");
    }

    const CONNECTIONS: &str = "SELECT count(*) FROM pg_stat_activity
                                WHERE datname = current_database() AND usename = 'platform'";
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn life_needs_no_database_and_a_failed_probe_is_answered_as_failed() {
        let mut app = app().await;
        app.reconnect("postgresql:///nowhere?host=/nowhere&user=platform");
        let live = app.send(TestRequest::get("/health/live")).await;
        let first = app.send(TestRequest::get("/health/ready")).await;
        let second = app.send(TestRequest::get("/health/ready")).await;
        assert_eq!(live.status, 200);
        for failed in [first, second] {
            assert_eq!(failed.refusal(), (503, "NOT_READY"));
            assert_eq!(failed.header("retry-after"), Some("1"));
        }
    }

    #[tokio::test]
    async fn a_database_that_takes_no_changes_is_not_ready() {
        let app = app().await;
        let database = app.database.name();
        app.database.run(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
        assert_eq!(app.send(TestRequest::get("/health/ready")).await.refusal(), (503, "NOT_READY"));
    }

    #[tokio::test]
    async fn a_full_disk_is_not_ready() {
        let app = app().await;
        app.database.run(FULL).await;
        assert_eq!(app.send(TestRequest::get("/health/ready")).await.refusal(), (503, "NOT_READY"));
    }

    /// What Postgres says when its disk is full, for the row that the probe changes.
    const FULL: &str = "CREATE FUNCTION kernel.full_disk() RETURNS trigger LANGUAGE plpgsql AS
                        $$BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END$$;
                        CREATE TRIGGER full_disk BEFORE UPDATE ON kernel.readiness_probes
                        FOR EACH ROW EXECUTE FUNCTION kernel.full_disk()";

    /// Asks the built function, with that Redis.
    async fn asked(app: &TestApp, redis: &str) -> Value {
        let url = app.database.function_url("platform");
        let variables = [("DATABASE_URL", url.as_str()), ("REDIS_URL", redis)];
        let mut function = Environment::start(&program("get-ready"), &variables).await;
        function.ready().await;
        let event = TestRequest::get("/health/ready").event();
        let Outcome::Response(reply) = function.invoke(&event, FAR_AWAY).await else { unreachable!() };
        function.stopped().await;
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["statusCode"], 200, "{reply}");
        serde_json::from_str::<Value>(reply["body"].as_str().unwrap()).unwrap()["data"].clone()
    }

    #[tokio::test]
    async fn without_an_answer_of_redis_it_is_degraded_and_ready_all_the_same() {
        let (app, mut valkey) = (app().await, Valkey::start().await);
        let redis = valkey.tcp();
        let up = json!({ "status": "ready", "database": "up", "redis": "up" });
        let away = json!({ "status": "degraded", "database": "up", "redis": "away" });
        assert_eq!(asked(&app, &redis).await, up);
        valkey.freeze();
        assert_eq!(asked(&app, &redis).await, away, "it stands still");
        valkey.stop();
        assert_eq!(asked(&app, &redis).await, away, "it is gone");
    }

    #[tokio::test]
    async fn an_answer_stands_for_a_while_and_not_for_ever() {
        let app = app().await;
        assert_eq!(app.send(TestRequest::get("/health/ready")).await.status, 200);
        app.database.run(&format!("ALTER DATABASE {} CONNECTION LIMIT 0", app.database.name())).await;
        app
            .database
            .rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'platform' AND datname = current_database()")
            .await;

        let standing = app.send(TestRequest::get("/health/ready")).await;
        tokio::time::sleep(shared::readiness::TTL).await;
        let probed = app.send(TestRequest::get("/health/ready")).await;

        assert_eq!(standing.status, 200, "the probe of before stands");
        assert_eq!(probed.refusal(), (503, "NOT_READY"));
    }
}

mod boundary {
    use super::*;
    use std::time::{Duration, Instant};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn head_is_answered_without_a_body_and_post_is_not_allowed() {
        let app = app().await;
        let head = app.send(TestRequest::new("HEAD", "/health/live")).await;
        let post = app.send(TestRequest::new("POST", "/health/live")).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        assert_eq!(post.refusal(), (405, "METHOD_NOT_ALLOWED"));
        assert_eq!(post.header("allow"), Some("GET, HEAD, OPTIONS"));
    }

    #[tokio::test]
    async fn a_database_that_hangs_is_not_ready_within_about_a_second() {
        let mut app = app().await;
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        app.reconnect(&format!("postgresql://platform@127.0.0.1:{port}/grafono"));
        let started = Instant::now();
        let refused = app.send(TestRequest::get("/health/ready")).await;
        assert_eq!(refused.refusal(), (503, "NOT_READY"));
        assert!(started.elapsed() < Duration::from_secs(4), "far from the call's own ten seconds");
    }
}
