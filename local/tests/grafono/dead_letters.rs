//! Dead letters, by the command of whoever is on call: those of queues as AWS has them, and those of the program.

use crate::events::{Clinic, until};
use crate::processes::{Scene, run as work};
use crate::program::{Program, command, run};
use testkit::lambda::Environment;

const CONSUMER: &str = "export-patient-ledger";
const DEAD: &str = "export-patient-ledger-dead";

/// The command on a scene's queues and database: what it prints.
fn dead_letters(scene: &Scene, arguments: &[&str]) -> String {
    let (prefix, url) = (scene.queues.variable("QUEUE_URL_PREFIX").unwrap(), scene.app.database.url("relay"));
    let places = ["--queue-url-prefix", &prefix, "--database-url", &url];
    let mut command = command(&[&["dead-letters"], arguments, &places].concat());
    command.envs(scene.queues.variables());
    let (code, printed, error) = run(command);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{printed}");
    printed
}

/// The ids of the events, stream by stream.
async fn ids(scene: &Scene) -> Vec<String> {
    let events = scene.app.events().await;
    events.iter().map(|event| event.id.to_string()).collect()
}

/// Sends an event again: how its consumer takes it.
async fn replay(scene: &Scene, relay: &Environment, consumer: &Environment, event: &str) -> Vec<bool> {
    let said = dead_letters(scene, &["replay", "--consumer", CONSUMER, "--event", event]);
    assert_eq!(said, "1 to be sent again within a minute\n");
    assert_eq!(work(relay).await, 1);
    let delivered = scene.queues.deliver(CONSUMER, consumer).await;
    assert!(delivered.iter().all(|(body, _)| body.contains(event)), "{delivered:?}");
    delivered.into_iter().map(|(_, is_taken)| is_taken).collect()
}

#[tokio::test]
async fn what_a_queue_gave_up_is_listed_replayed_and_dropped() {
    let scene = Scene::set(2, 2).await;
    let events = ids(&scene).await;
    let [first, second, poison, behind] = &events[..] else { unreachable!("two streams of two") };
    let database = &scene.app.database;
    database.run("ALTER TABLE kernel.job_parts ADD CONSTRAINT no_room CHECK (name <> 'billing')").await;
    let (relay, consumer) = (scene.relay().await, scene.consumer(CONSUMER).await);
    assert_eq!(work(&relay).await, 4);

    // What is no event can be kept nowhere else: it stays, and hinders nothing.
    scene.queues.put(DEAD, "stream", "canary, and no JSON").await;
    let delivered = scene.queues.deliver(CONSUMER, &consumer).await;
    assert!(delivered.iter().all(|(_, is_taken)| !is_taken), "{delivered:?}");
    let tried = |event: &String| delivered.iter().filter(|(body, _)| body.contains(event)).count();
    assert_eq!((tried(first), tried(poison)), (5, 5));
    assert_eq!((scene.queues.count(CONSUMER).await, scene.queues.count(DEAD).await), (0, 5));

    let listed = dead_letters(&scene, &["list"]);
    let lines: Vec<&str> = listed.lines().filter(|line| line.starts_with(CONSUMER)).collect();
    for (line, event) in lines.iter().zip(&events) {
        assert!(
            line.contains(event) && line.ends_with("given up by its function; its log says why"),
            "{line}"
        );
    }
    assert_eq!((lines.len(), scene.queues.count(DEAD).await), (4, 1), "{listed}");
    assert!(listed.contains("a message that is no event stays in"), "{listed}");

    database.run("ALTER TABLE kernel.job_parts DROP CONSTRAINT no_room").await;
    assert_eq!(replay(&scene, &relay, &consumer, first).await, [true]);
    assert_eq!(replay(&scene, &relay, &consumer, second).await, [true]);
    assert_eq!(dead_letters(&scene, &["drop", "--consumer", CONSUMER, "--event", poison]), "dropped\n");
    assert_eq!(replay(&scene, &relay, &consumer, behind).await, [true]);

    // What is no event is seen again once it has not been for half a minute.
    assert!(dead_letters(&scene, &["list"]).ends_with("there are no dead letters\n"));
    assert_eq!(scene.count(&format!("kernel.inbox WHERE consumer = '{CONSUMER}'")).await, 4);
    assert_eq!(scene.queues.count("export-patient-record").await, 4, "nobody else hears of it again");
}

#[test]
fn what_the_program_gave_up_is_listed_and_replayed() {
    let program = Program::start(&[]);
    let clinic = Clinic::open(&program);
    let data = program.data().to_str().unwrap().to_owned();
    let command = |arguments: &[&str]| {
        let (code, printed, error) =
            run(command(&[&["dead-letters"], arguments, &["--data", &data]].concat()));
        assert_eq!((code, error.as_str()), (Some(0), ""));
        printed
    };
    assert_eq!(command(&["list"]), "there are no dead letters\n");
    program.sql("ALTER TABLE kernel.job_parts ADD CONSTRAINT no_room CHECK (name <> 'billing')");
    let job = clinic.export();
    // The last attempt is the next one: nobody waits for the pauses between them.
    let tried = "SELECT count(*) FROM kernel.outbox WHERE attempts > 0 AND kind = 'patient.export_requested'";
    until("the first attempt", || program.sql(tried).unwrap() == "1");
    program.sql("UPDATE kernel.outbox SET attempts = 4, available_at = NULL WHERE attempts > 0");
    until("the end of the job", || clinic.get(&job)["data"]["state"] == "failed");
    until("a dead letter", || command(&["list"]).starts_with(CONSUMER));
    assert_eq!(clinic.get(&job)["data"]["failure"], "EXPORT_FAILED");

    program.sql("ALTER TABLE kernel.job_parts DROP CONSTRAINT no_room");
    assert_eq!(command(&["replay", "--consumer", CONSUMER]), "1 to be sent again within a minute\n");
    until("the dead letter to be taken", || command(&["list"]) == "there are no dead letters\n");
    let taken = "SELECT count(*) FROM kernel.inbox WHERE consumer LIKE 'export-patient-%'";
    assert_eq!(program.sql(taken).unwrap(), "2");
}
