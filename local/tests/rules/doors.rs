//! What is deployed has the doors that are meant and no other (A1, C10): what kinds of things there are, who may call a
//! function, who may be one, and what the gateway lets through. Each rule holds whatever the list of `shapes` says.

use crate::tagged::{ROOT, attribute, intrinsic, keys, of_type, reference, section, stacks, templates};
use grafono::generate::root;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The kinds of resources of the root, and what each is for.
const IN_THE_ROOT: [(&str, &str); 5] = [
    ("AWS::ApiGatewayV2::Api", "the one address"),
    ("AWS::ApiGatewayV2::Stage", "its limits and its log"),
    ("AWS::Logs::LogGroup", "that log"),
    ("AWS::CloudWatch::Alarm", "replies of 5xx"),
    ("AWS::CloudFormation::Stack", "a module"),
];

/// The kinds of resources of a module, and what each is for.
const IN_A_MODULE: [(&str, &str); 14] = [
    ("AWS::Serverless::Function", "an endpoint, a consumer or a worker"),
    ("AWS::Logs::LogGroup", "its log"),
    ("AWS::IAM::Role", "what it may do"),
    ("AWS::ApiGatewayV2::Integration", "how the gateway calls it"),
    ("AWS::ApiGatewayV2::Route", "by which requests"),
    ("AWS::Lambda::Permission", "that the gateway or its clock may"),
    ("AWS::Events::Rule", "a worker's clock"),
    ("AWS::Lambda::EventInvokeConfig", "what happens when a run of the clock's fails"),
    ("AWS::SQS::Queue", "what waits for it"),
    ("AWS::Lambda::EventSourceMapping", "how it is taken from there"),
    ("AWS::SQS::QueuePolicy", "that the mail provider's topic may put notices there"),
    ("AWS::SNS::Subscription", "that it does"),
    ("AWS::Logs::MetricFilter", "which lines of its log ask for somebody"),
    ("AWS::CloudWatch::Alarm", "who is told when that fails"),
];

/// What a function says of itself. Nothing here opens a way to call it, gives it rights, or changes what it runs.
const OF_A_FUNCTION: [&str; 6] = ["CodeUri", "Environment", "LoggingConfig", "MemorySize", "Role", "Timeout"];

/// What a resource has beside its properties.
const OF_A_RESOURCE: [&str; 4] = ["Condition", "DependsOn", "Properties", "Type"];

/// Resources that are not always there, each with its condition: without a topic there are no notices.
const CONDITIONAL: [(&str, &str); 2] = [
    ("AWS::SNS::Subscription", "HasMailNoticesTopicArn"),
    ("AWS::SQS::QueuePolicy", "HasMailNoticesTopicArn"),
];

/// The most requests a second, and at once, that any environment is set to: twice what production is.
const MOST_RATE: u64 = 1000;
const MOST_BURST: u64 = 2000;

/// What the gateway's log tells of a request: nothing of whom it is from, and the route instead of its path.
const LOGGED: [&str; 8] = [
    "integrationLatency",
    "integrationStatus",
    "requestId",
    "requestTime",
    "responseLatency",
    "responseLength",
    "routeKey",
    "status",
];

#[test]
fn only_kinds_of_resources_that_are_listed_are_deployed() {
    for (name, template) in templates() {
        let known: BTreeSet<&str> = match name.as_str() {
            ROOT => IN_THE_ROOT.iter().map(|(kind, _)| *kind).collect(),
            _ => IN_A_MODULE.iter().map(|(kind, _)| *kind).collect(),
        };
        for (id, resource) in section(&template, "Resources") {
            let kind = resource["Type"].as_str().unwrap();
            assert!(known.contains(kind), "{name}: {id} is a {kind}");
            for key in keys(resource) {
                assert!(OF_A_RESOURCE.contains(&key), "{name}: {id} has {key}");
            }
            let expected = CONDITIONAL.iter().find(|(it, _)| *it == kind).map(|(_, condition)| *condition);
            let condition = resource.get("Condition").map(|it| it.as_str().unwrap_or_default());
            assert_eq!(condition, expected, "{name}: {id} is not always there");
        }
    }
}

#[test]
fn a_template_has_no_section_that_is_not_known() {
    let common = ["AWSTemplateFormatVersion", "Conditions", "Description", "Parameters", "Resources"];
    for (name, template) in templates() {
        let own = if name == ROOT { ["Outputs", "Rules"] } else { ["Globals", "Transform"] };
        let known: BTreeSet<&str> = common.into_iter().chain(own).collect();
        assert_eq!(keys(&template).into_iter().collect::<BTreeSet<_>>(), known, "{name}");
        if name == ROOT {
            // Whoever may read a stack reads its outputs.
            assert_eq!(keys(&template["Outputs"]), ["ApiAddress"]);
            assert_eq!(template["Outputs"]["ApiAddress"]["Value"], attribute("Api", "ApiEndpoint"));
        } else {
            assert_eq!(template["Transform"], "AWS::Serverless-2016-10-31", "{name}");
        }
    }
}

