//! What a template names is there, is passed on under its own name, and is a reference and no text (A1).

use crate::tagged::{ROOT, Templates, intrinsic, keys, of_type, reference, section, stacks, templates};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What AWS gives every template.
const PSEUDO: [&str; 5] =
    ["AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"];

/// The attributes that are asked for, by the kind of resource that has them.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint"),
    ("AWS::Events::Rule", "Arn"),
    ("AWS::IAM::Role", "Arn"),
    ("AWS::Logs::LogGroup", "Arn"),
    ("AWS::SQS::Queue", "Arn"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::Serverless::Function", "Arn"),
];

/// A variable in a text.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\{([^}]*)\}").unwrap());

/// What a template names.
#[derive(Default)]
struct Named {
    /// Parameters, resources and what AWS gives, each once.
    names: BTreeSet<String>,
    /// Resources with the attribute that is asked for.
    attributes: BTreeSet<(String, String)>,
    conditions: BTreeSet<String>,
    /// Texts that are not within a function, and the keys they stand at.
    texts: Vec<(String, String)>,
}

impl Named {
    fn collect(&mut self, at: &str, value: &Value) {
        if let Some((function, given)) = intrinsic(value) {
            match (function, given) {
                ("Ref", Value::String(name)) => {
                    self.names.insert(name.clone());
                }
                ("Fn::GetAtt", Value::Array(path)) => {
                    let part = |index: usize| path[index].as_str().unwrap().to_owned();
                    self.attributes.insert((part(0), part(1)));
                }
                ("Fn::Sub", Value::String(text)) => {
                    self.names.extend(VARIABLE.captures_iter(text).map(|found| found[1].to_owned()));
                }
                ("Fn::If", Value::Array(choice)) => {
                    self.conditions.insert(choice[0].as_str().unwrap().to_owned());
                    for it in &choice[1..] {
                        self.collect(at, it);
                    }
                }
                ("Fn::Equals" | "Fn::Not", Value::Array(all)) => {
                    for it in all {
                        self.collect(at, it);
                    }
                }
                _ => self.texts.push((at.to_owned(), format!("{function} of {given}"))),
            }
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match (key.as_str(), inner) {
                        // Of a resource; of a policy's statement it is a map.
                        ("Condition", Value::String(name)) => {
                            self.conditions.insert(name.clone());
                        }
                        ("DependsOn", Value::String(name)) => {
                            self.names.insert(name.clone());
                        }
                        _ => self.collect(key, inner),
                    }
                }
            }
            Value::Array(all) => {
                for it in all {
                    self.collect(at, it);
                }
            }
            Value::String(text) => self.texts.push((at.to_owned(), text.clone())),
            _ => {}
        }
    }

    fn of(template: &Value) -> Self {
        let mut named = Self::default();
        named.collect("", template);
        named
    }
}

/// What is wrong with the names of a template.
fn faults(name: &str, template: &Value) -> Vec<String> {
    let named = Named::of(template);
    let resources = section(template, "Resources");
    let known: BTreeSet<&str> = keys(&template["Parameters"])
        .into_iter()
        .chain(resources.iter().map(|(id, _)| *id))
        .chain(PSEUDO)
        .collect();
    let conditions: BTreeSet<&str> = keys(&template["Conditions"]).into_iter().collect();
    let mut found = Vec::new();
    for it in named.names.iter().filter(|it| !known.contains(it.as_str())) {
        found.push(format!("{name}: there is no {it}"));
    }
    for it in named.conditions.iter().filter(|it| !conditions.contains(it.as_str())) {
        found.push(format!("{name}: there is no condition {it}"));
    }
    for it in conditions.iter().filter(|it| !named.conditions.contains(**it)) {
        found.push(format!("{name}: nothing asks for the condition {it}"));
    }
    for it in keys(&template["Parameters"]).iter().filter(|it| !named.names.contains(**it)) {
        found.push(format!("{name}: nothing asks for the parameter {it}"));
    }
    for (id, attribute) in &named.attributes {
        let kind = template["Resources"][id]["Type"].as_str().unwrap_or("nothing");
        if !ATTRIBUTES.contains(&(kind, attribute.as_str())) {
            found.push(format!("{name}: {id} is {kind}, which has no {attribute}"));
        }
    }
    for (at, text) in &named.texts {
        if known.contains(text.as_str()) && at != "Description" {
            found.push(format!("{name}: {at} is the text {text} and not what is called so"));
        }
        if text.contains("${") {
            found.push(format!("{name}: nothing is filled in at {at}: {text}"));
        }
        if text.contains("Fn::") || text.starts_with('!') {
            found.push(format!("{name}: {at} is {text}"));
        }
    }
    found
}

