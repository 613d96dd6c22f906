//! The limits of requests as a deployment has them (C7), over both stores: by the database, and by Redis.

use super::{
    CONTRACT, PASSWORD, accept, access, change, confirm_reset, id_of, invite, log_in, mailed_invitation,
    request_reset, sign_up, verify,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::access::Role;
use std::sync::Arc;
use testkit::{TestApp, TestRequest, TestResponse, Valkey};

/// An app with its limits on, and the Redis that counts, if one does.
struct Limited {
    app: Arc<TestApp>,
    redis: Option<Valkey>,
}

impl Limited {
    async fn over(redis: Option<Valkey>) -> Self {
        let mut app = TestApp::of(vec![identity::module()]).await.held_to(&CONTRACT);
        app.limit(redis.as_ref().map(Valkey::tcp));
        Self { app: Arc::new(app), redis }
    }

    /// One over a Redis that is waited for as a deployment does, and no longer.
    async fn over_hastily(redis: Valkey) -> Self {
        let mut app = TestApp::of(vec![identity::module()]).await.held_to(&CONTRACT);
        app.limit_within(Some(redis.tcp()), None);
        Self { app: Arc::new(app), redis: Some(redis) }
    }

    /// One over the database, one over Redis.
    async fn both() -> [Self; 2] {
        [Self::over(None).await, Self::over(Some(Valkey::start().await)).await]
    }

    /// Lets so many seconds pass in both stores: Redis goes by its own clock, and its buckets are set back.
    fn pass(&self, seconds: i64) {
        self.app.clock.advance(SignedDuration::from_secs(seconds));
        if let Some(redis) = &self.redis {
            redis.age_limits(seconds);
        }
    }

    /// Whether so many were admitted as the rule says at once. Redis goes by its own clock, and grants one more for each second
    /// that the test takes.
    fn admits(&self, admitted: usize, at_once: usize) -> bool {
        let more = if self.redis.is_some() { 9 } else { 0 };
        (at_once..=at_once + more).contains(&admitted)
    }

    /// The refusal of a request that has nothing left, but for what came back meanwhile.
    async fn refusal(&self, request: TestRequest) -> TestResponse {
        for _ in 0..9 {
            let answer = self.app.send(request.clone()).await;
            if answer.status == 429 {
                return answer;
            }
        }
        self.app.send(request).await
    }

    async fn statuses(&self, requests: Vec<TestRequest>) -> Vec<u16> {
        let mut statuses = Vec::new();
        for request in requests {
            statuses.push(self.app.send(request).await.status);
        }
        statuses
    }
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|it| **it == status).count()
}

/// A request of nobody known, which finds nothing.
fn anonymous(source: &str) -> TestRequest {
    verify(&"A".repeat(64)).from(source)
}

fn refresh(token: &str, source: &str) -> TestRequest {
    TestRequest::post("/api/v1/auth/refresh", &json!({ "refreshToken": token })).from(source)
}

/// A sign-in on the device of that token.
fn log_in_on(device: &Value, email: &str, password: &str, source: &str) -> TestRequest {
    let body = json!({ "email": email, "password": password, "deviceToken": device });
    TestRequest::post("/api/v1/auth/login", &body).from(source)
}

/// Addresses of the network, each another.
fn elsewhere(number: usize) -> String {
    format!("198.51.100.{number}")
}

fn refused(answer: &TestResponse, policies: &[&str]) {
    assert_eq!(answer.refusal(), (429, "RATE_LIMITED"), "{}", answer.text);
    assert_eq!(answer.json.get("violated-policies"), Some(&json!(policies)), "{}", answer.text);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(wait >= 1, "{wait}");
}

