//! Workers on one machine: a run that only finishes what it began does not hold up the next one.

use grafono::background::{Background, Notify};
use shared::app::{App, Frame};
use shared::background::{Progress, Worker, WorkerDeclaration, WorkerRun};
use shared::clock::{SystemClock, SystemIds};
use shared::failure::Fault;
use shared::parts::Opening;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::CountingHasher;
use tokio::sync::Semaphore;

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);
static MAY_END: Semaphore = Semaphore::const_new(0);

/// A worker whose runs end when they are told to.
#[derive(Debug)]
struct Lasting;

impl Worker for Lasting {
    const NAME: &'static str = "lasting";
    const SUMMARY: &'static str = "Lasts";
    const ROLE: &'static str = "relay";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const FINISHING: Duration = Duration::from_millis(29_990);
    type Parts = ();

    async fn step(_run: &WorkerRun<'_, ()>) -> Result<Progress, Fault> {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        let _may_end = MAY_END.acquire().await;
        ENDED.fetch_add(1, Ordering::SeqCst);
        Ok(Progress::Idle)
    }
}

#[tokio::test]
async fn a_run_that_only_finishes_does_not_hold_up_the_next_one_and_ends_before_the_program_does() {
    let opening = Opening::by_value(|_| None, Arc::new(SystemClock));
    let app = App::open(&opening, Frame::NONE, Arc::new(SystemIds), Arc::new(CountingHasher::default()));
    let app = Arc::new(opening.finish(app).unwrap());
    let worker = opening.finish(WorkerDeclaration::of::<Lasting>().open(Ok(app), &opening)).unwrap();
    let background = Background::start(vec![worker], &Notify::default());
    while BEGUN.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(ENDED.load(Ordering::SeqCst), 0, "the first goes on");

    MAY_END.add_permits(1);
    background.stop().await;

    assert_eq!(ENDED.load(Ordering::SeqCst), BEGUN.load(Ordering::SeqCst), "none was cut off");
}
