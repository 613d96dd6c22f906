//! Shapes beyond plain structs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::lines;
use super::parse_body;
use super::refusals::Iban;
use crate::validation::Text;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Method {
    Cash,
    Card(Card),
    Transfer { bank_code: i64 },
    Pair(i64, bool),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Card {
    last_four: u16,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
enum Tagged {
    Circle { radius: i64 },
    Dot,
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase")]
struct Shapes {
    method: Option<Method>,
    tagged: Option<Tagged>,
    pair: Option<(i64, bool)>,
    triple: Option<[u8; 3]>,
    counts: Option<BTreeMap<String, u8>>,
    boxed: Option<Vec<Vec<i8>>>,
    anything: Option<serde_json::Value>,
    single: Option<Wrapped>,
    letter: Option<char>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Wrapped(Text);

fn shapes(body: &str) -> Result<Shapes, Vec<String>> {
    parse_body::<Shapes>(body.as_bytes()).map_err(|violations| lines(&violations))
}

#[test]
fn variants_with_data_maps_tuples_and_free_values_are_read() {
    let body = r#"{"method": {"card": {"lastFour": 1234}}, "tagged": {"type": "circle", "radius": 2},
        "pair": [1, true], "triple": [1, 2, 3], "counts": {"a": 1}, "boxed": [[1], []],
        "anything": {"x": [null, 1.5]}, "single": "s", "letter": "l"}"#;

    let parsed = shapes(body).unwrap();

    assert_eq!(parsed.method, Some(Method::Card(Card { last_four: 1234 })));
    assert!(matches!(parsed.tagged, Some(Tagged::Circle { radius: 2 })));
    assert_eq!(parsed.pair, Some((1, true)));
    assert_eq!(parsed.counts.unwrap()["a"], 1);
    assert!(matches!(shapes(r#"{"method": "cash"}"#).unwrap().method, Some(Method::Cash)));
    assert!(matches!(shapes(r#"{"tagged": {"type": "dot"}}"#).unwrap().tagged, Some(Tagged::Dot)));
    assert!(shapes(r#"{"method": {"pair": [1, false]}}"#).is_ok());
}

#[test]
fn bad_nodes_inside_them_are_found() {
    let cases = [
        (
            r#"{"method": {"card": {"lastFour": 70000, "x": 1}}}"#,
            vec![
                "/method/card/lastFour OUT_OF_RANGE must be from 0 to 65535",
                "/method/card/x UNKNOWN_FIELD is not a known field",
            ],
        ),
        (r#"{"method": {"transfer": {}}}"#, vec!["/method/transfer/bankCode REQUIRED is required"]),
        (r#"{"tagged": {"type": "circle"}}"#, vec!["/tagged/radius REQUIRED is required"]),
        (
            r#"{"tagged": {"type": "circle", "radius": 1, "CANARY": 2}}"#,
            vec!["/tagged UNKNOWN_FIELD has an unknown field"],
        ),
        (
            r#"{"tagged": {"type": "CANARY"}}"#,
            vec!["/tagged/type INVALID_CHOICE must be one of: circle, dot"],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(shapes(body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn bad_nodes_inside_lists_and_maps_are_found() {
    let cases = [
        (r#"{"pair": [1, 2]}"#, vec!["/pair/1 INVALID_TYPE must be a boolean"]),
        (r#"{"pair": [1, true, 3]}"#, vec!["/pair INVALID_VALUE is not valid"]),
        (r#"{"triple": [1, 300, 2]}"#, vec!["/triple/1 OUT_OF_RANGE must be from 0 to 255"]),
        (
            r#"{"counts": {"a": 1, "b": -1, "c": "x"}}"#,
            vec!["/counts/b OUT_OF_RANGE must be from 0 to 255", "/counts/c INVALID_TYPE must be an integer"],
        ),
        (
            r#"{"boxed": [[1, 200], "x", [true]]}"#,
            vec![
                "/boxed/0/1 OUT_OF_RANGE must be from -128 to 127",
                "/boxed/1 INVALID_TYPE must be an array",
                "/boxed/2/0 INVALID_TYPE must be an integer",
            ],
        ),
        (
            r#"{"single": 1, "letter": "ll"}"#,
            vec!["/letter INVALID_VALUE is not valid", "/single INVALID_TYPE must be a string"],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(shapes(body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn free_values_and_maps_cannot_smuggle_duplicates_or_depth() {
    let deep = format!("{{\"anything\": {}{}}}", "[".repeat(40), "]".repeat(40));

    assert!(shapes(&deep).unwrap_err()[0].contains("TOO_DEEP"));
    for body in [
        r#"{"anything": {"a": 1, "a": 2}}"#,
        r#"{"counts": {"a": 1, "a": 2}}"#,
        r#"{"ignored": {"a": 1, "a": 2}}"#,
    ] {
        assert!(shapes(body).unwrap_err()[0].contains("DUPLICATE_KEY"), "{body}");
    }
}

#[test]
fn without_an_example_nothing_panics_and_the_rules_that_can_run_do() {
    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    struct NoExamples {
        iban: Iban,
        #[validate(length(min = 1))]
        name: Text,
    }
    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    struct Plain {
        number: i64,
        #[validate(length(min = 1))]
        name: Text,
    }

    let skipped = parse_body::<NoExamples>(br#"{"name": ""}"#).unwrap_err();
    let made_up = parse_body::<Plain>(br#"{"name": ""}"#).unwrap_err();

    assert_eq!(lines(&skipped), ["/iban REQUIRED is required"]);
    assert_eq!(made_up.len(), 2);
}
