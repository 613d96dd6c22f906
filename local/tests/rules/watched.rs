//! Queues, clocks and alarms as they must be to be of use (E4, F1): nothing is switched off, what is kept is encrypted, and
//! what fails tells somebody. `queues` and `templates` hold which there are.

use crate::tagged::{attribute, intrinsic, keys, of_type, reference, stacks, templates};
use serde_json::{Value, json};
use shared::deadline::LONGEST;
use std::collections::BTreeSet;

/// Times that a function's time-out fits into the time a message is hidden, as AWS advises.
const HIDDEN_FOR: u64 = 6;

/// The most metrics of one alarm, beside the expression over them.
const MOST_METRICS: usize = 10;

fn names(value: &Value) -> BTreeSet<&str> {
    keys(value).into_iter().collect()
}

#[test]
fn a_queue_is_encrypted_and_says_nothing_that_is_not_known() {
    let known = BTreeSet::from([
        "DeduplicationScope",
        "FifoQueue",
        "FifoThroughputLimit",
        "MessageRetentionPeriod",
        "QueueName",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    ]);
    let mut queues = 0;
    for (module, template) in stacks() {
        for (id, queue) in of_type(&template, "AWS::SQS::Queue") {
            queues += 1;
            assert!(names(queue).is_subset(&known), "{module}: {id} has {:?}", names(queue));
            assert_eq!(queue["SqsManagedSseEnabled"], json!(true), "{module}: {id} is not encrypted");
            if id.ends_with("Queue") {
                // One group waits for nobody's else.
                let scope = (&queue["DeduplicationScope"], &queue["FifoThroughputLimit"]);
                assert_eq!(scope, (&json!("messageGroup"), &json!("perMessageGroupId")), "{module}: {id}");
            }
        }
    }
    assert!(queues > 10, "{queues}");
}

#[test]
fn what_a_queue_gives_up_is_kept_longer_than_what_waits_in_it_and_in_a_queue_of_its_own() {
    let mut used = BTreeSet::new();
    for (module, template) in stacks() {
        let queues = of_type(&template, "AWS::SQS::Queue");
        for (id, queue) in &queues {
            let Some(redrive) = queue.get("RedrivePolicy") else {
                // Dead letters are the end, and the clock makes up for a nudge that is lost.
                assert!(
                    id.ends_with("DeadLetters") || *id == "OutboxRelayNudges",
                    "{module}: {id} gives nothing up"
                );
                continue;
            };
            let dead = redrive["deadLetterTargetArn"]["Fn::GetAtt"][0].as_str().unwrap();
            assert!(used.insert(dead.to_owned()), "{module}: {dead} is for several");
            assert!((3..=10).contains(&redrive["maxReceiveCount"].as_u64().unwrap()), "{module}: {id}");
            let kept = |id: &str| {
                let (_, queue) = queues.iter().find(|(other, _)| *other == id).unwrap();
                queue["MessageRetentionPeriod"].as_u64()
            };
            assert!(kept(dead) >= kept(id) && kept(dead) == Some(1_209_600), "{module}: {dead}");
        }
    }
}

