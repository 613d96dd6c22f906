//! The built functions that move money, killed anywhere on their way.
//!
//! A clean run of a function records what it says to Postgres and to the payment provider. Then it runs again and again, is
//! killed each time at another place, and each time one of those who may come next comes: the client who repeats its request,
//! the provider's event, the sweeper. After every case each card was charged once or not at all, what was charged is booked
//! once, nothing is stuck, and whoever repeats has the same bytes. A request that was on its way to the provider when the
//! function was killed arrives when all is over.
//!
//! At the gate the places are the borders of statements and the sides of each call of the provider; with `KILL_EVERYWHERE=1`, as
//! every night, every message. One more function is one more [`Scene`].

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should say where and end"
)]
#![expect(clippy::print_stdout, reason = "how many cases there were is part of the result")]

mod recovery;
mod scene;
mod stage;

#[path = "../money/mod.rs"]
mod money;

use recovery::Recovery;
use scene::Scene;
use stage::Stage;
use testkit::TestResponse;
use testkit::killing::Wire;
use testkit::lambda::Outcome;

/// Kills the scene's function everywhere, and lets each of these come next.
async fn survives(scene: Scene, recoveries: &[Recovery]) {
    let stage = Stage::new().await;
    let points = {
        let case = stage.case(scene).await;
        let wire = Wire::listening(&stage.app).await;
        let Some(Outcome::Response(reply)) = stage.run(scene, &case, &wire).await else { panic!("killed") };
        if case.sent.is_some() {
            assert_eq!(
                TestResponse::of_function(&reply).status,
                scene.status(),
                "nobody was killed: {reply}"
            );
        } else {
            assert_eq!(reply, r#"{"done":1}"#, "nobody was killed");
        }
        wire.recorded().points()
    };
    let (mut cases, mut ended_first) = (0, 0);
    for point in &points {
        for recovery in recoveries {
            let context = format!("{scene:?} killed at {point:?}, then {recovery:?}");
            let case = stage.case(scene).await;
            let wire = Wire::stopping(&stage.app, *point).await;
            let outcome = stage.run(scene, &case, &wire).await;
            ended_first += usize::from(!wire.is_stopped());
            let known = stage.recover(scene, &case, *recovery).await;
            wire.deliver_late().await;
            stage.check(scene, &case, (outcome, known), &context).await;
            cases += 1;
        }
    }
    // A connection that has waited is tried before it is used, so that a run may have a few messages less than the clean one.
    assert!(cases > 0 && ended_first * 5 <= cases, "of {cases} cases {ended_first} came to their end first");
    println!("{scene:?}: {} places, {cases} cases, {ended_first} of them killed at their end", points.len());
}

#[tokio::test]
async fn a_transaction_is_recorded_once_wherever_its_function_is_killed() {
    survives(Scene::Transaction, &[Recovery::Client]).await;
}

#[tokio::test]
async fn a_transaction_is_taken_back_once_wherever_its_function_is_killed() {
    survives(Scene::Reversal, &[Recovery::Client]).await;
}

#[tokio::test]
async fn a_card_is_charged_and_booked_once_wherever_the_function_is_killed() {
    survives(Scene::Payment("pm_card_visa"), &Recovery::ALL).await;
}

#[tokio::test]
async fn money_is_given_back_and_booked_once_wherever_the_function_is_killed() {
    survives(Scene::Refund, &Recovery::ALL).await;
}

#[tokio::test]
async fn what_was_given_back_elsewhere_is_booked_once_wherever_its_function_is_killed() {
    survives(Scene::RefundedElsewhere, &[Recovery::EventThenClient, Recovery::EventTwiceThenSweeper]).await;
}

#[tokio::test]
async fn a_decline_stands_wherever_the_function_is_killed() {
    survives(Scene::Payment("pm_card_chargeDeclined"), &[Recovery::Client, Recovery::SweeperThenClient])
        .await;
}

#[tokio::test]
async fn a_pix_is_made_and_booked_once_wherever_the_function_is_killed() {
    survives(Scene::Pix, &Recovery::ALL).await;
}

#[tokio::test]
async fn what_the_provider_tells_is_booked_once_wherever_its_function_is_killed() {
    survives(Scene::Event, &[Recovery::EventThenClient, Recovery::EventTwiceThenSweeper]).await;
}

#[tokio::test]
async fn a_refused_customer_can_try_no_more_wherever_the_function_is_killed() {
    survives(Scene::Refused, &[Recovery::EventThenClient, Recovery::EventTwiceThenSweeper]).await;
}

#[tokio::test]
async fn what_is_given_up_is_given_up_once_wherever_the_function_is_killed() {
    survives(Scene::Cancel, &[Recovery::Client, Recovery::EventThenClient]).await;
}

#[tokio::test]
async fn what_the_sweeper_finds_is_booked_once_wherever_it_is_killed() {
    survives(Scene::Sweep, &[Recovery::SweeperThenClient, Recovery::EventTwiceThenSweeper]).await;
}
