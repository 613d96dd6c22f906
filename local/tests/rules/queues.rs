//! How events get to their consumers, as the templates have it: queues, dead letters, clocks, and who may send (E4, C10).

use crate::policies::{role_of, statements, texts};
use crate::sources::under;
use crate::templates::{binary, functions, of_type, stacks};
use serde_json::{Value, json};
use shared::background::{ATTEMPTS, WorkerDeclaration};
use shared::mail::Notices;
use shared::parts::Part as _;
use std::collections::BTreeSet;

/// Whether the worker takes the mail provider's notices.
fn takes_notices(worker: &WorkerDeclaration) -> bool {
    worker.requirements().iter().any(|(part, _)| *part == Notices::NAME)
}

/// What a function's role lets it do to queues: action and resource.
fn queue_rights(template: &Value, function: (&str, &Value)) -> BTreeSet<(String, String)> {
    let statements = statements(role_of(template, function)).into_iter();
    let rights = statements.flat_map(|statement| {
        let resources = texts(&statement["Resource"]);
        let actions = texts(&statement["Action"]).into_iter().filter(|action| action.starts_with("sqs:"));
        actions
            .flat_map(|action| {
                resources.iter().map(move |resource| (action.to_owned(), (*resource).to_owned()))
            })
            .collect::<Vec<_>>()
    });
    rights.collect()
}

pub(crate) fn arn(queue: &str) -> String {
    format!(
        "arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:grafono-${{Environment}}-{queue}"
    )
}

