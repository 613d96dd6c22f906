use crate::bench::{Bench, PLENTY, commit};
use crate::sql;
use shared::database::Statement;

#[tokio::test]
async fn a_failed_condition_rolls_everything_back_and_is_the_slices_failure() {
    let bench = Bench::new().await;
    let backend = bench.backend().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(sql::ensure(true, "never"));
    tx.add(sql::ensure(false, "unready"));
    tx.add(sql::insert("after"));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (409, "UNREADY"));
    assert!(bench.effects().await.is_empty());
    assert_eq!(bench.backend().await, backend, "the connection serves again");
}

#[tokio::test]
async fn a_constraint_in_the_middle_counts_whatever_the_statements_behind_it_do() {
    let bench = Bench::new().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(sql::insert("forbidden"));
    tx.add(sql::ensure(false, "unready"));
    tx.add(Statement::new("test.broken", "SELECT this is not SQL"));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!((fault.problem.code, fault.problem.pointer), ("WORD_FORBIDDEN", Some("/word")));
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn a_constraint_that_fails_only_at_commit_is_the_slices_failure_too() {
    let bench = Bench::new().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("twice"));
    tx.add(sql::insert("twice"));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (409, "WORD_TAKEN"));
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn an_unknown_constraint_is_internal_and_the_log_gets_its_place_but_no_value() {
    let bench = Bench::new().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(sql::insert("Ada Lovelace was born in 1815"));

    let fault = commit(tx).await.unwrap_err();

    let private = fault.private.clone().unwrap();
    assert_eq!(fault.problem.code, "INTERNAL_ERROR");
    for part in ["test.insert", "23514", "effects_word_short"] {
        assert!(private.contains(part), "{private}");
    }
    assert!(!format!("{fault:?}").contains("Ada"), "{fault:?}");
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn sql_that_is_wrong_is_internal_and_changes_nothing() {
    let bench = Bench::new().await;
    let mut tx = bench.writing(PLENTY);
    tx.add(sql::insert("before"));
    tx.add(Statement::new("test.cast", "SELECT $1::int4").bind("Ada".to_owned()));

    let fault = commit(tx).await.unwrap_err();

    assert_eq!(fault.problem.code, "INTERNAL_ERROR");
    assert!(!format!("{fault:?}").contains("Ada"), "{fault:?}");
    assert!(bench.effects().await.is_empty());
}

#[tokio::test]
async fn a_row_that_does_not_decode_is_internal_and_names_the_column_alone() {
    let bench = Bench::new().await;
    let mut tx = bench.reading(PLENTY);
    let number = tx.add(
        Statement::new("test.number", "SELECT 'Ada'::text AS born").decode(|row| row.get::<i32>("born")),
    );
    let missing = tx.add(
        Statement::new("test.missing", "SELECT 'Ada' AS born")
            .decode(|row| row.get::<&str>("died").map(drop)),
    );
    let nothing =
        tx.add(Statement::new("test.nothing", "SELECT 1 WHERE false").decode(|row| row.get::<i32>("one")));

    let done = commit(tx).await.unwrap();

    let cases = [
        (done.one(&number).unwrap_err(), "test.number: column born does not decode"),
        (done.one(&missing).unwrap_err(), "test.missing: column died does not decode"),
        (done.one(&nothing).unwrap_err(), "test.nothing gave no row"),
    ];
    for (fault, expected) in cases {
        assert_eq!(fault.problem.code, "INTERNAL_ERROR");
        assert_eq!(fault.private.as_deref(), Some(expected));
        assert!(!format!("{fault:?}").contains("Ada"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_in_trouble_is_unavailable_and_its_connection_is_not_used_again() {
    let bench = Bench::new().await;
    // Full disk, no memory, no more of something, an error of the system.
    for state in ["53100", "53200", "53000", "53400", "58030"] {
        let backend = bench.backend().await;
        let mut tx = bench.writing(PLENTY);
        tx.add(sql::insert("before"));
        tx.add(sql::fail(state));

        let fault = commit(tx).await.unwrap_err();

        assert_eq!((fault.problem.status, fault.problem.code), (503, "DATABASE_UNAVAILABLE"), "{state}");
        assert!(bench.effects().await.is_empty());
        assert_ne!(bench.backend().await, backend, "{state}: the next connection may find it well");
    }
}

#[tokio::test]
async fn a_server_that_only_reads_is_unavailable_to_writers_and_a_mistake_to_readers() {
    let bench = Bench::new().await;
    let mut reading = bench.reading(PLENTY);
    reading.add(sql::insert("Ada"));
    assert_eq!(commit(reading).await.unwrap_err().problem.code, "INTERNAL_ERROR");

    let mut writing = bench.writing(PLENTY);
    writing.add(Statement::new("test.read_only", "SET TRANSACTION READ ONLY"));
    writing.add(sql::insert("Ada"));
    let fault = commit(writing).await.unwrap_err();

    assert_eq!((fault.problem.status, fault.problem.code), (503, "DATABASE_UNAVAILABLE"));
    assert!(bench.effects().await.is_empty());
}
