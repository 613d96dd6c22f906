//! An integer is one by its value, and is read without loss.

use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::super::Place;
use super::{lines, parse_body, parse_strings};

#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Numbers {
    #[schemars(example = &"a")]
    label: String,
    signed: Option<i64>,
    unsigned: Option<u64>,
    #[validate(range(min = 1, max = 99_999_999_999_i64))]
    amount: Option<i64>,
    factor: Option<f64>,
}

fn read(field: &str, number: &str) -> Result<Numbers, Vec<String>> {
    // Whatever stands before the number must not shift the spellings.
    let body = format!(r#"{{"label": "\"-7.5\\", "{field}": {number}}}"#);
    parse_body::<Numbers>(body.as_bytes()).map_err(|violations| lines(&violations))
}

#[test]
fn every_spelling_of_a_whole_number_is_that_number() {
    let cases = [
        ("254.0", 254),
        ("2.54e2", 254),
        ("2.54E+2", 254),
        ("2540e-1", 254),
        ("-254.000", -254),
        ("-0", 0),
        ("-0.0e-5", 0),
        ("0e99", 0),
        ("1e18", 1_000_000_000_000_000_000),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("9223372036854775807.0", i64::MAX),
        ("-9223372036854775808.0", i64::MIN),
    ];
    for (written, value) in cases {
        assert_eq!(read("signed", written).unwrap().signed, Some(value), "{written}");
        let pair = [("label".to_owned(), "a".to_owned()), ("signed".to_owned(), written.to_owned())];
        let parsed = parse_strings::<Numbers>(Place::Query, &pair).unwrap();
        assert_eq!(parsed.signed, Some(value), "{written} as a parameter");
    }
    assert_eq!(read("unsigned", "18446744073709551615.0").unwrap().unsigned, Some(u64::MAX));
}

#[test]
fn a_fraction_is_no_integer_however_close() {
    for written in [
        "0.5",
        "254.00000000000000000000001",
        "0.99999999999999999999",
        "1e-1",
        "-1.5e0",
        "9007199254740993.5",
        "-9223372036854775809.5",
        "18446744073709551616.25",
        "5e-324",
        "1e-99999999999999999999",
    ] {
        let refused = read("signed", written).unwrap_err();
        assert_eq!(refused, ["/signed INVALID_TYPE must be an integer"], "{written}");
    }
}

#[test]
fn a_whole_number_beyond_its_type_or_its_rule_is_out_of_range() {
    let cases = [
        ("signed", "9223372036854775808.0", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "1e300", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "-1e19", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "-9223372036854775809", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "-9223372036854775808.0e1", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "18446744073709551616", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "-18446744073709551617.0", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "1e400", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "-1.5E+400", "from -9223372036854775808 to 9223372036854775807"),
        ("signed", "1e99999999999999999999", "from -9223372036854775808 to 9223372036854775807"),
        ("unsigned", "18446744073709551616", "from 0 to 18446744073709551615"),
        ("unsigned", "-1e309", "from 0 to 18446744073709551615"),
        ("amount", "2e308", "from 1 to 99999999999"),
        ("unsigned", "-1.0", "from 0 to 18446744073709551615"),
        ("amount", "0.0", "from 1 to 99999999999"),
        ("amount", "1e11", "from 1 to 99999999999"),
    ];
    for (field, written, range) in cases {
        let refused = read(field, written).unwrap_err();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with(&format!("/{field} OUT_OF_RANGE must be {range}")), "{refused:?}");
    }
    assert_eq!(read("amount", "9.9999999999e10").unwrap().amount, Some(99_999_999_999));
}

#[test]
fn a_number_beyond_every_float_is_out_of_range_as_an_integer_and_invalid_elsewhere() {
    let long = "9".repeat(400);
    for written in ["1e400", "-1e309", "2E308", "10e3080", "1.00e+400", long.as_str()] {
        let pair = [("label".to_owned(), "a".to_owned()), ("signed".to_owned(), written.to_owned())];
        let refused = lines(&parse_strings::<Numbers>(Place::Query, &pair).unwrap_err());
        let expected = "/signed OUT_OF_RANGE must be from -9223372036854775808 to 9223372036854775807";
        assert_eq!(refused, [expected], "{written}");
        assert_eq!(read("signed", written).unwrap_err(), [expected], "{written}");
        for field in ["factor", "unknown"] {
            let refused = read(field, written).unwrap_err();
            let expected = format!("/{field} INVALID_NUMBER must be a number that fits into 64 bits");
            assert_eq!(refused, [expected], "{written}");
        }
    }
    // Beside it, everything else is read as it stands, and found.
    let body = r#"{"label": 7, "signed": 1e400, "unsigned": 1.5, "amount": 100e9, "factor": 2.5}"#;
    let refused = lines(&parse_body::<Numbers>(body.as_bytes()).unwrap_err());
    let codes: Vec<&str> = refused.iter().map(|line| line.split(" must").next().unwrap()).collect();
    assert_eq!(
        codes,
        ["/amount OUT_OF_RANGE", "/label INVALID_TYPE", "/signed OUT_OF_RANGE", "/unsigned INVALID_TYPE"]
    );
    // What is malformed stays so, at its place.
    for malformed in ["1.e400", "01e400", "1e400e", "--1e400", "1e+", "+1e400"] {
        let refused = read("signed", malformed).unwrap_err();
        assert!(refused[0].contains("MALFORMED_JSON"), "{malformed} {refused:?}");
    }
    let body = format!("{{\"label\": \"a\", \"signed\": {}, }}", "1e400");
    let refused = lines(&parse_body::<Numbers>(body.as_bytes()).unwrap_err());
    assert!(refused[0].contains(&format!("column {}", body.len())), "{refused:?}");
}

#[test]
fn a_number_that_may_have_a_fraction_keeps_it() {
    for (written, value) in [("1.5", 1.5), ("2.0", 2.0), ("1e300", 1e300), ("-0.25e1", -2.5)] {
        assert_eq!(read("factor", written).unwrap().factor, Some(value), "{written}");
    }
}

#[test]
fn spellings_keep_step_with_what_is_read() {
    let body =
        r#"{"label": "1.0", "signed": 7.0, "unsigned": 8, "amount": 9.5e1, "factor": 0.5, "x": [-1, "2"]}"#;
    let refused = parse_body::<Numbers>(body.as_bytes()).unwrap_err();
    let read = parse_body::<Numbers>(body.replace(r#", "x": [-1, "2"]"#, "").as_bytes()).unwrap();

    assert_eq!(lines(&refused), ["/x UNKNOWN_FIELD is not a known field"]);
    assert_eq!(
        (read.signed, read.unsigned, read.amount, read.factor),
        (Some(7), Some(8), Some(95), Some(0.5))
    );
}