#[test]
fn every_consumer_has_a_queue_in_order_with_dead_letters_and_time_enough() {
    for (module, template) in stacks() {
        let queues = of_type(&template, "AWS::SQS::Queue");
        let queue = |id: &str| queues.iter().find(|(other, _)| *other == id).unwrap().1;
        for (id, function) in functions(&template) {
            let Some(consumer) = module.consumers.iter().find(|it| it.name == binary(function)) else {
                continue;
            };
            let own = queue(&format!("{id}Queue"));
            assert_eq!(own["QueueName"], format!("grafono-${{Environment}}-{}.fifo", consumer.name));
            assert_eq!(own["FifoQueue"], json!(true), "{id}: the order is lost");
            assert!(own["VisibilityTimeout"].as_u64() >= Some(6 * consumer.timeout.as_secs()), "{id}");
            assert_eq!(own["RedrivePolicy"]["maxReceiveCount"], json!(ATTEMPTS), "{id}");
            assert_eq!(own["RedrivePolicy"]["deadLetterTargetArn"], format!("{id}DeadLetters.Arn"));
            let dead = queue(&format!("{id}DeadLetters"));
            assert_eq!(dead["QueueName"], format!("grafono-${{Environment}}-{}-dead.fifo", consumer.name));
            assert_eq!(
                (&dead["FifoQueue"], &dead["MessageRetentionPeriod"]),
                (&json!(true), &json!(1_209_600))
            );

            let sources = of_type(&template, "AWS::Lambda::EventSourceMapping").into_iter();
            let sources: Vec<_> = sources.filter(|(_, source)| source["FunctionName"] == id).collect();
            assert_eq!(sources.len(), 1, "{id}");
            let source = sources[0].1;
            assert_eq!(source["EventSourceArn"], format!("{id}Queue.Arn"));
            assert_eq!(source["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{id}");
            assert!(
                source.get("MaximumBatchingWindowInSeconds").is_none(),
                "{id}: FIFO queues have no window"
            );

            let alarms = of_type(&template, "AWS::CloudWatch::Alarm");
            for (metric, watched) in [
                ("ApproximateNumberOfMessagesVisible", format!("{id}DeadLetters.QueueName")),
                ("ApproximateAgeOfOldestMessage", format!("{id}Queue.QueueName")),
            ] {
                let watches = |alarm: &Value| {
                    alarm["MetricName"] == metric && alarm["Dimensions"][0]["Value"] == watched.as_str()
                };
                assert!(alarms.iter().any(|(_, alarm)| watches(alarm)), "{id}: {metric} is not watched");
            }
        }
    }
}

#[test]
fn there_is_no_queue_that_nothing_takes_from() {
    let mut names = BTreeSet::new();
    let mut expected = BTreeSet::from(["grafono-${Environment}-outbox-nudges".to_owned()]);
    for (module, template) in stacks() {
        let queues = of_type(&template, "AWS::SQS::Queue").into_iter();
        names.extend(queues.map(|(_, queue)| queue["QueueName"].as_str().unwrap().to_owned()));
        expected.extend(module.consumers.iter().flat_map(|consumer| {
            ["", "-dead"].map(|dead| format!("grafono-${{Environment}}-{}{dead}.fifo", consumer.name))
        }));
        let takers = module.workers.iter().filter(|worker| takes_notices(worker));
        expected.extend(takers.flat_map(|worker| {
            ["", "-dead"].map(|dead| format!("grafono-${{Environment}}-{}{dead}", worker.name))
        }));
    }
    assert_eq!(names, expected);
}

#[test]
fn what_the_mail_provider_tells_comes_from_its_topic_alone_and_is_never_lost_unseen() {
    let mut takers = 0;
    for (module, template) in stacks() {
        for (id, function) in functions(&template) {
            let worker = module.workers.iter().find(|it| it.name == binary(function));
            let Some(worker) = worker.filter(|it| takes_notices(it)) else { continue };
            takers += 1;
            let (own, dead) = (format!("{id}Notices"), format!("{id}DeadLetters"));
            let queues = of_type(&template, "AWS::SQS::Queue");
            let queue = queues.iter().find(|(other, _)| **other == own).unwrap().1;
            assert!(queue["VisibilityTimeout"].as_u64() > Some(worker.timeout.as_secs()), "{id}");
            let redrive = json!({ "deadLetterTargetArn": format!("{dead}.Arn"), "maxReceiveCount": 5 });
            assert_eq!(queue["RedrivePolicy"], redrive, "{id}");

            let policies = of_type(&template, "AWS::SQS::QueuePolicy");
            let [(policy, granted)] = <[_; 1]>::try_from(policies).unwrap();
            assert_eq!(granted["Queues"], json!([own, dead]));
            let statement = json!([{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": [format!("{own}.Arn"), format!("{dead}.Arn")],
                "Condition": { "ArnEquals": { "aws:SourceArn": "MailNoticesTopicArn" } },
            }]);
            assert_eq!(granted["PolicyDocument"]["Statement"], statement, "{id}");

            let subscriptions = of_type(&template, "AWS::SNS::Subscription");
            let [(subscription, subscribed)] = <[_; 1]>::try_from(subscriptions).unwrap();
            let expected = json!({
                "TopicArn": "MailNoticesTopicArn",
                "Protocol": "sqs",
                "Endpoint": format!("{own}.Arn"),
                "RedrivePolicy": { "deadLetterTargetArn": format!("{dead}.Arn") },
            });
            assert_eq!(*subscribed, expected, "{id}");
            for optional in [policy, subscription] {
                assert_eq!(template["Resources"][optional]["Condition"], "HasMailNoticesTopicArn");
            }
            let alarms = of_type(&template, "AWS::CloudWatch::Alarm").into_iter();
            let watches = |alarm: &Value| alarm["Dimensions"][0]["Value"] == format!("{dead}.QueueName");
            assert!(alarms.into_iter().any(|(_, alarm)| watches(alarm)), "{id}: {dead} is not watched");
        }
    }
    assert_eq!(takers, 1);
}

#[test]
fn each_worker_is_called_by_a_clock_of_its_own() {
    for (module, template) in stacks() {
        for (id, function) in functions(&template) {
            let Some(worker) = module.workers.iter().find(|it| it.name == binary(function)) else { continue };
            let clocks = of_type(&template, "AWS::Events::Rule").into_iter();
            let own: Vec<_> =
                clocks.filter(|(_, clock)| clock["Targets"][0]["Arn"] == format!("{id}.Arn")).collect();
            assert_eq!(own.len(), 1, "{id}");
            let minutes = worker.every.as_secs().div_ceil(60);
            let expected = format!("rate({minutes} minute{})", if minutes == 1 { "" } else { "s" });
            assert_eq!(own[0].1["ScheduleExpression"], expected, "{id}");
            let permissions = of_type(&template, "AWS::Lambda::Permission").into_iter();
            let allowed = permissions.filter(|(_, permission)| {
                permission["FunctionName"] == id && permission["SourceArn"] == format!("{}.Arn", own[0].0)
            });
            assert_eq!(allowed.count(), 1, "{id}: its clock may not call it");
        }
    }
}

#[test]
fn whoever_writes_nudges_the_relay_and_nobody_else_does() {
    let mut nudging = 0;
    for (module, template) in stacks() {
        for (id, function) in functions(&template) {
            let name = binary(function);
            let writes = module
                .endpoints
                .iter()
                .any(|it| it.name == name && (it.policy.writes() || it.policy.announces));
            let announces = ANNOUNCING.contains(&name);
            let right = ("sqs:SendMessage".to_owned(), arn("outbox-nudges"));
            let rights = queue_rights(&template, (id, function));
            assert_eq!(rights.contains(&right), writes || announces, "{}: {id}", module.name);
            let given = &function["Environment"]["Variables"];
            assert_eq!(given.get("NUDGE_QUEUE_URL").is_some(), writes || announces, "{id}");
            nudging += usize::from(writes || announces);
        }
    }
    assert!(nudging > ANNOUNCING.len());
}

/// The consumers that write events or request mails.
const ANNOUNCING: [&str; 5] = [
    "render-receipt",
    "mail-password-reset",
    "mail-session-alert",
    "request-email-verification",
    "mail-invitation",
];

#[test]
fn a_consumer_that_announces_says_so() {
    let consumers =
        under("functions").into_iter().filter(|source| source.text.contains("impl Consumer for "));
    let announcing = consumers.filter(|source| {
        let slice = source.path.rsplit_once('/').unwrap().0;
        let announces = ["request_mail(", "INSERT INTO kernel.outbox"];
        under(slice).iter().any(|source| announces.iter().any(|it| source.code().contains(it)))
    });
    let names: Vec<String> =
        announcing.map(|source| source.path.split('/').nth_back(1).unwrap().replace('_', "-")).collect();
    assert_eq!(names, ANNOUNCING);
}