#[test]
fn a_message_is_hidden_six_times_as_long_as_its_function_may_take() {
    let mut checked = 0;
    for (module, template) in stacks() {
        let functions = of_type(&template, "AWS::Serverless::Function");
        for (id, queue) in of_type(&template, "AWS::SQS::Queue") {
            if id.ends_with("DeadLetters") {
                continue;
            }
            let owner = functions.iter().filter(|(function, _)| id.starts_with(function));
            let (_, function) = owner.max_by_key(|(function, _)| function.len()).unwrap();
            let needed = HIDDEN_FOR * function["Timeout"].as_u64().unwrap();
            assert!(
                queue["VisibilityTimeout"].as_u64() >= Some(needed),
                "{module}: {id} is seen again too soon"
            );
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked}");
}

#[test]
fn what_takes_from_a_queue_is_on_and_takes_everything() {
    let mut sources = 0;
    for (module, template) in stacks() {
        for (id, source) in of_type(&template, "AWS::Lambda::EventSourceMapping") {
            sources += 1;
            let function = source["FunctionName"]["Ref"].as_str().unwrap();
            let nudges = json!({
                "EventSourceArn": attribute(&format!("{function}Nudges"), "Arn"),
                "FunctionName": reference(function),
                "BatchSize": 100,
                "MaximumBatchingWindowInSeconds": 1,
                "ScalingConfig": { "MaximumConcurrency": 2 },
            });
            let events = json!({
                "EventSourceArn": attribute(&format!("{function}Queue"), "Arn"),
                "FunctionName": reference(function),
                "BatchSize": 10,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": { "MaximumConcurrency": 5 },
            });
            // Nothing says that it is off, or that some messages are passed over.
            let expected = if id.ends_with("NudgesSource") { nudges } else { events };
            assert_eq!(*source, expected, "{module}: {id}");
        }
    }
    assert!(sources > 5, "{sources}");
}

#[test]
fn a_clock_is_on_and_calls_its_worker_and_nothing_else() {
    let mut clocks = 0;
    for (module, template) in stacks() {
        let rules = of_type(&template, "AWS::Events::Rule");
        let invocations = of_type(&template, "AWS::Lambda::EventInvokeConfig");
        assert_eq!(rules.len(), invocations.len(), "{module}");
        for (id, clock) in rules {
            clocks += 1;
            assert_eq!(names(clock), BTreeSet::from(["ScheduleExpression", "Targets"]), "{module}: {id}");
            let [target] = clock["Targets"].as_array().unwrap().as_slice() else {
                unreachable!("{module}: {id} has not one target")
            };
            let worker = id.strip_suffix("Clock").unwrap();
            assert_eq!(names(target), BTreeSet::from(["Arn", "Id"]), "{module}: {id}");
            assert_eq!(target["Arn"], attribute(worker, "Arn"), "{module}: {id}");
        }
        for (id, invocation) in invocations {
            let worker = id.strip_suffix("Invocation").unwrap();
            let expected = json!({
                "FunctionName": reference(worker), "Qualifier": "$LATEST", "MaximumRetryAttempts": 0,
            });
            assert_eq!(
                *invocation, expected,
                "{module}: {id}: the clock comes again, and a failure goes nowhere"
            );
        }
    }
    assert!(clocks > 3, "{clocks}");
}

/// What an alarm watches for: namespace, metric, dimension, statistic, and from what number on it is raised.
type Watch<'a> = (&'a str, &'a str, &'a str, &'a str, u64);

/// Every kind of alarm. The first reply of 5xx may be a caller's bad luck, and an event waits while others are done first.
fn known() -> [Watch<'static>; 7] {
    let slow = u64::try_from(LONGEST.as_millis()).unwrap() - 2000;
    [
        ("AWS/Lambda", "Errors", "FunctionName", "Sum", 1),
        ("AWS/Lambda", "Throttles", "FunctionName", "Sum", 1),
        ("AWS/Lambda", "Duration", "FunctionName", "Maximum", slow),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "Maximum", 1),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "Maximum", 600),
        ("AWS/ApiGateway", "5xx", "ApiId", "Sum", 5),
        ("grafono", "payment.alarm", "", "Sum", 1),
    ]
}

/// What an alarm over several functions watches for; all parts of it are alike.
fn over_functions<'a>(id: &str, alarm: &'a Value) -> Watch<'a> {
    let all = alarm["Metrics"].as_array().unwrap();
    let (sum, parts) = all.split_first().unwrap();
    assert!((1..=MOST_METRICS).contains(&parts.len()), "{id} has {} metrics", parts.len());
    let first = &parts[0]["MetricStat"];
    let (metric, statistic) =
        (first["Metric"]["MetricName"].as_str().unwrap(), first["Stat"].as_str().unwrap());
    let computes = if statistic == "Sum" { "SUM" } else { "MAX" };
    let expression = format!("{computes}(FILL(METRICS(), 0))");
    assert_eq!(*sum, json!({ "Id": "all", "Expression": expression, "ReturnData": true }), "{id}");
    for (index, part) in parts.iter().enumerate() {
        let function = part["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"].as_str().unwrap();
        let expected = json!({
            "Id": format!("m{}", index + 1),
            "ReturnData": false,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda", "MetricName": metric,
                    "Dimensions": [{ "Name": "FunctionName", "Value": reference(function) }],
                },
                "Period": 300,
                "Stat": statistic,
            },
        });
        assert_eq!(*part, expected, "{id}");
    }
    ("AWS/Lambda", metric, "FunctionName", statistic, alarm["Threshold"].as_u64().unwrap())
}

