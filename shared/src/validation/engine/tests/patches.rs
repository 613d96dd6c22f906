use super::parse_body;
use super::{OrderPatch, lines};
use crate::validation::{Patch, Replace};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

fn refused(body: &str) -> Vec<String> {
    lines(&parse_body::<OrderPatch>(body.as_bytes()).unwrap_err())
}

#[test]
fn an_absent_field_is_kept() {
    let patch = parse_body::<OrderPatch>(b"{}").unwrap();

    assert!(patch.quantity.is_keep());
    assert!(patch.full_name.is_keep());
    assert_eq!(patch.email_address.into_option(), None);
}

#[test]
fn null_clears_a_field() {
    let patch = parse_body::<OrderPatch>(br#"{"quantity": null, "address": null}"#).unwrap();

    assert!(patch.quantity == Patch::Clear);
    assert!(matches!(patch.address, Patch::Clear));
}

#[test]
fn a_value_sets_a_field() {
    let body = r#"{"fullName": " Ada ", "quantity": 3, "lines": []}"#;

    let patch = parse_body::<OrderPatch>(body.as_bytes()).unwrap();

    assert!(patch.quantity == Patch::Set(3));
    assert_eq!(patch.full_name.into_option().unwrap().as_str(), "Ada");
    assert!(matches!(patch.lines, Patch::Set(list) if list.is_empty()));
}

#[test]
fn a_field_that_cannot_be_cleared_refuses_null() {
    assert_eq!(
        refused(r#"{"fullName": null, "quantity": null}"#),
        ["/fullName INVALID_TYPE must not be null"]
    );
}

#[test]
fn rules_see_the_inner_value() {
    let body = r#"{"fullName": "", "emailAddress": "no", "quantity": 10, "slug": "forbidden",
        "address": {"streetLine": "", "postCode": 1},
        "lines": [{"itemName": "a", "quantity": 0}]}"#;

    assert_eq!(
        refused(body),
        [
            "/address/streetLine TOO_SHORT must be a street",
            "/emailAddress INVALID_EMAIL must be an e-mail address",
            "/fullName TOO_SHORT must have 1 to 8 characters",
            "/lines/0/quantity OUT_OF_RANGE must be from 1 to 99999999999",
            "/quantity OUT_OF_RANGE must be from 1 to 9",
            "/slug FORBIDDEN_TYPE is not valid",
        ]
    );
}

#[test]
fn wrong_types_and_absent_inner_fields_are_found_inside_a_patch() {
    assert_eq!(
        refused(r#"{"quantity": "3", "slug": "A", "address": {"postCode": true}}"#),
        [
            "/address/postCode INVALID_TYPE must be an integer",
            "/address/streetLine REQUIRED is required",
            "/quantity INVALID_TYPE must be an integer",
            "/slug INVALID_FORMAT does not have the right format",
        ]
    );
}

#[test]
fn the_schema_is_that_of_the_value_and_null_is_for_patch_only() {
    let schema = schemars::schema_for!(OrderPatch).to_value();
    let properties = &schema["properties"];

    assert_eq!(properties["quantity"]["type"], serde_json::json!(["integer", "null"]));
    assert_eq!(properties["fullName"]["type"], "string");
    assert_eq!(properties["fullName"]["maxLength"], 8);
    assert!(properties["fullName"].get("default").is_none());
    assert!(schema.get("required").is_none());
}

#[test]
fn a_forgotten_default_is_an_error_and_never_a_clear() {
    #[derive(Debug, Deserialize, JsonSchema, Validate)]
    struct Forgotten {
        name: Patch<i64>,
        other: Replace<i64>,
    }

    let refused = parse_body::<Forgotten>(b"{}").unwrap_err();
    let given = parse_body::<Forgotten>(br#"{"name": null, "other": 1}"#).unwrap();

    assert_eq!(lines(&refused), ["/name REQUIRED is required", "/other REQUIRED is required"]);
    assert!(given.name == Patch::Clear && given.other == Replace::Set(1));
}

#[test]
fn debug_shows_the_type_only() {
    assert_eq!(format!("{:?}", Patch::Set("CANARY")), "Patch");
    assert_eq!(format!("{:?}", Replace::Set("CANARY")), "Replace");
}
