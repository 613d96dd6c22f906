use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidateArgs, ValidationError};

use super::super::rules::{camel_case, is_within};
use super::{lines, parse_body, refused_order};
use crate::validation::Text;

#[test]
fn a_struct_rule_points_at_the_struct() {
    let violations = refused_order(&[("endDate", "\"2020-01-01\"")]);

    assert_eq!(lines(&violations), [" END_BEFORE_START ends too early"]);
}

#[test]
fn a_struct_rule_still_runs_beside_an_unknown_field() {
    let violations = refused_order(&[("endDate", "\"2020-01-01\""), ("zzz", "1")]);

    assert_eq!(
        lines(&violations),
        [" END_BEFORE_START ends too early", "/zzz UNKNOWN_FIELD is not a known field"]
    );
}

#[test]
fn a_struct_rule_is_not_applied_to_a_made_up_value() {
    // The example for startDate is 2024-01-31, after this endDate.
    let violations = refused_order(&[("startDate", ""), ("endDate", "\"2020-01-01\"")]);

    assert_eq!(lines(&violations), ["/startDate REQUIRED is required"]);
}

#[test]
fn a_struct_rule_that_judges_a_field_by_another_says_nothing_of_a_made_up_one() {
    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    #[serde(rename_all = "camelCase")]
    #[validate(schema(function = fits, skip_on_field_errors = false))]
    struct Paid {
        #[schemars(example = 1)]
        by: u8,
        #[serde(default)]
        with_change: bool,
    }
    fn fits(paid: &Paid) -> Result<(), ValidationError> {
        if paid.by != 1 || !paid.with_change {
            return Ok(());
        }
        let mut refused = ValidationError::new("NO_CHANGE");
        refused.add_param("field".into(), &"with_change");
        refused.add_param("by".into(), &"by");
        Err(refused)
    }
    let told = |body: &str| lines(&parse_body::<Paid>(body.as_bytes()).unwrap_err());

    assert_eq!(told(r#"{"by":1,"withChange":true}"#), ["/withChange NO_CHANGE is not valid"]);
    // The example is 1, which would go without change.
    assert_eq!(told(r#"{"by":"x","withChange":true}"#), ["/by INVALID_TYPE must be an integer"]);
    assert_eq!(told(r#"{"withChange":true}"#), ["/by REQUIRED is required"]);
}

#[test]
fn raw_identifiers_and_messages_made_at_run_time_are_handled() {
    let violations = refused_order(&[("type", "\"forbidden\"")]);

    assert_eq!(lines(&violations), ["/type FORBIDDEN_TYPE is not valid"]);
}

#[test]
fn a_list_has_items_and_keeps_its_length_rule_beside_bad_items() {
    let line = r#"{"itemName": "a", "quantity": 1}"#;
    let six = format!("[{line},{line},{line},{line},{line},0]");

    let violations = refused_order(&[("lines", &six)]);

    assert_eq!(
        lines(&violations),
        ["/lines TOO_LONG must have at most 5 items", "/lines/5 INVALID_TYPE must be an object"]
    );
}

#[test]
fn every_built_in_rule_has_a_code_and_a_message() {
    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    struct All {
        #[validate(length(equal = 1))]
        a: Text,
        #[validate(url)]
        b: String,
        #[validate(range(exclusive_min = 0.0, exclusive_max = 1.0))]
        c: f64,
        #[validate(range(min = 3))]
        d: u8,
        #[validate(custom(function = with_length_code))]
        e: u8,
        #[validate(length(min = 2, max = 2), nested)]
        f: Vec<Inner>,
        #[validate(must_match(other = "b"))]
        g: String,
        #[validate(required)]
        h: Option<u8>,
    }
    #[derive(Debug, Deserialize, Serialize, JsonSchema, Validate)]
    struct Inner {
        #[validate(length(min = 1, code = "TOO_EMPTY"))]
        a_b: String,
    }
    fn with_length_code(_: u8) -> Result<(), ValidationError> {
        Err(ValidationError::new("length"))
    }

    let body = r#"{"a":"","b":"x","c":1,"d":2,"e":0,"f":[{"a_b":""},{"a_b":"1"}],"g":"y","h":null}"#;
    let violations = parse_body::<All>(body.as_bytes()).unwrap_err();

    assert_eq!(
        lines(&violations),
        [
            "/a INVALID_LENGTH must have exactly 1 character",
            "/b INVALID_URL must be a URL",
            "/c OUT_OF_RANGE must be greater than 0.0 and less than 1.0",
            "/d OUT_OF_RANGE must be at least 3",
            "/e INVALID_LENGTH does not have the right length",
            "/f/0/a_b TOO_EMPTY is not valid",
            "/g MUST_MATCH does not match the other field",
            "/h REQUIRED is required",
        ]
    );
}

#[test]
fn camel_case_is_that_of_serde() {
    for (rust, json) in [
        ("full_name", "fullName"),
        ("a", "a"),
        ("_hidden", "hidden"),
        ("line_2", "line2"),
        ("a__b_", "aB"),
        ("vat_id_de", "vatIdDe"),
        ("", ""),
    ] {
        assert_eq!(camel_case(rust), json);
    }
}

#[test]
fn a_pointer_is_within_itself_and_its_parents_only() {
    assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", ""));
    assert!(!is_within("/ab", "/a") && !is_within("/a", "/a/b"));
}

#[test]
fn a_refusal_without_a_reason_still_gives_a_violation() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Mute {}

    impl ValidateArgs<'_> for Mute {
        type Args = ();

        fn validate_with_args(&self, (): ()) -> Result<(), validator::ValidationErrors> {
            Err(validator::ValidationErrors::new())
        }
    }

    let violations = parse_body::<Mute>(b"{}").unwrap_err();

    assert_eq!(lines(&violations), [" INVALID_VALUE is not valid"]);
}