#[test]
fn what_all_functions_have_in_common_is_this() {
    let expected = json!({ "Function": {
        "Handler": "bootstrap",
        "Runtime": "provided.al2023",
        "Architectures": ["arm64"],
        "Timeout": shared::deadline::LONGEST.as_secs(),
        "MemorySize": 256,
        "Tracing": "Active",
        "Environment": { "Variables": {
            "CORS_ALLOWED_ORIGINS": reference("CorsAllowedOrigins"),
            "LOG_LEVEL": reference("LogLevel"),
            "METRICS": "emf",
            "OTEL_EXPORTER_OTLP_ENDPOINT": reference("OtlpEndpoint"),
        } },
    } });
    for (module, template) in stacks() {
        assert_eq!(template["Globals"], expected, "{module}");
    }
}

#[test]
fn a_function_has_no_door_and_no_right_beside_its_role_and_its_routes() {
    for (module, template) in stacks() {
        let functions = of_type(&template, "AWS::Serverless::Function");
        assert!(functions.len() > 3, "{module}");
        for (id, function) in functions {
            for key in keys(function) {
                assert!(OF_A_FUNCTION.contains(&key), "{module}: {id} has {key}");
            }
            assert_eq!(function["Role"], attribute(&format!("{id}Role"), "Arn"), "{module}: {id}");
            assert_eq!(
                keys(&function["Environment"]).len(),
                usize::from(function.get("Environment").is_some())
            );
            let logging = json!({
                "LogGroup": reference(&format!("{id}Logs")), "LogFormat": "JSON", "ApplicationLogLevel": "TRACE",
            });
            assert_eq!(function["LoggingConfig"], logging, "{module}: {id} filters its log or has another");
        }
    }
}

#[test]
fn a_function_is_called_by_the_gateway_or_its_clock_of_this_very_stack() {
    let gateway = Regex::new(
        r"^arn:\$\{AWS::Partition\}:execute-api:\$\{AWS::Region\}:\$\{AWS::AccountId\}:\$\{ApiId\}/\*/[^*$]",
    );
    let (gateway, mut permissions) = (gateway.unwrap(), 0);
    for (module, template) in stacks() {
        let functions: Vec<&str> =
            of_type(&template, "AWS::Serverless::Function").into_iter().map(|(id, _)| id).collect();
        for (id, permission) in of_type(&template, "AWS::Lambda::Permission") {
            permissions += 1;
            let expected = ["Action", "FunctionName", "Principal", "SourceArn"];
            assert_eq!(
                keys(permission).into_iter().collect::<BTreeSet<_>>(),
                BTreeSet::from(expected),
                "{id}"
            );
            assert_eq!(permission["Action"], "lambda:InvokeFunction", "{module}: {id}");
            let function = permission["FunctionName"]["Ref"].as_str().unwrap();
            assert!(functions.contains(&function), "{module}: {id} is about {function}");
            let source = &permission["SourceArn"];
            let is_ours = match permission["Principal"].as_str() {
                Some("apigateway.amazonaws.com") => source["Fn::Sub"].as_str().is_some_and(|arn| {
                    gateway.is_match(arn)
                        || arn.ends_with("${ApiId}/*/$default")
                            && gateway.is_match(&arn.replace("/$default", "/d"))
                }),
                Some("events.amazonaws.com") => *source == attribute(&format!("{function}Clock"), "Arn"),
                _ => false,
            };
            assert!(is_ours, "{module}: {id} lets {} call by {source}", permission["Principal"]);
        }
    }
    assert!(permissions > 40, "{permissions}");
}

#[test]
fn the_gateway_calls_functions_under_no_role_and_asks_no_other_who_somebody_is() {
    for (module, template) in stacks() {
        for (id, integration) in of_type(&template, "AWS::ApiGatewayV2::Integration") {
            let function = id.strip_suffix("Integration").unwrap();
            let expected = json!({
                "ApiId": reference("ApiId"), "IntegrationType": "AWS_PROXY",
                "IntegrationUri": attribute(function, "Arn"), "PayloadFormatVersion": "2.0",
            });
            assert_eq!(*integration, expected, "{module}: {id}");
        }
        for (id, route) in of_type(&template, "AWS::ApiGatewayV2::Route") {
            let function = id.strip_suffix("HeadRoute").or_else(|| id.strip_suffix("Route")).unwrap();
            let expected = json!({
                "ApiId": reference("ApiId"), "RouteKey": route["RouteKey"], "AuthorizationType": "NONE",
                "Target": { "Fn::Sub": format!("integrations/${{{function}Integration}}") },
            });
            assert_eq!(*route, expected, "{module}: {id}");
        }
    }
}

