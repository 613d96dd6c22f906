//! W3C trace context, level 1: `traceparent` in and out.

use crate::clock::Ids;
use jiff::Timestamp;

/// The trace of a call, and the call's own span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// 16 lower-case hexadecimal digits.
    pub span_id: String,
    /// The caller's span, likewise, if there is a caller.
    parent_id: Option<String>,
    sampled: bool,
}

impl Trace {
    /// Continues the caller's trace, or starts one when the header is absent or malformed.
    pub fn continue_from(header: Option<&str>, ids: &dyn Ids, now: Timestamp) -> Self {
        let fresh = ids.new_id(now).simple().to_string();
        let own_span: String = ids.new_id(now).simple().to_string().chars().skip(16).collect();
        match header.and_then(parse) {
            Some((trace_id, parent, sampled)) => {
                Self { trace_id, span_id: own_span, parent_id: Some(parent), sampled }
            }
            None => Self { trace_id: fresh, span_id: own_span, parent_id: None, sampled: false },
        }
    }

    /// The header for calls that this call makes.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-0{}", self.trace_id, self.span_id, u8::from(self.sampled))
    }

    /// The caller's span and its sampled flag, if there is a caller.
    #[cfg(feature = "otlp")]
    pub(crate) fn parent(&self) -> Option<(&str, bool)> {
        self.parent_id.as_deref().map(|parent| (parent, self.sampled))
    }

    /// Gives the call these ids, with which its span is exported.
    #[cfg(feature = "otlp")]
    pub(crate) fn adopt(&mut self, trace_id: String, span_id: String, sampled: bool) {
        (self.trace_id, self.span_id, self.sampled) = (trace_id, span_id, sampled);
    }
}

/// The trace id, the caller's span and the sampled flag of a well-formed header (Trace Context §3.2).
fn parse(header: &str) -> Option<(String, String, bool)> {
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let well_formed = hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && hex(trace, 32)
        && !zero(trace)
        && hex(parent, 16)
        && !zero(parent)
        && hex(flags, 2);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    well_formed.then(|| (trace.to_owned(), parent.to_owned(), flags & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemIds;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn at(header: Option<&str>) -> Trace {
        Trace::continue_from(header, &SystemIds, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_callers_trace_goes_on_under_a_span_of_our_own() {
        let trace = at(Some(GIVEN));
        assert_eq!(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.span_id, "00f067aa0ba902b7");
        assert!(trace.traceparent().ends_with("-01"));
    }

    #[test]
    fn a_malformed_header_starts_a_new_trace() {
        for header in ["", "00", "00-0-0-0", &GIVEN.to_uppercase(), &GIVEN.replace("4bf92f35", "4bf92f3é")] {
            let trace = at(Some(header));
            assert_eq!(trace.trace_id.len(), 32, "{header}");
            assert_ne!(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736", "{header}");
        }
    }
}
