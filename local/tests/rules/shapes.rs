//! What is deployed, as one committed list that a person reads (`golden/templates.txt`): every template with all that it
//! has, and alike things once. The list is made of the committed templates and knows nothing of how they were made.

use crate::golden::compare;
use crate::tagged::{ROOT, Templates, intrinsic, section, templates};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

const LEGEND: &str = "\
# Everything that the templates have, alike things once. A heading is a kind of resource and says who has one: {F} is a
# function's id, {f} the name of its binary, {S} a stack's id, {s} its module. Below it is what they have; behind // stand
# those who have it, where not all do. What begins with @ is beside the Properties. [] is one of a list.
";

/// Lists that are looked into rather than shown as one value.
const OPENED: [&str; 1] = ["Policies"];

/// Sections of a template in which everything is one line.
const LINES: [&str; 2] = ["Parameters", "Conditions"];

/// What things of one kind have: what is said of whom, by path and value.
#[derive(Default)]
struct Kind {
    /// Whose things there are.
    owners: BTreeSet<String>,
    /// By path and value, who has it.
    said: BTreeMap<(String, String), BTreeSet<String>>,
    /// Who has it is told among these, where not among the owners.
    among: BTreeMap<String, BTreeSet<String>>,
}

/// All kinds by their headings.
type Kinds = BTreeMap<String, Kind>;

/// Where a thing belongs: the heading, its owner, and the texts that differ from owner to owner, with their placeholders.
struct Place {
    heading: String,
    owner: String,
    placeholders: Vec<(String, &'static str)>,
}

/// Texts that stand without quotes.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z$/{^(.][^,\[\]\x22]*$").unwrap());

/// A text as YAML has it in one line; with quotes where it could be taken for something else.
fn quoted(text: &str) -> String {
    let is_word = ["true", "false", "null"].contains(&text);
    if PLAIN.is_match(text) && !is_word { text.to_owned() } else { json!(text).to_string() }
}

/// A value in one line, its tags in their short form, names in order.
fn inline(value: &Value) -> String {
    match (intrinsic(value), value) {
        (Some(("Fn::GetAtt", Value::Array(path))), _) if path.iter().all(Value::is_string) => {
            let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
            format!("!GetAtt {}", path.join("."))
        }
        (Some((name, given)), _) => {
            format!("!{} {}", name.strip_prefix("Fn::").unwrap_or(name), inline(given))
        }
        (None, Value::Array(all)) => format!("[{}]", all.iter().map(inline).collect::<Vec<_>>().join(", ")),
        (None, Value::Object(map)) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            let all: Vec<_> =
                sorted.into_iter().map(|(key, it)| format!("{}: {}", quoted(key), inline(it))).collect();
            format!("{{{}}}", all.join(", "))
        }
        (None, Value::String(text)) => quoted(text),
        (None, other) => other.to_string(),
    }
}

/// Whether a value is a list with something that has names.
fn is_list_of_maps(value: &Value) -> bool {
    value.as_array().is_some_and(|all| {
        all.iter().any(|it| it.is_object() && !matches!(intrinsic(it), Some((name, _)) if name != "Fn::If"))
    })
}

/// Everything below a value: path and value, each as often as it is there.
fn leaves(path: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let last = path.rsplit('.').next().unwrap_or_default();
    let is_line = path.split_once('.').is_some_and(|(section, _)| LINES.contains(&section));
    match value {
        _ if is_line => into.push((path.to_owned(), value.clone())),
        Value::Object(map) if !map.is_empty() && intrinsic(value).is_none() => {
            for (name, inner) in map {
                leaves(&below(name), inner, into);
            }
        }
        Value::Array(all) if OPENED.contains(&last) && !all.is_empty() => {
            for (index, inner) in all.iter().enumerate() {
                leaves(&format!("{path}[{index}]"), inner, into);
            }
        }
        Value::Array(all) if is_list_of_maps(value) => {
            let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
            for (index, inner) in all.iter().enumerate() {
                let before = shown[..index].iter().filter(|it| **it == shown[index]).count();
                let times = if before == 0 { String::new() } else { format!("×{}", before + 1) };
                into.push((format!("{path}[{times}]"), inner.clone()));
            }
        }
        other => into.push((path.to_owned(), other.clone())),
    }
}

/// A text with what differs from owner to owner replaced.
fn general(text: &str, placeholders: &[(String, &str)]) -> String {
    let replace = |text: String, (it, placeholder): &(String, &str)| text.replace(it.as_str(), placeholder);
    placeholders.iter().fold(text.to_owned(), replace)
}

