use super::super::Place;
use super::parse_body;
use super::{GOOD, Kind, Order, lines, order, refused_order};

#[test]
fn a_good_body_is_parsed() {
    let parsed = parse_body::<Order>(GOOD.as_bytes()).unwrap();

    assert_eq!(parsed.full_name.as_str(), "Grace");
    assert_eq!(parsed.kind, Kind::Expense);
    assert_eq!(parsed.lines[0].quantity, 2);
    assert_eq!(uuid::Uuid::from(parsed.order_id).get_version_num(), 4);
    assert!(!parsed.is_paid);
}

#[test]
fn five_bad_fields_with_wrong_types_among_them_give_five_sorted_entries() {
    let violations = refused_order(&[
        ("orderId", "\"no-uuid\""),
        ("fullName", "17"),
        ("emailAddress", "\"no-mail\""),
        ("isPaid", "\"yes\""),
        ("kind", "\"gift\""),
    ]);

    assert_eq!(
        lines(&violations),
        [
            "/emailAddress INVALID_EMAIL must be an e-mail address",
            "/fullName INVALID_TYPE must be a string",
            "/isPaid INVALID_TYPE must be a boolean",
            "/kind INVALID_CHOICE must be one of: income, expense",
            "/orderId INVALID_UUID must be a UUID",
        ]
    );
    assert!(violations.iter().all(|it| it.place == Place::Body));
}

#[test]
fn missing_unknown_and_broken_rules_are_reported_at_once() {
    let violations = refused_order(&[
        ("fullName", ""),
        ("colour", "\"red\""),
        ("emailAddress", "\"no-mail\""),
        ("startDate", "\"2024-13-01\""),
        ("endDate", "\"1999-01-01\""),
    ]);

    assert_eq!(
        lines(&violations),
        [
            "/colour UNKNOWN_FIELD is not a known field",
            "/emailAddress INVALID_EMAIL must be an e-mail address",
            "/fullName REQUIRED is required",
            "/startDate INVALID_DATE must be a date written as YYYY-MM-DD",
        ]
    );
}

#[test]
fn an_empty_object_lacks_every_required_field() {
    let violations = parse_body::<Order>(b"{}").unwrap_err();

    let pointers: Vec<&str> = violations.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/emailAddress", "/fullName", "/isPaid", "/kind", "/lines", "/orderId", "/startDate",]
    );
    assert!(violations.iter().all(|it| it.code == "REQUIRED"));
}

#[test]
fn null_for_required_fields_is_a_wrong_type_and_for_optional_ones_is_fine() {
    let violations = refused_order(&[
        ("fullName", "null"),
        ("kind", "null"),
        ("lines", "null"),
        ("address", "null"),
        ("endDate", "null"),
    ]);

    assert_eq!(
        lines(&violations),
        [
            "/fullName INVALID_TYPE must not be null",
            "/kind INVALID_TYPE must not be null",
            "/lines INVALID_TYPE must not be null",
        ]
    );
}

#[test]
fn nested_structs_and_lists_have_full_pointers() {
    let violations = refused_order(&[
        (
            "lines",
            r#"[{"itemName": "a", "quantity": 1},
                {"quantity": 1.5, "extra": {"deep": 1}},
                {"itemName": "", "quantity": 0},
                7]"#,
        ),
        ("address", r#"{"streetLine": "far too long a street", "postCode": 70000}"#),
    ]);

    assert_eq!(
        lines(&violations),
        [
            "/address/postCode OUT_OF_RANGE must be from 0 to 65535",
            "/address/streetLine TOO_LONG must be a street",
            "/lines/1/extra UNKNOWN_FIELD is not a known field",
            "/lines/1/itemName REQUIRED is required",
            "/lines/1/quantity INVALID_TYPE must be an integer",
            "/lines/2/itemName TOO_SHORT must have 1 to 20 characters",
            "/lines/2/quantity OUT_OF_RANGE must be from 1 to 99999999999",
            "/lines/3 INVALID_TYPE must be an object",
        ]
    );
}

