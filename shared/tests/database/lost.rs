//! The connection is lost in the middle of a flush. A read and a keyed write are repeated. A write without a key is
//! repeated only when the server itself said that it was rolled back; else the honest answer is `OUTCOME_UNKNOWN`.

use crate::bench::{Bench, PLENTY, WordFailure, commit, kill_the_sleeper};
use crate::sql;
use crate::wire::{Loss, Wire};
use serde_json::Value;
use shared::database::Stored;
use shared::failure::Fault;
use std::time::Duration;
use tokio::time::Instant;

/// Makes COMMIT itself take a while, once a transaction has added a word.
const SLOW_COMMIT: &str = "
    CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
    GRANT EXECUTE ON FUNCTION public.linger() TO billing;
    CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON public.effects
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.linger()";

async fn add_keyed(bench: &Bench, milliseconds: i32) -> Result<Stored<Value>, Fault> {
    let mut tx = bench.keyed("key");
    tx.add(sql::insert("one"));
    tx.add(sql::sleep(milliseconds));
    let stored = tx.commit_with_reply::<_, WordFailure>(sql::reply("one")).await;
    stored.map_err(Fault::from)
}

#[tokio::test]
async fn a_read_whose_backend_is_killed_is_answered_all_the_same() {
    let bench = Bench::new().await;
    bench.add("one").await.unwrap();
    let round_trips = bench.round_trips.count();
    let mut tx = bench.reading(PLENTY);
    tx.add(sql::sleep(1_000));
    let words = tx.add(sql::words());

    let (done, ()) = tokio::join!(commit(tx), kill_the_sleeper(&bench.database));

    assert_eq!(done.unwrap().one(&words).unwrap(), 1);
    assert_eq!(bench.round_trips.count() - round_trips, 2);
}

#[tokio::test]
async fn a_keyed_write_whose_backend_is_killed_takes_effect_once() {
    let bench = Bench::new().await;

    let (stored, ()) = tokio::join!(add_keyed(&bench, 1_000), kill_the_sleeper(&bench.database));
    let replay = add_keyed(&bench, 0).await.unwrap();

    let stored = stored.unwrap();
    assert_eq!((stored.replayed, replay.replayed), (false, true));
    assert_eq!((&stored.data["word"], &replay.data), (&"one".into(), &stored.data));
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn a_write_without_a_key_whose_backend_is_killed_before_commit_takes_effect_once() {
    let bench = Bench::new().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("one"));
    tx.add(sql::sleep(1_000));

    let (done, ()) = tokio::join!(commit(tx), kill_the_sleeper(&bench.database));

    // The server said 57P01 before COMMIT: rolled back for certain, so it was repeated.
    done.unwrap();
    assert_eq!(bench.effects().await, ["one"]);
    assert_eq!(bench.round_trips.count(), 2);
}

#[tokio::test]
async fn a_write_without_a_key_whose_backend_is_killed_in_commit_is_not_repeated() {
    let bench = Bench::new().await;
    bench.database.run(SLOW_COMMIT).await;

    let (done, ()) = tokio::join!(bench.add("one"), kill_the_sleeper(&bench.database));

    let fault = done.unwrap_err();
    assert_eq!((fault.problem.status, fault.problem.code), (504, "OUTCOME_UNKNOWN"));
    assert_eq!(bench.round_trips.count(), 1);
    assert!(bench.effects().await.is_empty());
    bench.add("two").await.unwrap();
}

#[tokio::test]
async fn a_keyed_write_whose_backend_is_killed_in_commit_takes_effect_once() {
    let bench = Bench::new().await;
    bench.database.run(SLOW_COMMIT).await;

    let (stored, ()) = tokio::join!(add_keyed(&bench, 0), kill_the_sleeper(&bench.database));

    assert_eq!(stored.unwrap().data["word"], "one");
    assert_eq!(bench.effects().await, ["one"]);
    assert_eq!(bench.round_trips.count(), 2);
}

