//! The relay and SQS: FIFO queues as an emulator plays them, and a stand-in for what it cannot play.

use super::outbox_relay::{CONSUMERS, announce, count, scene};
use serde_json::{Value, json};
use shared::outbox::Event;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use testkit::lambda::{Environment, FAR_AWAY, Outcome, batch, program, record};
use testkit::{Queues, TestApp, assert_none_in};

/// What a queue has, by stream: the numbers of its events in the order of the queue.
pub(crate) async fn streams(queues: &Queues, consumer: &str) -> BTreeMap<String, Vec<i64>> {
    let mut streams: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (group, body) in queues.drain(consumer).await {
        assert_none_in("a message", &body);
        let event: Event = serde_json::from_str(&body).unwrap();
        assert_eq!(group, event.stream().group());
        streams.entry(group).or_default().push(event.seq);
    }
    streams
}

#[tokio::test]
async fn every_event_is_in_every_queue_once_in_the_order_of_its_stream() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&CONSUMERS).await;
    announce(&app, &tenant, 4, 23).await;
    assert_eq!(app.work("outbox-relay", Some(queues.open())).await.unwrap(), 92);
    // Once more, as after a relay that died before it marked anything.
    app.database.run("UPDATE kernel.outbox SET sent_at = NULL").await;
    assert_eq!(app.work("outbox-relay", Some(queues.open())).await.unwrap(), 92);

    for consumer in CONSUMERS {
        let streams = streams(&queues, consumer).await;
        assert_eq!(streams.len(), 4, "{consumer}");
        assert!(streams.values().all(|seqs| *seqs == (1..=23).collect::<Vec<_>>()), "{streams:?}");
    }
}

#[tokio::test]
async fn while_sqs_is_away_nothing_is_lost_and_no_attempt_is_counted() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&CONSUMERS).await;
    announce(&app, &tenant, 5, 3).await;
    let away = queues.open_at("http://127.0.0.1:1");
    for _ in 0..5 {
        let stopped = app.work("outbox-relay", Some(away.clone())).await.unwrap_err();
        assert_eq!(stopped.private.as_deref(), Some("a queue does not answer"));
    }
    assert_eq!(count(&app, "outbox WHERE sent_at IS NULL AND attempts = 0").await, 15);

    assert_eq!(app.work("outbox-relay", Some(queues.open())).await.unwrap(), 15);
    for consumer in CONSUMERS {
        assert!(streams(&queues, consumer).await.values().all(|seqs| *seqs == [1, 2, 3]));
    }
    assert_eq!(count(&app, "dead_letters").await, 0);
}

/// What is said about one message of a batch; `None` takes it.
type Verdict = fn(&Event) -> Option<Value>;

/// A stand-in for SQS that answers each batch of messages by a verdict. It speaks as much of the protocol as that
/// takes; its address.
fn stand_in(verdict: Verdict) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            answer(stream, verdict);
        }
    });
    address
}

fn answer(mut stream: TcpStream, verdict: Verdict) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let head: Vec<String> =
        reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let line = head.iter().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.map(|line| line.split_once(": ").unwrap().1.to_owned())
    };
    assert_eq!(header("x-amz-target").unwrap(), "AmazonSQS.SendMessageBatch");
    let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let (mut taken, mut failed) = (Vec::new(), Vec::new());
    for entry in request["Entries"].as_array().unwrap() {
        let event = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
        match verdict(&event) {
            None => {
                taken.push(json!({ "Id": entry["Id"], "MessageId": "sample", "MD5OfMessageBody": "sample" }));
            }
            Some(mut failure) => {
                failure["Id"] = entry["Id"].clone();
                failed.push(failure);
            }
        }
    }
    let reply = json!({ "Successful": taken, "Failed": failed }).to_string();
    let length = reply.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close";
    write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{reply}").unwrap();
}

/// The numbers of the events in that state, over all streams.
async fn numbers(app: &TestApp, which: &str) -> String {
    let sql = format!("SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM kernel.outbox WHERE {which}");
    app.database.value(&sql).await
}

