use crate::login::Login;
use crate::stores::{Environment, failing_aws};
use crate::traffic::{Traffic, add, add_within, at_once};
use shared::failure::problem::{DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED};
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::AwsEmulator;

#[tokio::test]
async fn a_password_changed_after_its_secret_loses_no_request_and_costs_one_fetch() {
    let emulator = AwsEmulator::running().await;
    let login = Login::new("secret_first").await;
    let (environment, arn) = login.kept().await;
    let (settings, fetches) = environment.with("DATABASE_CONNECTIONS", "4").load_counted().await;
    at_once(&settings.database, 4).await;
    let traffic = Traffic::start(&settings.database);

    traffic.goes_on(40).await;
    emulator.replace(&arn, &login.url_with("canary-password-2")).await;
    traffic.goes_on(40).await;
    login.alter("PASSWORD 'canary-password-2'").await;
    traffic.goes_on(20).await;
    traffic.cut(&login).await;

    let (words, faults) = traffic.end().await;
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(login.words().await, words);
    assert_eq!(fetches.load(Ordering::SeqCst), 2, "one at start, one for all who were refused at once");
}

#[tokio::test]
async fn a_password_changed_before_its_secret_refuses_new_connections_until_the_secret_follows() {
    let emulator = AwsEmulator::running().await;
    let login = Login::new("password_first").await;
    let (environment, arn) = login.kept().await;
    let settings = environment.with("DATABASE_CONNECTIONS", "4").load().await.unwrap();
    at_once(&settings.database, 4).await;
    let traffic = Traffic::start(&settings.database);

    login.alter("PASSWORD 'canary-password-2'").await;
    traffic.goes_on(40).await;
    assert!(login.words().await.len() >= 36, "open connections go on");
    traffic.cut(&login).await;
    traffic.goes_on(20).await;
    emulator.replace(&arn, &login.url_with("canary-password-2")).await;
    traffic.goes_on(20).await;
    add(&settings.database, "last").await.unwrap();

    let (mut words, faults) = traffic.end().await;
    words.push("last".to_owned());
    assert_eq!(login.words().await, words, "who was answered well, and nobody else");
    assert!(faults.len() >= 16, "{}", faults.len());
    for fault in faults {
        assert_eq!(fault.problem, &DATABASE_UNAVAILABLE);
        assert_eq!(fault.private.as_deref(), Some("connecting failed: 28P01"));
    }
}

#[tokio::test]
async fn two_users_in_turn_lose_nothing_even_when_the_old_one_is_shut_out() {
    let emulator = AwsEmulator::running().await;
    let first = Login::new("in_turn_a").await;
    let second = first.beside("in_turn_b").await;
    let (environment, arn) = first.kept().await;
    let (settings, fetches) = environment.load_counted().await;
    add(&settings.database, "before").await.unwrap();

    emulator.replace(&arn, &second.url()).await;
    first.alter("NOLOGIN").await;
    first.cut().await;
    add(&settings.database, "then").await.unwrap();

    assert_eq!(first.words().await, ["before", "then"]);
    assert_eq!(second.backends().await, "1");
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_was_fetched_again_counts_for_later_connections() {
    let emulator = AwsEmulator::running().await;
    let login = Login::new("later").await;
    let (environment, arn) = login.kept().await;
    let (settings, fetches) = environment.load_counted().await;
    add(&settings.database, "1").await.unwrap();

    emulator.replace(&arn, &login.url_with("canary-password-2")).await;
    login.alter("PASSWORD 'canary-password-2'").await;
    for word in ["2", "3", "4"] {
        login.cut().await;
        add(&settings.database, word).await.unwrap();
    }

    assert_eq!(login.words().await, ["1", "2", "3", "4"]);
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_fresh_secret_that_is_refused_too_is_an_unavailable_database() {
    let emulator = AwsEmulator::running().await;
    let login = Login::new("wrong").await;
    let (environment, arn) = login.kept().await;
    let (settings, fetches) = environment.load_counted().await;

    login.alter("PASSWORD 'canary-password-2'").await;
    emulator.replace(&arn, &login.url_with("canary-password-3")).await;
    let fault = add(&settings.database, "never").await.unwrap_err();

    assert_eq!(fault.problem, &DATABASE_UNAVAILABLE);
    assert_eq!(fault.private.as_deref(), Some("connecting failed: 28P01"));
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_password_given_by_value_is_refused_as_it_is() {
    let login = Login::new("by_value").await;
    let environment = Environment::at("http://127.0.0.1:1").with("DATABASE_URL", login.url());
    let settings = environment.load().await.unwrap();
    add(&settings.database, "one").await.unwrap();

    login.alter("PASSWORD 'canary-password-2'").await;
    login.cut().await;

    let fault = add(&settings.database, "two").await.unwrap_err();
    assert_eq!(fault.problem, &DATABASE_UNAVAILABLE);
}

#[tokio::test]
async fn a_store_that_stays_silent_while_it_is_asked_again_holds_no_request_beyond_its_deadline() {
    let login = Login::new("silent").await;
    let (environment, _) = login.kept().await;
    let silent = failing_aws(None).await;
    let settings = environment.load_then_at(&silent).await;

    login.alter("PASSWORD 'canary-password-2'").await;
    let asked = add_within(&settings.database, "never", Duration::from_millis(1_500));
    let fault = tokio::time::timeout(Duration::from_secs(3), asked).await.unwrap().unwrap_err();

    assert_eq!(fault.problem, &DEADLINE_EXCEEDED);
}