#[test]
fn each_json_type_has_its_own_message() {
    let violations = refused_order(&[
        ("lines", "{}"),
        ("address", "[1, 2]"),
        ("startDate", "20240101"),
        ("kind", "3"),
        ("slug", "[]"),
        ("password", "{}"),
    ]);

    assert_eq!(
        lines(&violations),
        [
            "/address INVALID_TYPE must be an object",
            "/kind INVALID_CHOICE must be one of: income, expense",
            "/lines INVALID_TYPE must be an array",
            "/password INVALID_TYPE must be a string",
            "/slug INVALID_TYPE must be a string",
            "/startDate INVALID_TYPE must be a string",
        ]
    );
}

#[test]
fn a_struct_written_as_a_list_is_refused_though_serde_json_would_take_it() {
    let body = order(&[("address", r#"["Street", 12345]"#)]);
    assert!(serde_json::from_str::<Order>(&body).is_ok());

    let violations = parse_body::<Order>(body.as_bytes()).unwrap_err();

    assert_eq!(lines(&violations), ["/address INVALID_TYPE must be an object"]);
}

#[test]
fn a_unit_variant_written_as_an_object_is_refused_though_serde_json_would_take_it() {
    let body = order(&[("kind", r#"{"income": null}"#)]);
    assert!(serde_json::from_str::<Order>(&body).is_ok());

    let violations = parse_body::<Order>(body.as_bytes()).unwrap_err();

    assert_eq!(violations[0].code, "INVALID_CHOICE");
}

#[test]
fn an_integer_too_large_for_its_type_is_out_of_range() {
    let big = r#"[{"itemName": "a", "quantity": 99999999999999999999}]"#;

    let violations = refused_order(&[("lines", big)]);

    assert_eq!(lines(&violations), ["/lines/0/quantity OUT_OF_RANGE must be from 1 to 99999999999"]);
}

#[test]
fn canaries_in_every_field_never_show_up_in_a_violation() {
    let canary = "\"CANARY\u{202E}forbidden\"";
    let names = [
        "orderId",
        "fullName",
        "emailAddress",
        "kind",
        "startDate",
        "endDate",
        "isPaid",
        "lines",
        "address",
        "type",
        "slug",
        "password",
    ];
    let values = [
        canary.to_owned(),
        "\"CANARY\"".to_owned(),
        "{\"x\": \"CANARY\"}".to_owned(),
        "[\"CANARY\"]".to_owned(),
        "[{\"itemName\": [\"CANARY\"], \"quantity\": \"CANARY\"}]".to_owned(),
        "{\"streetLine\": \"CANARY CANARY CANARY\", \"postCode\": \"CANARY\"}".to_owned(),
        "424242424242".to_owned(),
    ];
    for value in &values {
        let changes: Vec<(&str, &str)> = names.iter().map(|it| (*it, value.as_str())).collect();

        let violations = refused_order(&changes);

        let shown = format!("{violations:?}{}", serde_json::to_string(&violations).unwrap());
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(!shown.contains("424242"), "{shown}");
    }
}

#[test]
fn unknown_names_are_shortened_escaped_and_cleaned() {
    let long = "x".repeat(500);
    let name = format!("a/b~c\\u0007\\u202e{long}");
    let body = format!("{{\"{name}\": \"CANARY\", {}", GOOD.trim_start_matches('{'));

    let violations = parse_body::<Order>(body.as_bytes()).unwrap_err();

    let expected = format!("/a~1b~0c\u{FFFD}\u{FFFD}{}", "x".repeat(57));
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].pointer, expected);
    assert_eq!(violations[0].code, "UNKNOWN_FIELD");
}

#[test]
fn at_most_a_hundred_violations_are_reported() {
    let unknown: Vec<String> = (0..10_000).map(|it| format!("\"k{it}\":0")).collect();

    let violations = parse_body::<Order>(format!("{{{}}}", unknown.join(",")).as_bytes());

    assert_eq!(violations.unwrap_err().len(), 100);
}
