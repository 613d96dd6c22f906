//! What a deployed function may do: its own log, its own secrets, and nothing else (C10).

use crate::templates::{Resource, binary, declared, functions, of_type, stacks, template};
use grafono::generate::root;
use regex::Regex;
use serde_json::{Value, json};

/// Actions that are granted on everything, and why.
const UNCONFINED: [(&str, &str); 2] = [
    ("xray:PutTraceSegments", "X-Ray knows no resources for it"),
    ("xray:PutTelemetryRecords", "X-Ray knows no resources for it"),
];

/// One value, or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => {
            all.iter().map(|one| one.as_str().unwrap_or_else(|| chosen(one).as_str().unwrap())).collect()
        }
        one => vec![one.as_str().unwrap()],
    }
}

/// What stands in a condition when it holds, with nothing for when it does not.
fn chosen(conditional: &Value) -> &Value {
    assert_eq!(conditional[2], "AWS::NoValue", "{conditional}");
    &conditional[1]
}

/// All that a role may do, whichever conditions hold.
pub(crate) fn statements(role: &Value) -> Vec<&Value> {
    let policies = role["Policies"].as_array().unwrap().iter();
    let all = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    all.map(|statement| if statement.is_array() { chosen(statement) } else { statement }).collect()
}

/// A function's role, which no other function has.
pub(crate) fn role_of<'a>(template: &'a Value, function: Resource<'_>) -> &'a Value {
    let role = function.1["Role"].as_str().unwrap();
    let sharing = functions(template).into_iter().filter(|(_, other)| other["Role"] == role);
    assert_eq!(sharing.count(), 1, "{role} is shared");
    let roles = of_type(template, "AWS::IAM::Role").into_iter();
    let mut own = roles.filter(|(id, _)| format!("{id}.Arn") == role);
    own.next().unwrap().1
}

#[test]
fn no_action_and_no_resource_is_a_wildcard_but_those_listed() {
    let mut unused: Vec<_> = UNCONFINED.iter().map(|(action, _)| *action).collect();
    let mut templates: Vec<_> = stacks().into_iter().map(|(_, template)| template).collect();
    templates.push(template("template.yaml"));
    for template in &templates {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let kind = resource["Type"].as_str().unwrap();
            let elsewhere = kind.starts_with("AWS::IAM::") && kind != "AWS::IAM::Role";
            let granted = resource["Properties"].get("Policies").is_some() && kind != "AWS::IAM::Role";
            assert!(!elsewhere && !granted, "{id} grants something beside a role");
        }
        for (id, role) in of_type(template, "AWS::IAM::Role") {
            assert!(role.get("ManagedPolicyArns").is_none(), "{id} has a policy that is not written here");
            for statement in statements(role) {
                let everywhere = texts(&statement["Resource"]).iter().any(|resource| resource.contains('*'));
                for action in texts(&statement["Action"]) {
                    assert!(!action.contains('*'), "{id}: {action}");
                    let listed = UNCONFINED.iter().any(|(listed, _)| *listed == action);
                    assert!(!everywhere || listed, "{id}: {action} on everything");
                    unused.retain(|listed| *listed != action);
                }
            }
        }
    }
    assert!(unused.is_empty(), "listed, but nobody has it: {unused:?}");
}

#[test]
fn a_function_is_given_what_it_needs_and_reads_no_other_secret() {
    for (module, template) in stacks() {
        for (id, function) in functions(&template) {
            let declared = declared(&module);
            let deployed = declared.iter().find(|deployed| deployed.name == binary(function)).unwrap();
            let needs = deployed.needs;
            let all = [
                (needs.database, "DATABASE_URL_SECRET_ARN", deployed.secret.as_str(), true),
                (needs.issues_tokens, "TOKEN_SECRET_KEY_SECRET_ARN", "TokenSecretKeySecretArn", true),
                (needs.external.is_some(), "REDIS_URL_SECRET_ARN", "RedisUrlSecretArn", true),
                (needs.mail, "SENDGRID_API_KEY_SECRET_ARN", "SendgridApiKeySecretArn", true),
                (needs.mail, "MAIL_FROM", "MailFrom", false),
                (needs.mail, "MAIL_TRANSPORT", "MailTransport", false),
                (needs.mail, "SES_CONFIGURATION_SET", "SesConfigurationSet", false),
                (needs.links, "PUBLIC_URL", "PublicUrl", false),
                (
                    needs.mail_events.is_some(),
                    "SENDGRID_WEBHOOK_PUBLIC_KEY",
                    "SendgridWebhookPublicKey",
                    false,
                ),
                (needs.verifies_tokens, "TOKEN_PUBLIC_KEYS", "TokenPublicKeys", false),
            ];
            let given = &function["Environment"]["Variables"];
            for (is_needed, key, parameter, _) in all {
                let expected = if is_needed { json!(parameter) } else { Value::Null };
                assert_eq!(given[key], expected, "{}: {id}: {key}", module.name);
            }
            let expected: Vec<_> =
                all.iter().filter(|it| it.0 && it.3).map(|(_, _, parameter, _)| *parameter).collect();
            let granted = statements(role_of(&template, (id, function))).into_iter();
            let readable: Vec<_> = granted
                .filter(|statement| texts(&statement["Action"]).contains(&"secretsmanager:GetSecretValue"))
                .flat_map(|statement| texts(&statement["Resource"]))
                .collect();
            assert_eq!(readable, expected, "{}: {id}", module.name);
        }
    }
}