/// One function's part of an alarm over several: whose, and what it is beside that and its place in the list.
fn part_of_alarm(index: usize, part: &Value) -> Option<(String, Value)> {
    let function = part["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"].as_str()?;
    let mut general = part.clone();
    general["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] = json!("{F}");
    if part["Id"] == format!("m{index}") {
        general["Id"] = json!("m#");
    }
    Some((function.to_owned(), general))
}

/// Everything that a thing has goes to its kind.
fn add(kinds: &mut Kinds, place: Place, thing: &Value, functions: &BTreeSet<String>) {
    let kind = kinds.entry(place.heading).or_default();
    kind.owners.insert(place.owner.clone());
    let mut all = Vec::new();
    leaves("", thing, &mut all);
    all.retain(|(path, _)| path != "Type");
    let mut in_list: BTreeMap<String, usize> = BTreeMap::new();
    for (path, value) in all {
        let index = in_list.entry(path.clone()).or_default();
        let path = match path.strip_prefix("Properties.") {
            Some(property) => property.to_owned(),
            None if thing.get("Type").is_some() => format!("@{path}"),
            None => path,
        };
        let (who, value) = match part_of_alarm(*index, &value) {
            Some((function, value)) if path == "Metrics[]" => {
                kind.among.entry(path.clone()).or_insert_with(|| functions.clone());
                (function, value)
            }
            _ => (place.owner.clone(), value),
        };
        *index += 1;
        let value = general(&inline(&value), &place.placeholders);
        kind.said.entry((path, value)).or_default().insert(who);
    }
}

/// A parameter in the path of a route.
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[^}]+\}").unwrap());

/// The source of a route in a permission: its key without the blank, with a star for each parameter.
fn source_of(key: &str) -> String {
    PARAMETER.replace_all(&key.replacen(' ', "", 1), "*").into_owned()
}

/// The functions of a template, the longest id first, each with its binary.
fn functions(template: &Value) -> Vec<(String, String)> {
    let all = section(template, "Resources").into_iter();
    let mut found: Vec<_> = all
        .filter(|(_, it)| it["Type"] == "AWS::Serverless::Function")
        .map(|(id, it)| {
            let binary = it["Properties"]["CodeUri"].as_str().and_then(|path| path.rsplit('/').next());
            (id.to_owned(), binary.unwrap_or(id).to_owned())
        })
        .collect();
    found.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
    found
}

/// Where a module's resource belongs: to a function, else to the module.
fn place(module: &str, template: &Value, functions: &[(String, String)], id: &str) -> Place {
    let kind = template["Resources"][id]["Type"].as_str().unwrap_or_default();
    let owner = functions.iter().find(|(function, _)| id.starts_with(function.as_str())).cloned();
    let Some((function, binary)) = owner else {
        let stem = id.trim_end_matches(|it: char| it.is_ascii_digit());
        let number = &id[stem.len()..];
        let placeholders = vec![(format!("{module}: "), "{s}: ")];
        return Place { heading: format!("{kind} {stem}"), owner: format!("{module}{number}"), placeholders };
    };
    let suffix = &id[function.len()..];
    let mut placeholders = Vec::new();
    if let Some(route) = suffix.strip_suffix("Permission") {
        let key = template["Resources"][format!("{function}{route}Route")]["Properties"]["RouteKey"].as_str();
        placeholders.extend(key.map(|key| (format!("/*/{}", source_of(key)), "/*/{its route}")));
    }
    if suffix == "HeadRoute" {
        let key = template["Resources"][format!("{function}Route")]["Properties"]["RouteKey"].as_str();
        let path = key.and_then(|key| key.strip_prefix("GET ")).map(str::to_owned);
        placeholders.extend(path.map(|path| (path, "{as with GET}")));
    }
    placeholders.push((function.clone(), "{F}"));
    if suffix != "Route" {
        placeholders.push((binary, "{f}"));
    }
    Place { heading: format!("{kind} {{F}}{suffix}"), owner: function, placeholders }
}

fn add_module(kinds: &mut Kinds, module: &str, template: &Value, all_functions: &BTreeSet<String>) {
    let functions = functions(template);
    for (id, resource) in section(template, "Resources") {
        add(kinds, place(module, template, &functions, id), resource, all_functions);
    }
    let place = Place {
        heading: " functions/{s}/template.yaml".to_owned(),
        owner: module.to_owned(),
        placeholders: vec![(format!("endpoints of {module},"), "endpoints of {s},")],
    };
    add(kinds, place, &without_resources(template), all_functions);
}

fn without_resources(template: &Value) -> Value {
    let sections = template.as_object().unwrap().iter().filter(|(name, _)| *name != "Resources");
    sections.map(|(name, section)| (name.clone(), section.clone())).collect()
}

fn add_root(kinds: &mut Kinds, template: &Value, all_functions: &BTreeSet<String>) {
    for (id, resource) in section(template, "Resources") {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let is_stack = kind == "AWS::CloudFormation::Stack";
        let folder = format!("functions/{}/", id.to_lowercase());
        let place = Place {
            heading: format!("{kind} {}", if is_stack { "{S}" } else { id }),
            owner: if is_stack { id.to_owned() } else { ROOT.to_owned() },
            placeholders: if is_stack {
                vec![(folder, "functions/{s}/"), (format!("{id}Database"), "{S}Database")]
            } else {
                Vec::new()
            },
        };
        add(kinds, place, resource, all_functions);
    }
    let (heading, owner, placeholders) = (format!(" {ROOT}"), ROOT.to_owned(), Vec::new());
    add(kinds, Place { heading, owner, placeholders }, &without_resources(template), all_functions);
}

