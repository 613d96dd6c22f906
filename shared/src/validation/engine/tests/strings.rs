use jiff::civil::date;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;
use validator::Validate;

use super::parse_strings;
use super::{Kind, lines};
use crate::validation::{FullDate, Id, Place, Text, Violation};

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listing {
    #[schemars(example = &"6f1c1b1e-5d0e-4a4e-9b39-0a6b1c2d3e4f")]
    tenant_id: Id,
    #[validate(range(min = 1, max = 200))]
    page_size: Option<u32>,
    offset: Option<i64>,
    only_open: Option<bool>,
    kind: Option<Kind>,
    from_date: Option<FullDate>,
    #[validate(length(max = 5))]
    search: Option<Text>,
    factor: Option<f64>,
}

const TENANT: (&str, &str) = ("tenantId", "6f1c1b1e-5d0e-4a4e-9b39-0a6b1c2d3e4f");

fn parse(pairs: &[(&str, &str)]) -> Result<Listing, Vec<Violation>> {
    let pairs: Vec<(String, String)> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    parse_strings(Place::Query, &pairs)
}

#[test]
fn each_value_becomes_what_its_field_wants() {
    let listing = parse(&[
        TENANT,
        ("pageSize", "50"),
        ("offset", "-7"),
        ("onlyOpen", "true"),
        ("kind", "income"),
        ("fromDate", "2024-02-29"),
        ("search", " 12 "),
        ("factor", "1.5"),
    ])
    .unwrap();

    assert_eq!(Uuid::from(listing.tenant_id).to_string(), TENANT.1);
    assert_eq!(listing.page_size, Some(50));
    assert_eq!(listing.offset, Some(-7));
    assert_eq!(listing.only_open, Some(true));
    assert_eq!(listing.kind, Some(Kind::Income));
    assert_eq!(listing.from_date, Some(date(2024, 2, 29).into()));
    assert_eq!(listing.search.unwrap().as_str(), "12");
    assert_eq!(listing.factor, Some(1.5));
}

#[test]
fn optional_parameters_may_be_left_out() {
    let listing = parse(&[TENANT]).unwrap();

    assert_eq!(listing.page_size, None);
}

#[test]
fn every_bad_parameter_is_reported_at_once() {
    let violations = parse(&[
        ("tenantId", "CANARY"),
        ("pageSize", "201"),
        ("offset", "1.5"),
        ("onlyOpen", "1"),
        ("kind", "CANARY"),
        ("fromDate", "2024-02-30"),
        ("search", "too long"),
        ("factor", "1e309"),
    ])
    .unwrap_err();

    assert_eq!(
        lines(&violations),
        [
            "/factor OUT_OF_RANGE is out of range",
            "/fromDate INVALID_DATE must be a date written as YYYY-MM-DD",
            "/kind INVALID_CHOICE must be one of: income, expense",
            "/offset INVALID_TYPE must be an integer",
            "/onlyOpen INVALID_TYPE must be a boolean",
            "/pageSize OUT_OF_RANGE must be from 1 to 200",
            "/search TOO_LONG must have at most 5 characters",
            "/tenantId INVALID_UUID must be a UUID",
        ]
    );
    assert!(violations.iter().all(|it| it.place == Place::Query));
}

#[test]
fn repeated_and_unknown_parameters_are_reported_with_the_others() {
    let violations = parse(&[
        ("pageSize", "x"),
        ("pageSize", "500"),
        ("pageSize", "1"),
        ("colour/~", "CANARY"),
        ("colour/~", "CANARY"),
        ("search", "too long"),
    ])
    .unwrap_err();

    assert_eq!(
        lines(&violations),
        [
            "/colour~1~0 UNKNOWN_PARAMETER is not a known parameter",
            "/pageSize REPEATED_PARAMETER must not be given more than once",
            "/search TOO_LONG must have at most 5 characters",
            "/tenantId REQUIRED is required",
        ]
    );
}

#[test]
fn numbers_are_read_strictly() {
    for value in ["+1", "01", " 1", "1 ", "", "0x1", "1_0", "١", "-", "1.", ".1e1", "1e", "null"] {
        let violations = parse(&[TENANT, ("pageSize", value)]).unwrap_err();

        assert_eq!(lines(&violations), ["/pageSize INVALID_TYPE must be an integer"], "{value}");
    }
}

#[test]
fn a_number_that_fits_no_type_is_out_of_range() {
    for value in ["-1", "4294967296", "99999999999999999999"] {
        let violations = parse(&[TENANT, ("pageSize", value)]).unwrap_err();

        assert_eq!(violations[0].code, "OUT_OF_RANGE", "{value}");
    }
}
