//! The settings of log, metrics and spans, checked at start (C9).

use crate::settings::{BadSettings, Form, Given, Parameter, Setting, SettingError, Variables};
use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The settings that every function reads for its log, metrics and spans; `docs/telemetry.md` has those of spans whole.
pub const SETTINGS: &[Setting] = &[
    Setting::optional("LOG_LEVEL", "what is logged: error, warn, info, debug or trace; `info` unless given")
        .parameter(Parameter::new("LogLevel", Form::OneOf(&LEVELS)).or("info")),
    // In the log lines: no call and no permission is needed for metrics.
    Setting::optional("METRICS", "`emf` for metrics in the log lines; none unless given")
        .form("emf, or not given")
        .by(Given::Expression("emf")),
    Setting::optional(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "the collector that functions built with the feature otlp send spans to ([seeing](telemetry.md)); none unless \
         given",
    )
    .parameter(
        Parameter::new(
            "OtlpEndpoint",
            Form::Matches(
                "^(https?://[A-Za-z0-9.:/_-]+)?$",
                "an address such as https://collector.example.com:4318, or empty",
            ),
        )
        .or("")
        .about("The collector that functions built with the feature otlp send spans to; none when empty"),
    ),
];

/// The settings of logging, metrics and spans.
#[derive(Debug)]
pub(crate) struct TelemetrySettings {
    /// `LOG_LEVEL`: error, warn, info, debug or trace; `info` unless given.
    pub(crate) level: String,
    /// `METRICS=emf`: metrics for `CloudWatch` in the log lines; none unless given.
    pub(crate) has_metrics: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` and its companions; no spans are sent unless given.
    pub(crate) otlp: Option<Otlp>,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), has_metrics: false, otlp: None }
    }
}

/// Where spans go and how.
#[derive(Debug)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "what is not built in is checked all the same"))]
pub(crate) struct Otlp {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` with the path of traces added (OTLP exporter specification).
    pub(crate) endpoint: String,
    /// `OTEL_EXPORTER_OTLP_HEADERS`, as given: percent-encoded.
    pub(crate) headers: HashMap<String, String>,
    /// `OTEL_SERVICE_NAME`, or the function's name.
    pub(crate) service: String,
    /// `OTEL_TRACES_SAMPLER_ARG`: the share of the traces begun here that is kept, 0 to 1; all unless given.
    pub(crate) share: f64,
}

impl TelemetrySettings {
    /// Reads the settings. `service` is the process's name unless `OTEL_SERVICE_NAME` is given.
    pub(crate) fn read(variable: &Variables<'_>, service: &str) -> Result<Self, BadSettings> {
        let given = |key| variable(key).filter(|value| !value.is_empty());
        let level = given("LOG_LEVEL").map_or(Ok("info".to_owned()), |level| {
            LEVELS.contains(&level.as_str()).then_some(level).ok_or(SettingError::Malformed)
        });
        let has_metrics = match given("METRICS").as_deref() {
            None => Ok(false),
            Some("emf") => Ok(true),
            Some(_) => Err(SettingError::Malformed),
        };
        let endpoint = given("OTEL_EXPORTER_OTLP_ENDPOINT").map(|text| endpoint(&text)).transpose();
        let headers = headers(&given("OTEL_EXPORTER_OTLP_HEADERS").unwrap_or_default());
        let share = share(given("OTEL_TRACES_SAMPLER_ARG").as_deref());
        let service = given("OTEL_SERVICE_NAME").unwrap_or_else(|| service.to_owned());
        match (level, has_metrics, endpoint, headers, share) {
            (Ok(level), Ok(has_metrics), Ok(endpoint), Ok(headers), Ok(share)) => {
                let otlp = endpoint.map(|endpoint| Otlp { endpoint, headers, service, share });
                Ok(Self { level, has_metrics, otlp })
            }
            (level, has_metrics, endpoint, headers, share) => {
                let all = [
                    ("LOG_LEVEL", level.err()),
                    ("METRICS", has_metrics.err()),
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.err()),
                    ("OTEL_EXPORTER_OTLP_HEADERS", headers.err()),
                    ("OTEL_TRACES_SAMPLER_ARG", share.err()),
                ];
                let bad = all
                    .into_iter()
                    .filter_map(|(key, error)| Some((key, error.map(|it| expecting(key, it))?)));
                Err(BadSettings(bad.collect()))
            }
        }
    }
}

