use crate::bench::{Bench, commit};
use crate::sql;
use shared::database::Tx;
use std::time::Duration;

const LIMITS: [&str; 4] =
    ["lock_timeout", "statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"];

/// The four limits in force inside a transaction, in milliseconds.
async fn limits(mut tx: Tx<'_>) -> Vec<i32> {
    let handles = LIMITS.map(|name| tx.add(sql::limit(name)));
    let done = commit(tx).await.unwrap();
    handles.iter().map(|handle| done.one(handle).unwrap()).collect()
}

#[tokio::test]
async fn the_servers_limits_come_from_the_time_left_and_end_before_the_callers() {
    let bench = Bench::new().await;
    bench.backend().await;

    for (left, is_admitted) in [(3_000, false), (9_000, false), (3_000, true), (9_000, true)] {
        let time = Duration::from_millis(left);
        let tx = if is_admitted { bench.admitted(time).await } else { bench.reading(time) };
        let found = limits(tx).await;
        let left = i32::try_from(left).unwrap();

        assert_eq!(found[2], found[3], "{found:?}");
        assert!(found[0] < found[1] && found[1] < found[2], "{found:?}");
        assert!(found[0] <= 2_000, "a twin's lock is waited for two seconds: {found:?}");
        assert!((left / 2..=left - 300).contains(&found[2]), "{left}: {found:?}");
    }
}

#[tokio::test]
async fn a_databases_own_default_for_the_transaction_limit_does_not_win() {
    let bench = Bench::new().await;
    bench
        .database
        .run(&format!("ALTER DATABASE {} SET transaction_timeout = '1s'", bench.database.name()))
        .await;
    assert_eq!(bench.database.value("SHOW transaction_timeout").await, "1s");

    let mut tx = bench.writing(Duration::from_secs(6));
    tx.add(sql::insert("one"));
    tx.add(sql::sleep(1_500));
    tx.add(sql::insert("two"));
    commit(tx).await.unwrap();

    assert_eq!(bench.effects().await, ["one", "two"]);
    let time = Duration::from_secs(6);
    for tx in [bench.reading(time), bench.admitted(time).await] {
        let found = limits(tx).await;
        assert!(found[2] > 4_000, "{found:?}");
    }
    let mut admitted = bench.admitted(time).await;
    admitted.add(sql::sleep(1_500));
    commit(admitted).await.unwrap();
}

#[tokio::test]
async fn time_spent_waiting_for_the_connection_is_not_given_to_the_server() {
    let bench = Bench::new().await;
    bench.backend().await;
    let mut holder = bench.reading(Duration::from_secs(8));
    holder.add(sql::sleep(2_000));

    let (held, found) = tokio::join!(
        biased;
        commit(holder),
        limits(bench.reading(Duration::from_secs(8))),
    );

    held.unwrap();
    // Eight seconds less the two of waiting: a longer limit would end after the caller has given up.
    assert!(found[2] <= 5_800, "{found:?}");
}