#[tokio::test]
async fn an_address_may_ask_sixty_times_at_once_and_once_more_each_second() {
    for limited in Limited::both().await {
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 70]).await;
        assert!(limited.admits(count(&statuses, 404), 60), "{statuses:?}");
        let answer = limited.refusal(anonymous("192.0.2.7")).await;
        refused(&answer, &["address"]);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"address\";q=60;w=60"));
        assert_eq!(answer.header("ratelimit"), Some("\"address\";r=0;t=1"));
        assert_eq!(limited.app.send(anonymous("192.0.2.8")).await.status, 404, "another address");
        limited.pass(2);
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 12]).await;
        assert!(limited.admits(count(&statuses, 404), 2), "{statuses:?}");
        limited.pass(120);
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 70]).await;
        assert!(limited.admits(count(&statuses, 404), 60), "{statuses:?}");
    }
}

#[tokio::test]
async fn headers_say_what_is_left_and_of_an_accounts_tries_nothing() {
    for limited in Limited::both().await {
        let first = limited.app.send(anonymous("192.0.2.7")).await;
        assert_eq!(first.header("ratelimit"), Some("\"address\";r=59;t=1"));
        let second = limited.app.send(anonymous("192.0.2.7")).await;
        assert_eq!(second.header("ratelimit"), Some("\"address\";r=58;t=1"));

        let tried = limited.app.send(log_in("ana@example.com", "wrong").from("192.0.2.7")).await;
        let policy = "\"login-address\";q=20;w=60, \"login\";q=5;w=900";
        let named = tried.header("ratelimit-policy").unwrap();
        let mut policies: Vec<_> = named.split(", ").collect();
        policies.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(policies.join(", "), policy);
        assert_eq!(tried.header("ratelimit"), Some("\"login-address\";r=19;t=3"));
    }
}

#[tokio::test]
async fn a_member_has_a_bucket_and_leaves_the_one_of_the_address_to_others() {
    for limited in Limited::both().await {
        let tenant = limited.app.tenant().await;
        let token = tenant.token(shared::access::Role::Owner);
        let me = || TestRequest::get("/api/v1/me").token(token).from("192.0.2.7");
        let answers = limited.statuses(vec![me(); 100]).await;
        assert_eq!(count(&answers, 200), 100);
        let answer = limited.app.send(me()).await;
        assert_eq!(answer.header("ratelimit-policy"), Some("\"user\";q=300;w=60"));
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 70]).await;
        assert!(limited.admits(count(&statuses, 404), 60), "what members ask is not charged to the address");

        let statuses = limited.statuses(vec![me(); 400]).await;
        // One telling in four stands for four, by chance: seven standard deviations.
        let admitted = 101 + count(&statuses, 200);
        assert!((200..=400).contains(&admitted), "{admitted}");
        refused(&limited.refusal(me()).await, &["user"]);
        let other = tenant.token(shared::access::Role::Accountant);
        let other = limited.app.send(TestRequest::get("/api/v1/me").token(other).from("192.0.2.7")).await;
        assert_eq!(other.status, 200, "another member of the clinic, at the same address");
    }
}

#[tokio::test]
async fn the_plan_that_a_clinic_pays_for_is_in_the_token_and_says_how_much_is_admitted() {
    let limited = Limited::over(None).await;
    let made = limited.app.send(sign_up("ana@example.com")).await;
    let policy = |answer: &TestResponse| answer.header("ratelimit-policy").map(str::to_owned);
    let me = |token: &str| TestRequest::get("/api/v1/me").token(token);
    let free = limited.app.send(me(access(&made))).await;
    assert_eq!(policy(&free).unwrap(), "\"user\";q=300;w=60");
    limited.app.database.run("UPDATE identity.clinics SET plan = 'pro'").await;
    let token = made.data()["refreshToken"].as_str().unwrap();
    limited.app.clock.advance(SignedDuration::from_secs(11));
    let refreshed = limited.app.send(refresh(token, "192.0.2.7")).await;
    let signed_in = limited.app.send(log_in("ana@example.com", PASSWORD)).await;
    for token in [access(&refreshed), access(&signed_in)] {
        let pro = limited.app.send(me(token)).await;
        assert_eq!(policy(&pro).unwrap(), "\"user\";q=1000;w=60");
    }
}