#[tokio::test]
async fn a_keyed_write_that_committed_unheard_is_answered_with_its_own_reply() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;

    wire.lose_next(Loss::BehindCommit);
    let stored = add_keyed(&bench, 0).await.unwrap();

    let kept = bench.database.value("SELECT reply::text FROM kernel.idempotency_keys").await;
    assert!(stored.replayed, "the repetition met its own key");
    assert_eq!(stored.data, serde_json::from_str::<Value>(&kept).unwrap());
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn a_write_without_a_key_that_committed_unheard_is_said_to_be_unknown() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;

    wire.lose_next(Loss::BehindCommit);
    let fault = bench.add("one").await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (504, "OUTCOME_UNKNOWN"));
    assert_eq!(bench.effects().await, ["one"]);
    bench.add("two").await.unwrap();
}

#[tokio::test]
async fn a_write_without_a_key_that_meets_only_a_goodbye_is_repeated_once() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;
    let round_trips = bench.round_trips.count();

    wire.lose_next(Loss::Goodbye);
    bench.add("one").await.unwrap();

    assert_eq!(bench.round_trips.count() - round_trips, 2);
    assert_eq!(bench.effects().await, ["one"]);
}

#[tokio::test]
async fn a_write_without_a_key_that_is_hung_up_on_is_said_to_be_unknown_and_not_repeated() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;
    let round_trips = bench.round_trips.count();

    wire.lose_next(Loss::HangUp);
    let fault = bench.add("one").await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (504, "OUTCOME_UNKNOWN"));
    assert_eq!(bench.round_trips.count() - round_trips, 1);
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn a_keyed_write_that_is_hung_up_on_is_repeated_and_takes_effect_once() {
    let bench = Bench::new().await;
    let wire = Wire::to(&bench.database.url("billing")).await;
    let bench = bench.through(&wire.url);
    bench.backend().await;

    wire.lose_next(Loss::HangUp);
    let stored = add_keyed(&bench, 0).await.unwrap();

    assert!(!stored.replayed);
    assert_eq!(bench.effects().await, ["one"]);
}

/// A write that has the same effect however often it runs.
async fn add_repeatably(bench: &Bench) -> Result<(), Fault> {
    let mut tx = bench.writing(PLENTY).repeatable();
    tx.add(sql::insert_unless_there("one"));
    commit(tx).await.map(drop)
}

#[tokio::test]
async fn a_write_that_may_be_repeated_is_repeated_once_whether_it_committed_or_not() {
    for loss in [Loss::BehindCommit, Loss::HangUp] {
        let bench = Bench::new().await;
        let wire = Wire::to(&bench.database.url("billing")).await;
        let bench = bench.through(&wire.url);
        bench.backend().await;
        let round_trips = bench.round_trips.count();

        wire.lose_next(loss);
        add_repeatably(&bench).await.unwrap();

        assert_eq!(bench.round_trips.count() - round_trips, 2);
        assert_eq!(bench.effects().await, ["one"]);
    }
}

#[tokio::test]
async fn a_write_that_may_be_repeated_and_is_killed_in_commit_is_repeated() {
    let bench = Bench::new().await;
    bench.database.run(SLOW_COMMIT).await;

    let (done, ()) = tokio::join!(add_repeatably(&bench), kill_the_sleeper(&bench.database));

    done.unwrap();
    assert_eq!(bench.effects().await, ["one"]);
    assert_eq!(bench.round_trips.count(), 2);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_by_the_deadline_and_its_connection_thrown_away() {
    for (writes, code) in [(false, "DATABASE_UNAVAILABLE"), (true, "OUTCOME_UNKNOWN")] {
        let bench = Bench::new().await;
        let wire = Wire::to(&bench.database.url("billing")).await;
        let bench = bench.through(&wire.url);
        let (backend, brief) = (bench.backend().await, Duration::from_secs(1));
        let started = Instant::now();

        wire.lose_next(Loss::Silence);
        let mut tx = if writes { bench.writing(brief) } else { bench.reading(brief) };
        tx.add(sql::words());
        let fault = commit(tx).await.unwrap_err();

        assert_eq!(fault.problem.code, code);
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_ne!(bench.backend().await, backend);
    }
}
