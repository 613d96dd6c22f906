use crate::bench::{Bench, WordFailure};
use crate::sql;
use serde_json::Value;
use shared::database::{Statement, Stored};
use shared::failure::Fault;

/// Adds the word under the key.
async fn add(bench: &Bench, key: &str, word: &str, reply: Statement<Value>) -> Result<Stored<Value>, Fault> {
    let mut tx = bench.keyed(key);
    tx.add(sql::insert(word));
    tx.commit_with_reply::<_, WordFailure>(reply).await.map_err(Fault::from)
}

async fn keys(bench: &Bench) -> Vec<Vec<String>> {
    bench.database.rows("SELECT key, reply IS NOT NULL FROM kernel.idempotency_keys ORDER BY key").await
}

#[tokio::test]
async fn what_is_replayed_is_to_the_letter_what_was_first_answered() {
    let bench = Bench::new().await;

    let first = add(&bench, "key", "one", sql::reply("Ação 🦷")).await.unwrap();
    let again = add(&bench, "key", "two", sql::reply("something else")).await.unwrap();

    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.data.to_string(), again.data.to_string());
    assert_eq!(first.data["word"], "Ação 🦷");
    assert_eq!(bench.effects().await, ["one"]);
    assert_eq!(keys(&bench).await, [["key", "t"]]);
}

#[tokio::test]
async fn a_claimed_key_whose_reply_statement_finds_nothing_fails_whole() {
    let bench = Bench::new().await;

    // Twice: on a connection that has never seen the setting, and on one where an earlier reply was.
    for word in ["one", "two"] {
        let fault = add(&bench, "key", word, sql::no_reply()).await.unwrap_err();

        assert_eq!(fault.problem.code, "INTERNAL_ERROR");
        assert!(fault.private.unwrap().contains("shared.store_reply"));
        assert!(bench.effects().await.is_empty());
        assert!(keys(&bench).await.is_empty());
        add(&bench, "other", "other", sql::reply("other")).await.unwrap();
        bench.database.run("TRUNCATE public.effects, kernel.idempotency_keys").await;
    }
    let after = add(&bench, "key", "one", sql::reply("one")).await.unwrap();
    assert!(!after.replayed);
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn a_refused_write_leaves_its_key_free() {
    let bench = Bench::new().await;

    let refused = add(&bench, "key", "forbidden", sql::reply("one")).await.unwrap_err();
    let free = keys(&bench).await;
    let repaired = add(&bench, "key", "one", sql::reply("one")).await.unwrap();

    assert_eq!(refused.problem.code, "WORD_FORBIDDEN");
    assert!(free.is_empty());
    assert!(!repaired.replayed);
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn a_key_sent_with_another_request_is_refused_and_its_reply_not_shown() {
    let bench = Bench::new().await;
    add(&bench, "key", "one", sql::reply("one")).await.unwrap();
    bench.database.run("UPDATE kernel.idempotency_keys SET fingerprint = sha256('another request')").await;

    let fault = add(&bench, "key", "two", sql::reply("two")).await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (422, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn an_expired_key_is_claimed_anew() {
    let bench = Bench::new().await;
    add(&bench, "key", "one", sql::reply("one")).await.unwrap();
    bench.database.run("UPDATE kernel.idempotency_keys SET expires_at = created_at").await;

    let anew = add(&bench, "key", "two", sql::reply("two")).await.unwrap();

    assert!(!anew.replayed);
    assert_eq!(anew.data["word"], "two");
    assert_eq!(bench.effects().await, ["one", "two"]);
}