async fn work_against(app: &TestApp, queues: &Queues, address: &str) -> Result<usize, String> {
    let worked = app.work("outbox-relay", Some(queues.open_at(address))).await;
    worked.map_err(|fault| fault.private.unwrap())
}

#[tokio::test]
async fn of_a_batch_taken_in_part_the_refused_one_counts_an_attempt_and_holds_its_stream() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&[]).await;
    announce(&app, &tenant, 1, 4).await;
    let refusing = stand_in(|event| {
        (event.seq == 2)
            .then(|| json!({ "SenderFault": true, "Code": "InvalidMessageContents", "Message": "m" }))
    });
    for attempt in 1..=4 {
        work_against(&app, &queues, &refusing).await.unwrap();
        assert_eq!(numbers(&app, "sent_at IS NOT NULL").await, "1", "attempt {attempt}");
        assert_eq!(numbers(&app, &format!("attempts = {attempt}")).await, "2");
        app.clock.advance(jiff::SignedDuration::from_secs(60));
    }
    work_against(&app, &queues, &refusing).await.unwrap();

    assert_eq!(numbers(&app, "sent_at IS NOT NULL").await, "1 2 3 4");
    let dead = "SELECT consumer, seq, reason FROM kernel.dead_letters ORDER BY consumer";
    let dead = app.database.rows(dead).await;
    assert_eq!(dead, CONSUMERS.map(|consumer| [consumer, "2", "InvalidMessageContents"]));
}

#[tokio::test]
async fn of_a_batch_taken_in_part_what_sqs_itself_failed_at_counts_none() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&[]).await;
    announce(&app, &tenant, 1, 3).await;
    let failing = stand_in(|event| {
        (event.seq == 2).then(|| json!({ "SenderFault": false, "Code": "InternalFailure", "Message": "m" }))
    });
    for _ in 0..6 {
        let stopped = work_against(&app, &queues, &failing).await;
        assert_eq!(stopped.unwrap_err(), "a queue does not answer");
    }
    assert_eq!(numbers(&app, "sent_at IS NOT NULL").await, "1");
    assert_eq!(count(&app, "outbox WHERE attempts > 0").await, 0);
    work_against(&app, &queues, &stand_in(|_| None)).await.unwrap();
    assert_eq!(numbers(&app, "sent_at IS NOT NULL").await, "1 2 3");
}

#[tokio::test]
async fn the_built_relay_works_when_its_clock_or_a_nudge_says_so() {
    let (app, tenant) = scene().await;
    let queues = Queues::of(&CONSUMERS).await;
    let url = app.database.function_url("relay");
    let variables = [&[("DATABASE_URL", url.as_str())], &queues.variables()[..]].concat();
    let mut relay = Environment::start(&program("outbox-relay"), &variables).await;
    relay.ready().await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/outbox-relay.json");
    let (clock, nudge) = (std::fs::read_to_string(root).unwrap(), batch(&[record("nudge", "", "outbox", 1)]));
    for (event, done) in [(&clock, 6), (&nudge, 6), (&clock, 0)] {
        if done > 0 {
            announce(&app, &tenant, 2, 3).await;
        }
        let reported = Outcome::Response(format!(r#"{{"done":{done}}}"#));
        assert_eq!(relay.invoke(event, FAR_AWAY).await, reported);
    }
    for consumer in CONSUMERS {
        let streams = streams(&queues, consumer).await;
        assert_eq!(
            (streams.len(), streams.values().all(|seqs| *seqs == [1, 2, 3])),
            (4, true),
            "{streams:?}"
        );
    }
    // A failed run is an error of the function's, which Lambda counts; the log says why.
    announce(&app, &tenant, 1, 1).await;
    app.database.run("ALTER TABLE kernel.outbox RENAME TO canary").await;
    let Outcome::Error(error) = relay.invoke(&clock, FAR_AWAY).await else {
        unreachable!("a run without its table")
    };
    assert!(error.contains("the work stopped"), "{error}");
    relay.terminate();
    let (status, log) = relay.ended().await;
    assert!(status.success(), "{status}: {log}");
    assert_none_in("the relay's log", &log);
    assert!(log.contains("42P01"), "{log}");
}
