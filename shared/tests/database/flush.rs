use crate::bench::{Bench, PLENTY, WordFailure, commit};
use crate::sql;
use crate::wire::Wire;

#[tokio::test]
async fn a_transaction_of_many_statements_is_one_trip_on_the_wire() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;
    let (round_trips, bursts) = (bench.round_trips.count(), wire.bursts());

    let mut tx = bench.writing(PLENTY);
    for word in ["one", "two", "three"] {
        tx.add(sql::insert(word));
    }
    let words = tx.add(sql::words());
    let done = commit(tx).await.unwrap();

    assert_eq!(done.one(&words).unwrap(), 3);
    assert_eq!(bench.round_trips.count() - round_trips, 1);
    assert_eq!(wire.bursts() - bursts, 1);
    assert_eq!(bench.effects().await, ["one", "three", "two"]);
}

#[tokio::test]
async fn an_idempotent_write_with_its_stored_reply_is_one_trip_on_the_wire() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;
    let (round_trips, bursts) = (bench.round_trips.count(), wire.bursts());

    let mut tx = bench.keyed("key");
    tx.add(sql::insert("one"));
    let stored = tx.commit_with_reply::<_, WordFailure>(sql::reply("one")).await;

    assert!(!stored.unwrap().replayed);
    assert_eq!(bench.round_trips.count() - round_trips, 1);
    assert_eq!(wire.bursts() - bursts, 1);
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn nothing_of_the_settings_is_left_for_the_connections_next_user() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    let request = "SELECT coalesce(current_setting('app.clinic_id', true), '') || '|'
                   || coalesce(current_setting('app.account_id', true), '') || '|'
                   || coalesce(current_setting('app.reply', true), '') || '|'
                   || current_setting('lock_timeout') || '|' || current_setting('statement_timeout') || '|'
                   || current_setting('transaction_timeout') || '|'
                   || current_setting('idle_in_transaction_session_timeout') || '|' || current_setting('role') || '|'
                   || current_setting('transaction_read_only')";

    let clinic = bench.read(sql::setting("app.clinic_id")).await;
    let after_commit = wire.send(request).await;
    let mut failing = bench.writing(PLENTY);
    failing.add(sql::ensure(false, "unready"));
    commit(failing).await.unwrap_err();
    let after_rollback = wire.send(request).await;
    let mut admitted = bench.admitted(PLENTY).await;
    admitted.add(sql::setting("app.clinic_id"));
    commit(admitted).await.unwrap();
    let after_admission = wire.send(request).await;
    let mut after_keys = Vec::new();
    // The first time by its claim, then by its stored reply, which is read behind COMMIT.
    for replayed in [false, true] {
        let mut keyed = bench.keyed("key");
        keyed.add(sql::insert("one"));
        let stored = keyed.commit_with_reply::<_, WordFailure>(sql::reply("one")).await.unwrap();
        assert_eq!(stored.replayed, replayed);
        after_keys.push(wire.send(request).await);
    }

    assert_eq!(clinic, bench.clinic.to_string());
    // What a transaction pooler's next client finds on the same server connection.
    for after in [vec![after_commit, after_rollback, after_admission], after_keys].concat() {
        assert_eq!(after, "|||0|0|0|0|none|off");
    }
}

#[tokio::test]
async fn what_a_connection_was_left_with_is_not_in_force_in_the_next_transaction() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;
    let left = [("app.clinic_id", bench.clinic.to_string()), ("app.account_id", bench.clinic.to_string())];
    for (name, value) in
        left.into_iter().chain([("lock_timeout", "9s".into()), ("statement_timeout", "9s".into())])
    {
        wire.send(&format!("SELECT set_config('{name}', '{value}', false)")).await;
    }

    let mut tx = bench.unscoped();
    let settings = ["app.clinic_id", "app.account_id"].map(|name| tx.add(sql::setting(name)));
    let limits = ["lock_timeout", "statement_timeout"].map(|name| tx.add(sql::limit(name)));
    let done = commit(tx).await.unwrap();

    assert_eq!(settings.map(|handle| done.one(&handle).unwrap()), ["", ""]);
    let [lock, statement] = limits.map(|handle| done.one(&handle).unwrap());
    assert!(lock == 2_000 && statement != 9_000, "{lock} {statement}");
}

#[tokio::test]
async fn a_tenant_table_is_empty_without_a_scope_even_after_a_scope_was_used() {
    let bench = Bench::new().await;
    bench
        .database
        .run(&format!(
            "INSERT INTO kernel.idempotency_keys
                    (clinic_id, module, caller_id, key, fingerprint, expires_at, created_at, updated_at)
             VALUES ('{clinic}', 'billing', '{clinic}', 'k', sha256(''), now(), now(), now())",
            clinic = bench.clinic
        ))
        .await;

    let mut before = bench.unscoped();
    let rows_before = before.add(sql::tenant_rows());
    let before = commit(before).await.unwrap().one(&rows_before).unwrap();
    let within = bench.read(sql::tenant_rows()).await;
    let mut after = bench.unscoped();
    let rows_after = after.add(sql::tenant_rows());
    let after = commit(after).await.unwrap().one(&rows_after).unwrap();

    assert_eq!((before, within, after), (0, 1, 0));
}

#[tokio::test]
async fn a_transaction_that_reads_cannot_write() {
    let bench = Bench::new().await;
    let mut tx = bench.reading(PLENTY);
    tx.add(sql::insert("one"));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "INTERNAL_ERROR");
    assert!(bench.effects().await.is_empty());
}