#[test]
fn nobody_but_lambda_takes_on_a_role_and_a_role_is_what_is_written_here_alone() {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" },
        ],
    });
    for (module, template) in stacks() {
        let roles = of_type(&template, "AWS::IAM::Role");
        let functions = of_type(&template, "AWS::Serverless::Function");
        assert_eq!(roles.len(), functions.len(), "{module}: one role a function");
        for (id, role) in roles {
            // No boundary, no policy of others, no path, and no name that another account could count on.
            assert_eq!(keys(role).len(), 2, "{module}: {id} has {:?}", keys(role));
            assert_eq!(role["AssumeRolePolicyDocument"], trust, "{module}: {id}");
            let [policy] = role["Policies"].as_array().unwrap().as_slice() else {
                unreachable!("{module}: {id} has not one policy")
            };
            let document = &policy["PolicyDocument"];
            assert_eq!(
                (keys(document).len(), &document["Version"]),
                (2, &json!("2012-10-17")),
                "{module}: {id}"
            );
            for statement in document["Statement"].as_array().unwrap() {
                let statement = match intrinsic(statement) {
                    Some(("Fn::If", choice)) => &choice[1],
                    _ => statement,
                };
                let own: BTreeSet<&str> = keys(statement).into_iter().collect();
                assert_eq!(
                    own,
                    BTreeSet::from(["Action", "Effect", "Resource"]),
                    "{module}: {id}: {statement}"
                );
            }
        }
    }
}

#[test]
fn no_queue_takes_from_anybody_but_the_queue_of_notices() {
    let policies: usize =
        stacks().values().map(|template| of_type(template, "AWS::SQS::QueuePolicy").len()).sum();
    assert_eq!(policies, 1, "`queues` says what the one says");
}

#[test]
fn the_gateway_lets_through_so_much_and_no_more() {
    let root = &templates()[ROOT];
    let [(_, api)] = of_type(root, "AWS::ApiGatewayV2::Api").try_into().unwrap();
    assert_eq!(*api, json!({ "Name": { "Fn::Sub": "grafono-${Environment}" }, "ProtocolType": "HTTP" }));
    let [(_, stage)] = of_type(root, "AWS::ApiGatewayV2::Stage").try_into().unwrap();
    let known = ["AccessLogSettings", "ApiId", "AutoDeploy", "DefaultRouteSettings", "StageName"];
    assert_eq!(keys(stage).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(known));
    assert_eq!((&stage["AutoDeploy"], &stage["StageName"]), (&json!(true), &json!("$default")));
    let limits = json!({
        "DetailedMetricsEnabled": true,
        "ThrottlingBurstLimit": reference("ThrottlingBurst"),
        "ThrottlingRateLimit": reference("ThrottlingRate"),
    });
    assert_eq!(stage["DefaultRouteSettings"], limits, "every route has the limits");
    for (name, most) in [("ThrottlingRate", MOST_RATE), ("ThrottlingBurst", MOST_BURST)] {
        let parameter = &root["Parameters"][name];
        assert_eq!((&parameter["Type"], &parameter["MinValue"]), (&json!("Number"), &json!(1)), "{name}");
        let default = parameter["Default"].as_u64().unwrap();
        assert!((1..=most).contains(&default), "{name} is {default}");
        let set = Regex::new(&format!("\"{name}=([0-9]+)\"")).unwrap();
        let settings = samconfig();
        let values: Vec<u64> = set.captures_iter(&settings).map(|found| found[1].parse().unwrap()).collect();
        assert!(values.len() == 3 && values.iter().all(|it| (1..=most).contains(it)), "{name}: {values:?}");
    }
}

fn samconfig() -> String {
    std::fs::read_to_string(root().join("samconfig.toml")).unwrap()
}

#[test]
fn the_gateways_log_says_nothing_of_whom_a_request_is_from() {
    let root = &templates()[ROOT];
    let [(_, stage)] = of_type(root, "AWS::ApiGatewayV2::Stage").try_into().unwrap();
    let settings = &stage["AccessLogSettings"];
    assert_eq!(settings["DestinationArn"], attribute("AccessLogs", "Arn"));
    let variable = Regex::new(r"\$context\.([A-Za-z.]+)").unwrap();
    let format = settings["Format"].as_str().unwrap();
    let logged: BTreeSet<&str> =
        variable.captures_iter(format).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(logged, BTreeSet::from(LOGGED));
}

#[test]
fn a_value_of_a_parameter_is_matched_as_a_whole_and_no_secret_is_one() {
    for (name, parameter) in section(&templates()[ROOT], "Parameters") {
        let forms = ["AllowedValues", "AllowedPattern", "MinValue"].map(|form| parameter.get(form));
        assert!(forms.iter().any(Option::is_some), "{name} takes anything");
        if let Some(pattern) = parameter.get("AllowedPattern").and_then(Value::as_str) {
            assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{name}: {pattern}");
            let inner = &pattern[1..pattern.len() - 1];
            let is_open = |part: &str| part.contains('|') && !(part.starts_with('(') && part.ends_with(')'));
            assert!(!is_open(inner), "{name}: an alternative of {pattern} is not bound");
            let is_secret = name.ends_with("SecretArn");
            let is_arn = pattern.contains("arn:aws[a-z-]*:secretsmanager:");
            assert_eq!(is_secret, is_arn, "{name} is a secret by its name or by its form alone");
        }
        assert!(parameter.get("NoEcho").is_none(), "{name}: what is secret is in Secrets Manager");
    }
}
