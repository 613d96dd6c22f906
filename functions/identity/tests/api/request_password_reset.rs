use super::{app, request_reset, sign_up};
use serde_json::json;
use testkit::{TestApp, TestRequest};

const KIND: &str = "kind = 'account.password_reset_requested'";

#[tokio::test]
async fn an_address_is_noted_and_announced_without_it() {
    let app = app().await;
    let answer = app.send(request_reset("Ana@EXAMPLE.com")).await;
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    let noted = "SELECT id, email_key FROM identity.password_reset_requests";
    let [request] = app.database.rows(noted).await.try_into().unwrap();
    assert_eq!(request[1], "ana@example.com");
    let [event] = app.events_where(KIND).await.try_into().unwrap();
    assert!(event.clinic_id.is_nil());
    assert_eq!(event.id_of("requestId").unwrap().to_string(), request[0]);
    assert_eq!(event.ids.len(), 1);
}

/// What a request for that address does: its answer, and the rows of every table that it leaves behind, counted.
async fn traces(app: &TestApp, email: &str) -> (u16, Vec<(String, String)>, String, String) {
    let tables =
        "SELECT string_agg(format('SELECT %L || count(*) FROM %I.%I', relname || ' ', nspname, relname),
                                    ' UNION ALL ')
                    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE relkind = 'r' AND nspname IN ('kernel', 'identity')";
    let counting = app.database.value(tables).await;
    let total = format!("SELECT string_agg(counted, ', ' ORDER BY counted) FROM ({counting}) AS t (counted)");
    app.database.run("DELETE FROM identity.password_reset_requests; DELETE FROM kernel.outbox; DELETE FROM kernel.rate_buckets").await;
    let answer = app.send(request_reset(email)).await;
    let own = ["x-request-id", "server-timing", "traceparent"];
    let headers = answer.headers().filter(|(name, _)| !own.contains(name));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (answer.status, headers, answer.text.clone(), app.database.value(&total).await)
}

mod race {
    use super::*;

    #[tokio::test]
    async fn requests_at_once_are_each_noted() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        let answers = app.send_at_once(vec![request_reset("ana@example.com"); 8]).await;
        assert!(answers.iter().all(|answer| answer.status == 202));
        assert_eq!(app.events_where(KIND).await.len(), 8);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn nothing_differs_for_an_address_that_nobody_has() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        let disabled = "UPDATE identity.memberships SET disabled_at = now()
                         WHERE account_id = (SELECT id FROM identity.accounts WHERE email = 'bia@example.com')";
        app.database.run(disabled).await;
        let calls = app.hasher.calls();
        let known = traces(&app, "ana@example.com").await;
        assert_eq!(known.0, 202);
        for other in ["bia@example.com", "nobody@example.com", "not an address", "x"] {
            assert_eq!(traces(&app, other).await, known, "{other}");
        }
        assert_eq!(app.hasher.calls(), calls, "nothing is hashed for anybody");
    }

    /// What a request sends to the server, by the server's own count of the tables that it looks into.
    #[tokio::test]
    async fn no_account_is_looked_at_before_the_answer_is_out() {
        let app = app().await;
        app.send(sign_up("ana@example.com")).await;
        app.database.run("REVOKE SELECT ON identity.accounts, identity.memberships FROM identity").await;
        for email in ["ana@example.com", "nobody@example.com"] {
            assert_eq!(app.send(request_reset(email)).await.status, 202, "{email}");
        }
    }

    #[tokio::test]
    async fn when_it_cannot_be_announced_no_address_remains() {
        let app = app().await;
        app.database.run("ALTER TABLE kernel.outbox ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
        let refused = app.send(request_reset("ana@example.com")).await;
        assert_eq!(refused.refusal(), (500, "INTERNAL_ERROR"));
        let left = "SELECT count(*) FROM identity.password_reset_requests";
        assert_eq!(app.database.value(left).await, "0");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn an_address_has_1_to_254_characters() {
        let app = app().await;
        for (email, expected) in
            [("", "TOO_SHORT"), (&*"a".repeat(255), "TOO_LONG"), ("a\u{0}", "INVALID_CHARACTERS")]
        {
            assert_eq!(app.send(request_reset(email)).await.refusal(), (400, expected), "{email}");
        }
        for email in ["a".repeat(254), "\u{1F600}".repeat(254), format!("a@{}", "\u{1F600}".repeat(250))] {
            assert_eq!(app.send(request_reset(&email)).await.status, 202, "{email}");
        }
        let none = app.send(TestRequest::post("/api/v1/auth/password-resets", &json!({}))).await;
        assert_eq!(none.refusal(), (400, "REQUIRED"));
    }
}