/// Parameters of a stack that do not come from the root's of the same name.
fn source(stack: &str, parameter: &str) -> Value {
    match parameter {
        "ApiId" => reference("Api"),
        "DatabaseSecretArn" => reference(&format!("{stack}DatabaseSecretArn")),
        same => reference(same),
    }
}

/// What is wrong with what the root passes to the modules' stacks.
fn misled(templates: &Templates) -> Vec<String> {
    let root = &templates[ROOT];
    let mut found = Vec::new();
    for (id, stack) in of_type(root, "AWS::CloudFormation::Stack") {
        if keys(stack).len() != 2 {
            found.push(format!("{id} has {:?}", keys(stack)));
        }
        let theirs = &templates[&id.to_lowercase()]["Parameters"];
        let passed = &stack["Parameters"];
        let names: BTreeSet<&str> = keys(theirs).into_iter().chain(keys(passed)).collect();
        for name in names {
            let (expected, given) = (source(id, name), passed.get(name));
            if given != Some(&expected) || theirs.get(name).is_none() {
                found.push(format!("{id}: {name} is {}", given.unwrap_or(&Value::Null)));
            }
            let ours = &root["Parameters"][expected["Ref"].as_str().unwrap_or_default()]["Type"];
            if name != "ApiId" && theirs[name]["Type"] != *ours {
                found.push(format!("{id}: {name} is {} and {ours}", theirs[name]["Type"]));
            }
            // What may be left out is said once, in the root.
            let own: BTreeSet<&str> = keys(&theirs[name]).into_iter().collect();
            if own != BTreeSet::from(["Description", "Type"]) {
                found.push(format!("{id}: {name} has {own:?}"));
            }
        }
    }
    found
}

#[test]
fn everything_that_a_template_names_is_there_and_is_asked_for() {
    for (name, template) in templates() {
        assert_eq!(faults(&name, &template), [""; 0]);
    }
}

#[test]
fn every_parameter_of_a_stack_is_passed_and_is_the_one_of_its_name() {
    let all = templates();
    assert_eq!(misled(&all), [""; 0]);
    let stacks = of_type(&all[ROOT], "AWS::CloudFormation::Stack").len();
    assert_eq!(stacks, crate::tagged::stacks().len());
}

#[test]
fn each_wrong_name_is_found() {
    for (way, planted) in [
        ("/Resources/Login/Properties/Role", json!({ "Fn::GetAtt": ["LoginRoles", "Arn"] })),
        ("/Resources/Login/Properties/Role", json!({ "Fn::GetAtt": ["LoginRole", "RoleId"] })),
        ("/Resources/LoginLogs/Properties/RetentionInDays", json!("LogRetentionDays")),
        ("/Resources/LoginLogs/Properties/RetentionInDays", reference("LogRetention")),
        ("/Resources/LoginLogs/Properties/LogGroupName", json!("/grafono/${Environment}/login")),
        ("/Resources/LoginLogs/Properties/LogGroupName", json!({ "Fn::Sub": "/grafono/${Stage}/login" })),
        ("/Resources/LoginLogs/Properties/LogGroupName", json!({ "Fn::ImportValue": "elsewhere" })),
        ("/Resources/ErrorsAlarm/Properties/AlarmActions/Fn::If/0", json!("HasTopic")),
        ("/Conditions/Further", json!({ "Fn::Equals": ["a", "b"] })),
        ("/Parameters/Further", json!({ "Type": "String" })),
    ] {
        let mut template = stacks()["identity"].clone();
        let (around, name) = way.rsplit_once('/').unwrap();
        match template.pointer_mut(way) {
            Some(it) => *it = planted,
            None => template.pointer_mut(around).unwrap()[name] = planted,
        }
        assert_eq!(faults("identity", &template).len(), 1, "{way}: {:?}", faults("identity", &template));
    }
}