#[test]
fn mail_is_sent_by_whom_it_is_declared_as_one_sender_and_in_one_way() {
    let own =
        |what| json!(format!("arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{what}"));
    let expected = json!(["SendsBySes", {
        "Effect": "Allow",
        "Action": ["ses:SendEmail", "ses:SendRawEmail"],
        "Resource": [
            own("identity/${MailDomain}"),
            ["HasSesConfigurationSet", own("configuration-set/${SesConfigurationSet}"), "AWS::NoValue"],
        ],
    }, "AWS::NoValue"]);
    let mut senders = Vec::new();
    for (module, template) in stacks() {
        let declared = declared(&module);
        for (id, function) in functions(&template) {
            let deployed = declared.iter().find(|deployed| deployed.name == binary(function)).unwrap();
            let role = role_of(&template, (id, function));
            let may_send = role.to_string().contains("ses:");
            assert_eq!(may_send, deployed.needs.mail, "{}: {id}", module.name);
            if may_send {
                let all = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
                assert!(all.contains(&expected), "{}: {id}: {all:?}", module.name);
                senders.push((id.to_owned(), template["Conditions"]["SendsBySes"].clone()));
            }
        }
    }
    assert_eq!(senders, [("SendMail".to_owned(), json!(["MailTransport", "ses"]))]);
}

#[test]
fn a_transport_without_what_it_needs_is_refused_before_anything_is_changed() {
    let root = template("template.yaml");
    for (transport, needed) in [("ses", "MailDomain"), ("sendgrid", "SendgridApiKeySecretArn")] {
        let mut rules = root["Rules"].as_object().unwrap().values();
        let rule = rules.find(|rule| rule["RuleCondition"] == json!(["MailTransport", transport])).unwrap();
        assert_eq!(rule["Assertions"][0]["Assert"], json!([[needed, ""]]), "{transport}");
        assert_eq!(root["Parameters"][needed]["Default"], "", "the other transport does without {needed}");
    }
    let known = root["Parameters"]["MailTransport"]["AllowedValues"].as_array().unwrap();
    assert_eq!(root["Rules"].as_object().unwrap().len(), known.len());
}

#[test]
fn a_function_writes_to_its_own_log_and_to_no_other() {
    for (module, template) in stacks() {
        for (id, function) in functions(&template) {
            let group = function["LoggingConfig"]["LogGroup"].as_str().unwrap();
            let granted = statements(role_of(&template, (id, function))).into_iter();
            let writable: Vec<_> = granted
                .filter(|statement| texts(&statement["Action"]).contains(&"logs:PutLogEvents"))
                .flat_map(|statement| texts(&statement["Resource"]))
                .collect();
            assert_eq!(writable, [format!("{group}.Arn")], "{}: {id}", module.name);
        }
    }
}

#[test]
fn every_environment_sets_every_parameter_and_what_is_still_to_be_set_is_refused() {
    let parameters = template("template.yaml")["Parameters"].clone();
    let required = parameters.as_object().unwrap().iter();
    let required: Vec<_> = required.filter(|(_, parameter)| parameter.get("Default").is_none()).collect();
    assert!(required.len() >= 4);
    let settings = std::fs::read_to_string(root().join("samconfig.toml")).unwrap();
    for environment in ["dev", "staging", "production"] {
        let section = settings.split(&format!("[{environment}.deploy.parameters]")).nth(1).unwrap();
        let section = section.split("\n[").next().unwrap();
        assert!(section.contains(&format!("\"Environment={environment}\"")));
        for (name, parameter) in &required {
            assert!(section.contains(&format!("\"{name}=")), "{environment} does not set {name}");
            let Some(pattern) = parameter["AllowedPattern"].as_str() else { continue };
            assert!(!Regex::new(pattern).unwrap().is_match("SET-ME"), "{name} takes what is no value");
        }
    }
}

#[test]
fn a_real_value_is_taken() {
    let parameters = template("template.yaml")["Parameters"].clone();
    let secret = "arn:aws:secretsmanager:sa-east-1:123456789012:secret:grafono/production/billing-a1B2c3";
    let key = format!("k4.public.{}", "A".repeat(43));
    let shown = &testkit::SendgridKey::default().shown();
    for (name, value) in [
        ("BillingDatabaseSecretArn", secret),
        ("TokenPublicKeys", &format!("{key},{key}")),
        ("CorsAllowedOrigins", "https://app.example.com,https://desk.example.com"),
        ("CorsAllowedOrigins", ""),
        ("OtlpEndpoint", "http://localhost:4318"),
        ("OtlpEndpoint", ""),
        ("PublicUrl", "https://app.example.com"),
        ("PublicUrl", "https://app.example.com:8443/clinic/"),
        ("MailFrom", "no-reply@example.com"),
        ("MailFrom", "A name <no-reply@example.com>"),
        ("MailDomain", "mail.example.com"),
        ("MailDomain", ""),
        ("SesConfigurationSet", "grafono-production"),
        ("SesConfigurationSet", ""),
        ("MailNoticesTopicArn", "arn:aws:sns:sa-east-1:123456789012:mail"),
        ("MailNoticesTopicArn", ""),
        ("SendgridApiKeySecretArn", secret),
        ("SendgridApiKeySecretArn", ""),
        ("SendgridWebhookPublicKey", shown),
        ("SendgridWebhookPublicKey", ""),
        ("AlarmTopicArn", "arn:aws:sns:sa-east-1:123456789012:alarms"),
        ("AlarmTopicArn", ""),
    ] {
        let pattern = parameters[name]["AllowedPattern"].as_str().unwrap();
        assert!(Regex::new(pattern).unwrap().is_match(value), "{name} refuses {value}");
    }
}