/// The names in a line.
fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who that is, in as few words as can be: everybody; those who have a thing of a kind; or names.
fn who<'a>(
    those: &BTreeSet<String>,
    everybody: &BTreeSet<String>,
    mut kinds: impl Iterator<Item = (&'a String, &'a Kind)>,
) -> Option<String> {
    if those == everybody {
        return None;
    }
    let own = kinds.find(|(heading, kind)| heading.contains("{F}") && kind.owners == *those);
    let others: Vec<&String> = everybody.difference(those).collect();
    Some(match own {
        Some((heading, _)) if those.len() > 1 => format!("who has {}", heading.rsplit(' ').next()?),
        _ if others.len() < those.len() && those.is_subset(everybody) => {
            format!("all but {}", listed(others))
        }
        _ => listed(those),
    })
}

/// The whole list.
fn text(templates: &Templates) -> String {
    let mut kinds = Kinds::new();
    let all_functions: BTreeSet<String> =
        templates.values().flat_map(functions).map(|(function, _)| function).collect();
    for (name, template) in templates {
        if name == ROOT {
            add_root(&mut kinds, template, &all_functions);
        } else {
            add_module(&mut kinds, name, template, &all_functions);
        }
    }
    let mut text = LEGEND.to_owned();
    for (heading, kind) in &kinds {
        let earlier = kinds.iter().take_while(|(other, _)| *other != heading);
        let owners = match who(&kind.owners, &all_functions, earlier) {
            None => ": every function".to_owned(),
            Some(owner) if owner == ROOT => String::new(),
            Some(owners) => format!(": {owners}"),
        };
        let _ = writeln!(text, "\n{}{owners}", heading.trim());
        for ((path, value), those) in &kind.said {
            let everybody = kind.among.get(path).unwrap_or(&kind.owners);
            let those = who(those, everybody, kinds.iter()).map(|those| format!("  // {those}"));
            let _ = writeln!(text, "  {path}  {value}{}", those.unwrap_or_default());
        }
    }
    text
}

#[test]
fn what_is_deployed_is_what_the_list_says() {
    compare("templates", &text(&templates()));
}

/// Every place in a value: the way to what is around it, and its name there.
fn places(value: &Value, way: &str, into: &mut Vec<(String, String)>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(all) => all.iter().enumerate().map(|(index, it)| (index.to_string(), it)).collect(),
        _ => Vec::new(),
    };
    for (name, it) in inner {
        places(it, &format!("{way}/{}", name.replace('~', "~0").replace('/', "~1")), into);
        into.push((way.to_owned(), name));
    }
}

/// Another value at a place where there are no others below, else another name.
fn change(around: &mut Value, name: &str) {
    match around {
        Value::Object(map) if map[name].is_object() || map[name].is_array() => {
            let value = map.remove(name).unwrap();
            map.insert("Further".to_owned(), value);
        }
        Value::Object(map) => map[name] = json!("another"),
        Value::Array(all) => all[name.parse::<usize>().unwrap()] = json!("another"),
        _ => {}
    }
}

/// Functions that have things of every kind: the others are left out below, to be done sooner.
const OF_EVERY_KIND: [&str; 5] =
    ["GetJobResult", "CreateWebhookEndpoint", "OutboxRelay", "RecordBounces", "SendMail"];

#[test]
fn whatever_is_changed_in_a_template_changes_the_list() {
    let mut all = templates();
    all.retain(|name, _| [ROOT, "platform"].contains(&name.as_str()));
    let platform = all.get_mut("platform").unwrap();
    let functions_of = functions(platform);
    let owner = |id: &str| functions_of.iter().find(|(it, _)| id.starts_with(it.as_str()));
    let resources = platform["Resources"].as_object_mut().unwrap();
    resources.retain(|id, _| owner(id).is_none_or(|(it, _)| OF_EVERY_KIND.contains(&it.as_str())));
    let list = text(&all);
    let mut seen = BTreeSet::new();
    let digits = Regex::new(r"[0-9]+").unwrap();
    for (template, whole) in &all {
        let functions = functions(whole);
        let mut ways = Vec::new();
        places(whole, "", &mut ways);
        for (way, name) in ways {
            // One of each kind of place: what is below a function's id is alike for every function.
            let place = format!("{way}/{name}");
            let id = place.split('/').nth(2).unwrap_or_default();
            let owner = functions.iter().find(|(it, _)| id.starts_with(it.as_str()));
            let kind = owner.map_or(place.clone(), |(it, _)| place.replacen(it, "", 1));
            if !seen.insert((template == ROOT, digits.replace_all(&kind, "").into_owned())) {
                continue;
            }
            let mut changed = all.clone();
            change(changed.get_mut(template).unwrap().pointer_mut(&way).unwrap(), &name);
            assert!(text(&changed) != list, "{template}: {place}");
        }
    }
    assert!(seen.len() > 300, "{}", seen.len());
}
