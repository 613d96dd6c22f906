//! What a flush takes along from the buckets of limits.

use crate::bench::{Bench, PLENTY, commit};
use crate::sql;
use jiff::Timestamp;
use shared::database::{Along, Database, RoundTrips, Take, take_each_now, take_now};
use shared::deadline::Deadline;
use std::time::Duration;

fn take(forced: i32, wanted: i32) -> Take {
    let at = Timestamp::UNIX_EPOCH;
    Take { bucket: "sample".to_owned(), forced, wanted, burst: 5, every: 2.0, at }
}

async fn ask(bench: &Bench, of: Take) -> (u32, u32, Duration) {
    let deadline = Deadline::within(PLENTY);
    let taken = take_now(&bench.pool, &bench.round_trips, deadline, &of).await.unwrap().unwrap();
    (taken.granted, taken.remaining, taken.wait)
}

#[tokio::test]
async fn a_bucket_grants_its_burst_then_one_in_each_interval_and_goes_one_burst_into_debt() {
    let bench = Bench::new().await;
    assert_eq!(ask(&bench, take(0, 3)).await, (3, 2, Duration::ZERO));
    assert_eq!(ask(&bench, take(0, 3)).await, (2, 0, Duration::from_secs(2)));
    assert_eq!(ask(&bench, take(0, 1)).await, (0, 0, Duration::from_secs(2)));
    let later = |seconds| Take { at: Timestamp::from_second(seconds).unwrap(), ..take(0, 1) };
    assert_eq!(ask(&bench, later(1)).await, (0, 0, Duration::from_secs(1)));
    assert_eq!(ask(&bench, later(2)).await, (1, 0, Duration::from_secs(2)));
    assert_eq!(ask(&bench, take(100, 1)).await, (0, 0, Duration::from_secs(12)), "a debt of one burst");
    assert_eq!(ask(&bench, take(-7, 0)).await, (0, 2, Duration::ZERO), "given back");
    assert_eq!(ask(&bench, take(-100, 0)).await, (0, 5, Duration::ZERO), "never more than the burst");
}

#[tokio::test]
async fn sixteen_at_once_against_five_are_five() {
    let bench = Bench::new().await;
    let pool = Database::at(&bench.database.url("billing"), 16).unwrap();
    let asked = (0..16).map(|_| async {
        let trips = RoundTrips::default();
        take_now(&pool, &trips, Deadline::within(PLENTY), &take(0, 1)).await.unwrap().unwrap().granted
    });
    let granted: u32 = futures_util::future::join_all(asked).await.into_iter().sum();
    assert_eq!(granted, 5);
}

#[tokio::test]
async fn of_several_buckets_none_behind_one_that_refuses_is_asked_or_made() {
    let bench = Bench::new().await;
    let of = |bucket: &str| Take { bucket: bucket.to_owned(), ..take(0, 1) };
    let takes = [of("first"), of("second")];
    let each = || take_each_now(&bench.pool, &bench.round_trips, Deadline::within(PLENTY), &takes);
    let answers = each().await.unwrap();
    assert_eq!(answers.iter().map(|taken| taken.remaining).collect::<Vec<_>>(), [4, 4]);
    ask(&bench, Take { wanted: 4, ..of("first") }).await;
    let answers = each().await.unwrap();
    assert_eq!(answers.iter().map(|taken| taken.granted).collect::<Vec<_>>(), [0]);
    assert_eq!(ask(&bench, Take { wanted: 0, ..of("second") }).await.1, 4, "it has what it had");

    let takes = [of("first"), of("third")];
    take_each_now(&bench.pool, &bench.round_trips, Deadline::within(PLENTY), &takes).await.unwrap();
    let made = "SELECT count(*) FROM kernel.rate_buckets WHERE bucket = 'third'";
    assert_eq!(bench.database.value(made).await, "0");
}

#[tokio::test]
async fn what_goes_along_costs_no_round_trip_and_no_rollback_gives_it_back() {
    let bench = Bench::new().await;
    bench.round_trips.take_along(vec![take(1, 0)], Along::OnCredit);
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("forbidden"));
    assert_eq!(commit(tx).await.unwrap_err().problem.code, "WORD_FORBIDDEN");
    assert_eq!(bench.round_trips.count(), 1);
    let taken = bench.round_trips.take_answers().unwrap()[0];
    assert_eq!((taken.granted, taken.remaining), (0, 4));
    assert_eq!(ask(&bench, take(0, 0)).await.1, 4, "it was taken all the same");
}

#[tokio::test]
async fn a_read_beside_which_nothing_was_granted_is_refused_and_a_write_is_never_sent() {
    let bench = Bench::new().await;
    ask(&bench, take(0, 5)).await;
    bench.round_trips.take_along(vec![take(0, 1)], Along::BeforeReading);
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("one"));
    assert_eq!(commit(tx).await.unwrap_err().problem.code, "INTERNAL_ERROR");
    let mut tx = bench.reading(PLENTY);
    tx.add(sql::words());
    assert_eq!(commit(tx).await.unwrap_err().problem.code, "RATE_LIMITED");
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn within_a_transaction_the_statements_see_that_it_is_refused_and_the_call_is() {
    let bench = Bench::new().await;
    ask(&bench, take(0, 4)).await;
    for (limited, outcome) in [("false", None), ("true", Some("RATE_LIMITED"))] {
        bench.round_trips.take_along(vec![take(0, 1)], Along::Within);
        let mut tx = bench.writing(PLENTY);
        tx.add(sql::insert_setting("app.limited"));
        let code = commit(tx).await.err().map(|fault| fault.problem.code);
        assert_eq!(code, outcome, "{limited}");
        assert!(bench.effects().await.contains(&limited.to_owned()), "{limited}");
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_limits_are_asked() {
    let bench = Bench::new().await;
    bench.round_trips.close();
    let mut tx = bench.reading(PLENTY);
    tx.add(sql::words());
    assert_eq!(commit(tx).await.unwrap_err().problem.code, "INTERNAL_ERROR");
    bench.round_trips.admit();
    let mut tx = bench.reading(PLENTY);
    tx.add(sql::words());
    commit(tx).await.unwrap();
}

#[tokio::test]
async fn a_take_without_an_answer_fails_what_is_strict_and_nothing_else() {
    let bench = Bench::new().await;
    bench.database.run("REVOKE EXECUTE ON FUNCTION kernel.take, kernel.take_each FROM modules").await;
    for (along, outcome) in [
        (Along::OnCredit, None),
        (Along::BeforeReading, Some("LIMITS_UNAVAILABLE")),
        (Along::Within, Some("LIMITS_UNAVAILABLE")),
    ] {
        bench.round_trips.take_along(vec![take(0, 1)], along);
        let mut tx = bench.reading(PLENTY);
        tx.add(sql::words());
        assert_eq!(commit(tx).await.err().map(|fault| fault.problem.code), outcome, "{along:?}");
    }
}