/// What an alarm over one metric watches for.
fn over_one<'a>(id: &str, alarm: &'a Value) -> Watch<'a> {
    assert_eq!(alarm["Period"], json!(300), "{id}");
    let dimension = &alarm["Dimensions"];
    if dimension.is_null() {
        return over_lines(id, alarm);
    }
    assert_eq!(dimension.as_array().map(Vec::len), Some(1), "{id}");
    assert!(intrinsic(&dimension[0]["Value"]).is_some(), "{id} watches nothing of ours");
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    (
        text(&alarm["Namespace"]),
        text(&alarm["MetricName"]),
        text(&dimension[0]["Name"]),
        text(&alarm["Statistic"]),
        alarm["Threshold"].as_u64().unwrap(),
    )
}

#[test]
fn an_alarm_is_on_is_raised_in_time_and_tells_somebody() {
    let common = ["AlarmActions", "AlarmDescription", "ComparisonOperator", "EvaluationPeriods", "Threshold"];
    let topic =
        json!({ "Fn::If": ["HasAlarmTopicArn", [reference("AlarmTopicArn")], reference("AWS::NoValue")] });
    let mut seen = BTreeSet::new();
    for (name, template) in templates() {
        for (id, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
            let id = &format!("{name}: {id}");
            let (watch, own) = if alarm.get("Metrics").is_some() {
                (over_functions(id, alarm), vec!["Metrics"])
            } else {
                let of_ours = vec!["MetricName", "Namespace", "Period", "Statistic"];
                let own = if alarm["Namespace"].is_string() {
                    [of_ours, vec!["Dimensions"]].concat()
                } else {
                    of_ours
                };
                (over_one(id, alarm), own)
            };
            // Nothing says that actions are off, or that it takes several periods out of more.
            let expected = common.into_iter().chain(["TreatMissingData"]).chain(own).collect();
            assert_eq!(names(alarm), expected, "{id}");
            assert_eq!(alarm["AlarmActions"], topic, "{id}");
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold", "{id}");
            assert_eq!(alarm["EvaluationPeriods"], json!(1), "{id}");
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}");
            let expected = known().into_iter().find(|it| it.1 == watch.1).unwrap();
            assert_eq!(watch, expected, "{id}");
            seen.insert(watch.1.to_owned());
        }
    }
    assert_eq!(seen.len(), known().len(), "{seen:?}");
}

/// What an alarm at log lines watches for: a number of ours, which the filters of the same template count.
fn over_lines<'a>(id: &str, alarm: &'a Value) -> Watch<'a> {
    let (_, said) = intrinsic(&alarm["Namespace"]).unwrap();
    assert_eq!(*said, json!("grafono/${Environment}"), "{id}");
    let event = alarm["MetricName"].as_str().unwrap();
    let counted = stacks().into_values().flat_map(|template| {
        let filters = of_type(&template, "AWS::Logs::MetricFilter").into_iter();
        filters.map(|(id, filter)| (id.to_owned(), filter.clone())).collect::<Vec<_>>()
    });
    let mut filters = 0;
    for (id, filter) in
        counted.filter(|(_, filter)| filter["MetricTransformations"][0]["MetricName"] == event)
    {
        filters += 1;
        let function = id.strip_suffix("AlarmLines").unwrap();
        assert_eq!(filter["LogGroupName"], reference(&format!("{function}Logs")), "{id}");
        assert_eq!(filter["FilterPattern"], format!("{{ $.event = \"{event}\" }}"), "{id}");
        assert_eq!(filter["MetricTransformations"][0]["MetricNamespace"], alarm["Namespace"], "{id}");
    }
    assert!(filters > 0, "{id}: nothing counts {event}");
    (
        "grafono",
        event,
        "",
        alarm["Statistic"].as_str().unwrap_or_default(),
        alarm["Threshold"].as_u64().unwrap(),
    )
}