/// The error with the form that the setting of that key must have.
fn expecting(key: &str, error: SettingError) -> SettingError {
    let own = match key {
        "OTEL_EXPORTER_OTLP_HEADERS" => "name=value pairs, separated by commas, with percent-encoded values",
        "OTEL_TRACES_SAMPLER_ARG" => "a share from 0 to 1, such as 0.25",
        _ => return SETTINGS.iter().find(|it| it.key == key).map_or(error.clone(), |it| it.explained(error)),
    };
    SettingError::Expected(own.into())
}

/// The address that spans are sent to, made of the common address of all kinds of signals.
fn endpoint(text: &str) -> Result<String, SettingError> {
    let uri: Uri = text.parse().map_err(|_| SettingError::Malformed)?;
    let has_scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    if !has_scheme || uri.authority().is_none() || uri.query().is_some() {
        return Err(SettingError::Malformed);
    }
    Ok(format!("{}/v1/traces", text.trim_end_matches('/')))
}

/// `name=value`, separated by commas, values percent-encoded (OTLP exporter specification, W3C Baggage).
fn headers(text: &str) -> Result<HashMap<String, String>, SettingError> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let decoded = percent_decode_str(value).decode_utf8().ok()?;
        HeaderName::try_from(name).ok()?;
        HeaderValue::try_from(decoded.as_ref()).ok()?;
        Some((name.to_owned(), value.to_owned()))
    };
    pairs.map(|pair| header(pair).ok_or(SettingError::Malformed)).collect()
}

fn share(text: Option<&str>) -> Result<f64, SettingError> {
    let Some(text) = text else { return Ok(1.0) };
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or(SettingError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_is_a_log_and_nothing_else() {
        let settings = TelemetrySettings::read(&|_| None, "service").unwrap();
        assert_eq!((settings.level.as_str(), settings.has_metrics), ("info", false));
        assert!(settings.otlp.is_none());
    }

    #[test]
    fn an_address_leads_to_the_path_of_traces() {
        let variable = |key: &'static str| match key {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("https://collector.example/otlp/".to_owned()),
            "OTEL_EXPORTER_OTLP_HEADERS" => Some("api-key=a%20b, x-other=c".to_owned()),
            "OTEL_TRACES_SAMPLER_ARG" => Some("0.25".to_owned()),
            _ => None,
        };
        let otlp = TelemetrySettings::read(&variable, "a-function").unwrap().otlp.unwrap();
        assert_eq!(otlp.endpoint, "https://collector.example/otlp/v1/traces");
        assert_eq!((otlp.service.as_str(), otlp.share.to_string().as_str()), ("a-function", "0.25"));
        assert_eq!((otlp.headers["api-key"].as_str(), otlp.headers["x-other"].as_str()), ("a%20b", "c"));
    }

    #[test]
    fn every_bad_one_is_named_at_once_and_no_value_is_shown() {
        let bad = TelemetrySettings::read(&|_| Some("canary value".to_owned()), "service").unwrap_err();
        assert_eq!(
            bad.to_string(),
            "LOG_LEVEL must be error, warn, info, debug or trace; METRICS must be emf, or not given; \
             OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as https://collector.example.com:4318, or empty; \
             OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs, separated by commas, with percent-encoded values; \
             OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1, such as 0.25"
        );
        for endpoint in ["collector:4318", "ftp://collector", "/v1/traces", "http://collector/?key=canary"] {
            let variable =
                |key: &'static str| (key == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| endpoint.to_owned());
            assert!(TelemetrySettings::read(&variable, "service").is_err(), "{endpoint}");
        }
    }
}