#[tokio::test]
async fn the_right_password_gives_the_try_back_and_is_usable_all_day() {
    for limited in Limited::both().await {
        limited.app.send(sign_up("ana@example.com")).await;
        for number in 0..40 {
            let answer = limited.app.send(log_in("ana@example.com", PASSWORD).from(&elsewhere(number))).await;
            assert_eq!(answer.status, 200, "{number}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn whoever_guesses_keeps_no_known_device_out() {
    for limited in Limited::both().await {
        let made = limited.app.send(sign_up("ana@example.com")).await;
        let device = &made.data()["deviceToken"];
        let statuses = (0..6).map(|number| log_in("ana@example.com", "wrong").from(&elsewhere(number)));
        assert_eq!(limited.statuses(statuses.collect()).await, [401, 401, 401, 401, 401, 429]);
        refused(&limited.app.send(log_in("ana@example.com", PASSWORD)).await, &["login"]);
        let known = limited.app.send(log_in_on(device, "ana@example.com", PASSWORD, "192.0.2.9")).await;
        assert_eq!(known.status, 200, "{}", known.text);
        let cookie = format!("__Host-grafono-device={}", device.as_str().unwrap());
        let by_cookie = log_in("ana@example.com", PASSWORD).header("cookie", &cookie).from("192.0.2.10");
        assert_eq!(limited.app.send(by_cookie).await.status, 200);
        limited.pass(181);
        assert_eq!(limited.app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_sixteen_tries_at_once_from_sixteen_addresses_five_are_looked_at() {
        for limited in Limited::both().await {
            limited.app.send(sign_up("ana@example.com")).await;
            let before = limited.app.hasher.calls();
            let tries = (0..16).map(|number| log_in("ana@example.com", "wrong").from(&elsewhere(number)));

            let answers = limited.app.send_at_once(tries.collect()).await;

            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!((count(&statuses, 401), count(&statuses, 429)), (5, 11), "{statuses:?}");
            assert_eq!(limited.app.hasher.calls() - before, 5, "nothing is hashed for those refused");
            let refused = "SELECT count(*) FROM kernel.audit_log WHERE action = 'session.refused'";
            assert_eq!(limited.app.database.value(refused).await, "5");
        }
    }

    #[tokio::test]
    async fn of_twelve_sign_ups_at_once_from_one_address_five_are_made() {
        for limited in Limited::both().await {
            let ups = (0..12).map(|number| sign_up(&format!("ana{number}@example.com")));
            let answers = limited.app.send_at_once(ups.collect()).await;
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!((count(&statuses, 201), count(&statuses, 429)), (5, 7), "{statuses:?}");
            assert_eq!(limited.app.database.value("SELECT count(*) FROM identity.clinics").await, "5");
        }
    }

    #[tokio::test]
    async fn what_is_admitted_on_credit_at_once_is_worked_off_later() {
        for limited in Limited::both().await {
            let answers = limited.app.send_at_once(vec![anonymous("192.0.2.7"); 150]).await;
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            // Whoever is on the way when the first refusal comes back is not kept: what only read is refused then.
            let admitted = count(&statuses, 404);
            assert!((58..=76).contains(&admitted), "{admitted}: {statuses:?}");
            // They were counted all the same: the debt is one burst.
            limited.pass(30);
            let answer = limited.app.send(anonymous("192.0.2.7")).await;
            refused(&answer, &["address"]);
        }
    }

    #[tokio::test]
    async fn a_refresh_that_is_refused_turns_no_token() {
        for limited in Limited::both().await {
            let made = limited.app.send(sign_up("ana@example.com")).await;
            let token = made.data()["refreshToken"].as_str().unwrap().to_owned();
            limited.app.clock.advance(SignedDuration::from_secs(11));
            let bad = vec![refresh(&"A".repeat(64), "192.0.2.7"); 80];
            let answers = limited.app.send_at_once(bad).await;
            if limited.redis.is_none() {
                refused(&limited.app.send(refresh(&token, "192.0.2.7")).await, &["refresh"]);
            }
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            assert!(limited.admits(count(&statuses, 401), 60), "{statuses:?}");
            let turned = "SELECT count(*) FROM identity.refresh_tokens WHERE consumed_at IS NOT NULL";
            assert_eq!(limited.app.database.value(turned).await, "0");
            assert_eq!(limited.app.send(refresh(&token, "192.0.2.8")).await.status, 200);
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn an_unknown_address_is_refused_like_a_known_one() {
        for limited in Limited::both().await {
            limited.app.send(sign_up("ana@example.com")).await;
            let mut told = Vec::new();
            for email in ["ana@example.com", "nobody@example.com"] {
                let mut answers = Vec::new();
                for number in 0..7 {
                    let answer = limited.app.send(log_in(email, "wrong").from(&elsewhere(number))).await;
                    let own = ["x-request-id", "traceparent", "ratelimit"];
                    let headers = answer.headers().filter(|(name, _)| !own.contains(name));
                    let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
                    let text = answer.text.split("\"requestId\"").next().unwrap().to_owned();
                    answers.push((answer.status, headers, text));
                }
                limited.pass(60);
                told.push(answers);
            }
            let waits = |answers: &[(u16, Vec<String>, String)]| {
                let bare = |line: &&String| !line.starts_with("retry-after");
                answers
                    .iter()
                    .map(|(status, headers, text)| {
                        (*status, headers.iter().filter(bare).cloned().collect::<Vec<_>>(), text.clone())
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(waits(&told[0]), waits(&told[1]));
        }
    }

    #[tokio::test]
    async fn a_device_of_another_account_has_no_tries_of_its_own() {
        for limited in Limited::both().await {
            let ana = limited.app.send(sign_up("ana@example.com")).await;
            limited.app.send(sign_up("eva@example.com")).await;
            let device = &ana.data()["deviceToken"];
            let tries =
                (0..6).map(|number| log_in_on(device, "eva@example.com", "wrong", &elsewhere(number)));
            assert_eq!(limited.statuses(tries.collect()).await, [401, 401, 401, 401, 401, 429]);
            for forged in [json!(ana.data()["accessToken"]), json!("v4.public.AAAA"), json!("x")] {
                let answer = limited.app.send(log_in_on(&forged, "eva@example.com", "w", "192.0.2.9")).await;
                refused(&answer, &["login"]);
            }
            let own = (0..6).map(|number| log_in_on(device, "ana@example.com", "wrong", &elsewhere(number)));
            assert_eq!(limited.statuses(own.collect()).await, [401, 401, 401, 401, 401, 429]);
            let shared = limited.app.send(log_in("ana@example.com", PASSWORD).from("192.0.2.11")).await;
            assert_eq!(shared.status, 200, "the device's tries are its own");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_refused_takes_no_try_of_an_account_and_makes_no_bucket() {
        for limited in Limited::both().await {
            limited.app.send(sign_up("ana@example.com")).await;
            let others =
                (0..20).map(|number| log_in(&format!("a{number}@example.com"), "w").from("192.0.2.7"));
            assert_eq!(count(&limited.statuses(others.collect()).await, 401), 20);
            let buckets = "SELECT count(*) FROM kernel.rate_buckets";
            let before = limited.app.database.value(buckets).await;
            for number in 0..8 {
                for email in ["ana@example.com", &format!("b{number}@example.com")] {
                    let answer = limited.app.send(log_in(email, "wrong").from("192.0.2.7")).await;
                    refused(&answer, &["login-address"]);
                }
            }
            assert_eq!(limited.app.send(log_in("ana@example.com", PASSWORD)).await.status, 200);
            let after: i64 = limited.app.database.value(buckets).await.parse().unwrap();
            assert_eq!(after - before.parse::<i64>().unwrap(), 2, "those of the sign-in alone");

            let asks =
                (0..10).map(|number| request_reset(&format!("a{number}@example.com")).from("192.0.2.7"));
            assert_eq!(count(&limited.statuses(asks.collect()).await, 202), 10);
            for _ in 0..4 {
                let answer = limited.app.send(request_reset("ana@example.com").from("192.0.2.7")).await;
                refused(&answer, &["password-reset-address"]);
            }
            assert_eq!(limited.app.send(request_reset("ana@example.com")).await.status, 202);
        }
    }

    #[tokio::test]
    async fn a_device_that_was_known_by_another_password_is_known_no_more() {
        for limited in Limited::both().await {
            let made = limited.app.send(sign_up("ana@example.com")).await;
            let old = made.data()["deviceToken"].clone();
            limited.app.clock.advance(SignedDuration::from_secs(1));
            let new = "another long and lonely road";
            assert_eq!(limited.app.send(change(access(&made), PASSWORD, new)).await.status, 204);
            limited.app.clock.advance(SignedDuration::from_secs(1));
            let fresh = limited.app.send(log_in("ana@example.com", new)).await.data()["deviceToken"].clone();

            let tries = (0..6).map(|number| log_in_on(&old, "ana@example.com", "wrong", &elsewhere(number)));
            assert_eq!(limited.statuses(tries.collect()).await, [401, 401, 401, 401, 401, 429]);
            refused(&limited.app.send(log_in("ana@example.com", new)).await, &["login"]);
            let known = limited.app.send(log_in_on(&fresh, "ana@example.com", new, "192.0.2.9")).await;
            assert_eq!(known.status, 200, "{}", known.text);

            // Whoever signed up with an address that was never confirmed keeps no device of it either.
            let squatted = limited.app.send(sign_up("eva@example.com").from("192.0.2.10")).await;
            let device = &squatted.data()["deviceToken"];
            limited.pass(25 * 3_600);
            assert_eq!(limited.app.send(sign_up("eva@example.com")).await.status, 201);
            let tries =
                (0..6).map(|number| log_in_on(device, "eva@example.com", "wrong", &elsewhere(number)));
            assert_eq!(limited.statuses(tries.collect()).await, [401, 401, 401, 401, 401, 429]);
        }
    }

    #[tokio::test]
    async fn a_token_whose_session_is_over_is_charged_to_the_address_and_not_to_its_member() {
        for limited in Limited::both().await {
            let made = limited.app.send(sign_up("ana@example.com")).await;
            let token = access(&made).to_owned();
            let other = limited.app.send(log_in("ana@example.com", PASSWORD)).await;
            let out = TestRequest::post("/api/v1/auth/logout", &json!({})).token(&token);
            assert_eq!(limited.app.send(out).await.status, 204);

            let dead = vec![change(&token, PASSWORD, "another long and lonely road").from("192.0.2.7"); 6];
            assert_eq!(limited.statuses(dead).await, [401; 6]);
            let changed = change(access(&other), PASSWORD, "another long and lonely road");
            assert_eq!(limited.app.send(changed).await.status, 204, "the owner has all tries");

            let me = vec![TestRequest::get("/api/v1/me").token(&token).from("192.0.2.7"); 80];
            let statuses = limited.statuses(me).await;
            assert!(count(&statuses, 429) >= 10, "{statuses:?}");
            refused(&limited.refusal(anonymous("192.0.2.7")).await, &["address"]);
        }
    }

    #[tokio::test]
    async fn what_is_refused_before_strict_rules_are_asked_is_charged_as_ordinary_and_to_none_of_them() {
        for limited in Limited::both().await {
            let bad = TestRequest::post("/api/v1/clinics", &json!({})).from("192.0.2.7");
            let statuses = limited.statuses(vec![bad; 40]).await;
            assert_eq!(count(&statuses, 400), 40, "{statuses:?}");
            let none = TestRequest::post("/api/v1/auth/refresh", &json!({})).from("192.0.2.7");
            let statuses = limited.statuses(vec![none; 40]).await;
            assert!(limited.admits(count(&statuses, 401), 20), "{statuses:?}");
            let made = limited.app.send(sign_up("ana@example.com").from("192.0.2.7")).await;
            assert_eq!(made.status, 201, "malformed sign-ups are none: {}", made.text);

            let common = vec![change(access(&made), PASSWORD, "password1"); 6];
            assert_eq!(limited.statuses(common).await, [400; 6]);
            let changed = change(access(&made), PASSWORD, "another long and lonely road");
            assert_eq!(limited.app.send(changed).await.status, 204);
        }
    }

    #[tokio::test]
    async fn what_somebody_else_says_of_the_address_opens_no_other_bucket() {
        for limited in Limited::both().await {
            let forged = |number: usize| {
                let other = elsewhere(number);
                anonymous("192.0.2.7")
                    .header("x-forwarded-for", &other)
                    .header("forwarded", &format!("for={other}"))
                    .header("x-real-ip", &other)
                    .header("cf-connecting-ip", &other)
                    .header("true-client-ip", &other)
            };
            let statuses = limited.statuses((0..70).map(forged).collect()).await;
            assert!(limited.admits(count(&statuses, 404), 60), "{statuses:?}");

            let neighbours = (0..70).map(|number| anonymous(&format!("2001:db8:0:1::{number:x}")));
            let statuses = limited.statuses(neighbours.collect()).await;
            assert!(limited.admits(count(&statuses, 404), 60), "{statuses:?}");
            let mapped = limited.refusal(anonymous("::ffff:192.0.2.7")).await;
            refused(&mapped, &["address"]);
            assert_eq!(limited.app.send(anonymous("2001:db8:0:2::1")).await.status, 404);
        }
    }

    #[tokio::test]
    async fn a_bad_token_is_charged_to_the_address_and_a_good_one_never_is() {
        for limited in Limited::both().await {
            let tenant = limited.app.tenant().await;
            let good = tenant.token(shared::access::Role::Owner);
            let me = |token: &str| TestRequest::get("/api/v1/me").token(token).from("192.0.2.7");
            let statuses = limited.statuses(vec![me("v4.public.AAAA"); 70]).await;
            assert!(limited.admits(count(&statuses, 401), 60), "{statuses:?}");
            refused(&limited.refusal(anonymous("192.0.2.7")).await, &["address"]);
            assert_eq!(limited.app.send(me(good)).await.status, 200, "a good token passes by");
        }
    }

    #[tokio::test]
    async fn what_one_instance_has_counted_another_knows_whatever_it_was() {
        for Limited { app, redis } in Limited::both().await {
            let mut app = Arc::into_inner(app).unwrap();
            let bad = || TestRequest::get("/api/v1/me").token("v4.public.AAAA").from("192.0.2.7");
            for _ in 0..70 {
                app.send(bad()).await;
            }
            app.limit(redis.as_ref().map(Valkey::tcp));
            // Somebody who is unknown to this instance is admitted on credit, and refused by the answer.
            let other = Limited { app: Arc::new(app), redis };
            refused(&other.refusal(anonymous("192.0.2.7")).await, &["address"]);
        }
    }

    #[tokio::test]
    async fn a_sign_up_that_fails_has_been_counted() {
        for limited in Limited::both().await {
            let statuses = limited.statuses(vec![sign_up("ana@example.com"); 6]).await;
            assert_eq!(statuses, [201, 409, 409, 409, 409, 429]);
        }
    }

    #[tokio::test]
    async fn links_to_choose_a_password_are_three_an_hour_for_an_address_whoever_has_it() {
        for limited in Limited::both().await {
            limited.app.send(sign_up("ana@example.com")).await;
            for email in ["ana@example.com", "nobody@example.com"] {
                let asks = (0..4).map(|number| request_reset(email).from(&elsewhere(number)));
                assert_eq!(limited.statuses(asks.collect()).await, [202, 202, 202, 429], "{email}");
            }
            let noted = "SELECT count(*) FROM identity.password_reset_requests";
            assert_eq!(limited.app.database.value(noted).await, "6");
            let asks =
                (0..11).map(|number| request_reset(&format!("a{number}@example.com")).from("192.0.2.7"));
            let statuses = limited.statuses(asks.collect()).await;
            assert_eq!((count(&statuses, 202), statuses[10]), (10, 429), "{statuses:?}");
        }
    }

    #[tokio::test]
    async fn a_member_invites_thirty_an_hour_and_a_link_is_tried_ten_times() {
        for limited in Limited::both().await {
            let tenant = limited.app.tenant().await;
            let numbered = |number: usize| invite(tenant.owner(), &format!("bia{number}@example.com"));
            let statuses = limited.statuses((0..31).map(numbered).collect()).await;
            assert_eq!((count(&statuses, 201), statuses[30]), (30, 429));
            // One address is mailed five by everybody together.
            let other = limited.app.tenant().await;
            let again = (0..6).map(|number| {
                let role = if number % 2 == 0 { Role::Owner } else { Role::Admin };
                invite(other.token(role), "LIA@example.com")
            });
            assert_eq!(limited.statuses(again.collect()).await, [201, 201, 201, 201, 201, 429]);
            // Another member has another bucket.
            let others = limited.app.send(invite(tenant.token(Role::Admin), "eva@example.com")).await;
            let token = mailed_invitation(&limited.app, id_of(&others)).await;
            let common = (0..11).map(|number| accept(&token, "password1").from(&elsewhere(number)));
            assert_eq!(count(&limited.statuses(common.collect()).await, 429), 0, "nothing was tried");
            limited.app.send(sign_up("eva@example.com")).await;
            let tries = (0..11).map(|number| accept(&token, "not the password").from(&elsewhere(number)));
            let statuses = limited.statuses(tries.collect()).await;
            assert_eq!((count(&statuses, 422), statuses[10]), (10, 429), "{statuses:?}");
            let right = accept(&token, PASSWORD).from(&elsewhere(11));
            assert_eq!(limited.app.send(right.clone()).await.refusal(), (429, "RATE_LIMITED"));
            limited.pass(6 * 60);
            assert_eq!(limited.app.send(right).await.status, 201, "one comes back in six minutes");
        }
    }

    #[tokio::test]
    async fn a_token_that_was_left_open_does_not_let_the_password_be_guessed() {
        for limited in Limited::both().await {
            let made = limited.app.send(sign_up("ana@example.com")).await;
            let before = limited.app.hasher.calls();
            let tries = vec![change(access(&made), "wrong", "another long and lonely road"); 6];
            assert_eq!(limited.statuses(tries).await, [422, 422, 422, 422, 422, 429]);
            assert_eq!(limited.app.hasher.calls() - before, 5);
        }
    }

    #[tokio::test]
    async fn no_store_learns_who_asks() {
        let limited = Limited::over(Some(Valkey::start().await)).await;
        limited.app.send(sign_up("canary@example.com")).await;
        limited.app.send(log_in("canary@example.com", "wrong").from("192.0.2.77")).await;
        limited.app.send(anonymous("192.0.2.77")).await;
        let redis = limited.redis.as_ref().unwrap();
        let names = redis.keys();
        assert!(!names.is_empty(), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("canary") || name.contains("192.0.2")), "{names:?}");

        let limited = Limited::over(None).await;
        limited.app.send(log_in("canary@example.com", "wrong").from("192.0.2.77")).await;
        let names = limited.app.database.rows("SELECT bucket FROM kernel.rate_buckets").await;
        assert!(names.len() >= 2, "{names:?}");
        let told = format!("{names:?}");
        assert!(!told.contains("canary") && !told.contains("192.0.2"), "{told}");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_was_done_is_answered_and_the_next_request_is_refused() {
        let limited = Limited::over(None).await;
        let made = limited.app.send(sign_up("ana@example.com")).await;
        limited.statuses(vec![anonymous("192.0.2.7"); 60]).await;
        let mut app = Arc::into_inner(limited.app).unwrap();

        // Another instance, which knows nothing of the address yet.
        app.limit(None);
        let body = json!({ "refreshToken": made.data()["refreshToken"] });
        let out = TestRequest::post("/api/v1/auth/logout", &body).from("192.0.2.7");
        assert_eq!(app.send(out).await.status, 204);
        let ended = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NOT NULL";
        assert_eq!(app.database.value(ended).await, "1");
        refused(&app.send(anonymous("192.0.2.7")).await, &["address"]);

        app.limit(None);
        refused(&app.send(anonymous("192.0.2.7")).await, &["address"]);
    }

    #[tokio::test]
    async fn the_database_counts_when_redis_is_gone_and_redis_again_when_it_is_back() {
        let mut limited = Limited::over_hastily(Valkey::start().await).await;
        assert_eq!(limited.app.send(anonymous("192.0.2.7")).await.status, 404);
        limited.redis.as_mut().unwrap().stop();
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 70]).await;
        // The first five wait for Redis; the database is told of those once their replies are out.
        // What was granted ahead in an answer that came too late is lost: three at most.
        assert!((57..=60).contains(&count(&statuses, 404)), "{statuses:?}");
        let tries = (0..6).map(|number| log_in("ana@example.com", "wrong").from(&elsewhere(number)));
        assert_eq!(limited.statuses(tries.collect()).await, [401, 401, 401, 401, 401, 429]);
    }

    #[tokio::test]
    async fn a_redis_that_stands_still_is_waited_for_five_times_and_no_more() {
        let limited = Limited::over_hastily(Valkey::start().await).await;
        assert_eq!(limited.app.send(anonymous("192.0.2.7")).await.status, 404);
        limited.redis.as_ref().unwrap().freeze();
        let statuses = limited.statuses(vec![anonymous("192.0.2.7"); 70]).await;
        // What was granted ahead in an answer that came too late is lost: three at most.
        assert!((57..=60).contains(&count(&statuses, 404)), "{statuses:?}");
        let told = "SELECT count(*) FROM kernel.rate_buckets";
        assert_eq!(limited.app.database.value(told).await, "1", "the database counts");
    }

    #[tokio::test]
    async fn a_password_that_nobody_looked_at_was_not_tried() {
        for mut limited in Limited::both().await {
            limited.app.send(sign_up("ana@example.com")).await;
            Arc::get_mut(&mut limited.app).unwrap().time = std::time::Duration::from_millis(1_500);
            let tries = || (0..6).map(|number| log_in("ana@example.com", "wrong").from(&elsewhere(number)));
            let all_turns = limited.app.app_of("identity").hashing.close().await;
            let refused = limited.app.send_at_once(tries().take(5).collect()).await;
            assert!(refused.iter().all(|answer| answer.refusal() == (503, "OVERLOADED")));
            drop(all_turns);
            assert_eq!(limited.statuses(tries().collect()).await, [401, 401, 401, 401, 401, 429]);
        }
    }

    #[tokio::test]
    async fn what_is_strict_is_not_done_when_nobody_can_count() {
        let limited = Limited::over(None).await;
        limited.app.send(sign_up("ana@example.com")).await;
        limited
            .app
            .database
            .run("REVOKE EXECUTE ON FUNCTION kernel.take, kernel.take_each FROM modules")
            .await;
        let before = limited.app.hasher.calls();
        for request in [
            log_in("ana@example.com", PASSWORD),
            sign_up("eva@example.com"),
            request_reset("ana@example.com"),
            refresh(&"A".repeat(64), "192.0.2.7"),
        ] {
            let path = request.path().to_owned();
            let answer = limited.app.send(request).await;
            assert_eq!(answer.refusal(), (503, "LIMITS_UNAVAILABLE"), "{path}");
        }
        assert_eq!(limited.app.hasher.calls(), before);
        let made = "SELECT (SELECT count(*) FROM identity.clinics) + (SELECT count(*) FROM kernel.outbox
                              WHERE kind = 'account.password_reset_requested')";
        assert_eq!(limited.app.database.value(made).await, "1");
        assert_eq!(limited.app.send(anonymous("192.0.2.7")).await.status, 404, "an ordinary call goes on");
        assert_eq!(limited.app.send(confirm_reset(&"A".repeat(64), PASSWORD)).await.status, 404);
    }
}
