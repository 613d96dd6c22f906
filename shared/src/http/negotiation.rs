//! The media type and the coding of an answer, as the caller wishes (RFC 9110 §12.5), and the media type of a body.

/// The names of UTF-8 in `charset`: its own and its aliases (IANA character sets, WHATWG Encoding §4.2).
const UTF_8: [&str; 4] = ["utf-8", "utf8", "csutf8", "unicode-1-1-utf-8"];

/// A media range of `Accept`.
#[derive(Clone, Copy)]
struct Range<'a> {
    media: &'a str,
    /// Whether the range has parameters that no answer has.
    is_narrower: bool,
    weight: f32,
}

/// Of `offers`, the media type that `accept` prefers; none where the header excludes all of them. The range that fits an
/// offer most precisely gives its weight. Of equal weights the more precise range decides, then the earlier one, then the
/// earlier offer. A range that is none is passed over.
pub(crate) fn preferred(accept: &str, offers: &[&'static str]) -> Option<&'static str> {
    let ranges: Vec<Range<'_>> = parts(accept, ',').filter_map(range).collect();
    let mut best: Option<(Range<'_>, u8, usize, &'static str)> = None;
    for offer in offers {
        let fitting =
            ranges.iter().enumerate().filter_map(|(place, it)| Some((*it, precision(it, offer)?, place)));
        let Some((range, precision, place)) = fitting.max_by_key(|(_, precision, _)| *precision) else {
            continue;
        };
        let is_better = best.is_none_or(|(than, its_precision, its_place, _)| {
            (range.weight, precision, its_place) > (than.weight, its_precision, place)
        });
        if range.weight > 0.0 && is_better {
            best = Some((range, precision, place, offer));
        }
    }
    best.map(|(_, _, _, offer)| offer)
}

/// How precisely a range fits an offer; none for a range that does not. A range with parameters that no answer has fits
/// only where no other range does: to refuse its sender would help nobody.
fn precision(range: &Range<'_>, offer: &str) -> Option<u8> {
    let (kind, subtype) = range.media.split_once('/')?;
    let (offered_kind, offered_subtype) = offer.split_once('/')?;
    let has_kind = kind.eq_ignore_ascii_case(offered_kind);
    match (kind, subtype) {
        ("*", "*") => Some(1),
        (_, "*") if has_kind => Some(2),
        _ if has_kind && subtype.eq_ignore_ascii_case(offered_subtype) => {
            Some(if range.is_narrower { 0 } else { 3 })
        }
        _ => None,
    }
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut rest = parts(text, ';');
    // Some clients write `*` for `*/*`.
    let media = Some(rest.next()?).filter(|media| *media != "*").unwrap_or("*/*");
    let (kind, subtype) = media.split_once('/')?;
    let is_range = is_token(kind) && is_token(subtype) && (kind != "*" || subtype == "*");
    let (mut is_narrower, mut weight) = (false, 1.0);
    for parameter in rest {
        let (name, value) = pair(parameter);
        if name.eq_ignore_ascii_case("q") {
            weight = weight_of(value)?;
            break;
        }
        is_narrower |= !(name.is_empty() || is_utf_8(name, value));
    }
    is_range.then_some(Range { media, is_narrower, weight })
}

/// Whether the caller would rather have the answer by gzip than as it is. Without the header the answer goes out as it is:
/// whoever does not speak of codings may not know any.
pub(crate) fn prefers_gzip(accept_encoding: &str) -> bool {
    let codings: Vec<(&str, f32)> = parts(accept_encoding, ',').filter_map(coding).collect();
    let weight = |names: &[&str]| {
        let named = codings.iter().find(|(name, _)| names.iter().any(|it| it.eq_ignore_ascii_case(name)));
        named.map(|(_, weight)| *weight)
    };
    let of_others = weight(&["*"]);
    let gzip = weight(&["gzip", "x-gzip"]).or(of_others).unwrap_or(0.0);
    gzip > 0.0 && gzip >= weight(&["identity"]).or(of_others).unwrap_or(0.0)
}

fn coding(text: &str) -> Option<(&str, f32)> {
    let mut rest = parts(text, ';');
    let name = rest.next().filter(|name| is_token(name))?;
    let weight = rest.map(pair).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    Some((name, weight.map_or(Some(1.0), |(_, value)| weight_of(value))?))
}

/// Whether `content_type` is one of `media_types`, in UTF-8 as far as it says.
pub(crate) fn is_one_of(content_type: &str, media_types: &[&str]) -> bool {
    let mut rest = parts(content_type, ';');
    let media = rest.next().unwrap_or_default();
    media_types.iter().any(|it| it.eq_ignore_ascii_case(media))
        && rest.map(pair).all(|(name, value)| !name.eq_ignore_ascii_case("charset") || is_utf_8(name, value))
}

/// Whether all codings of a body are `identity`, which is none.
pub(crate) fn is_identity(content_encoding: &str) -> bool {
    parts(content_encoding, ',').all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
}

fn is_utf_8(name: &str, value: &str) -> bool {
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    name.eq_ignore_ascii_case("charset") && UTF_8.iter().any(|it| it.eq_ignore_ascii_case(value))
}

/// A weight of 0 to 1; clients also write `.2`.
fn weight_of(text: &str) -> Option<f32> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|weight| is_plain && (0.0..=1.0).contains(weight))
}

fn pair(parameter: &str) -> (&str, &str) {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    (name.trim(), value.trim())
}

/// The parts of a header's value between `separator`s, which in quoted text are none, without the blanks around them.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let between = move |character: char| {
        let was_escaped = is_escaped;
        is_escaped = is_quoted && !was_escaped && character == '\\';
        if character == '"' && !was_escaped {
            is_quoted = !is_quoted;
        }
        character == separator && !is_quoted
    };
    text.split(between).map(str::trim)
}

/// Whether it is a token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &[&str] = &["application/json", "text/html"];
    const JSON: Option<&str> = Some("application/json");
    const HTML: Option<&str> = Some("text/html");

    #[test]
    fn the_media_type_is_the_one_that_the_caller_prefers() {
        for (accept, expected) in [
            ("*/*", JSON),
            ("*", JSON),
            ("application/json", JSON),
            ("application/json, text/html", JSON),
            ("text/html, application/json", HTML),
            ("text/html;q=0, application/json", JSON),
            ("text/html;q=0.000, */*;q=0.1", JSON),
            ("text/*", HTML),
            ("TEXT/HTML", HTML),
            ("Text/*;Q=0.5", HTML),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
            ("application/json;q=0.2, text/html;q=0.3", HTML),
            ("text/html;q=0.3,application/json;q=0.30", HTML),
            ("text/*;q=0.3, text/html;q=0.7, application/*;q=0.5", HTML),
            ("text/*, text/html;q=0, application/*;q=0.1", JSON),
            ("*/*, application/json;q=0", HTML),
            ("text/html, */*", HTML),
            ("text/html, image/gif, *; q=.2, */*; q=.2", HTML),
            (" text/html ; q = 1 ", HTML),
            ("application/json;charset=UTF8", JSON),
            ("application/json; odata=verbose", JSON),
            ("text/html;level=1, text/html;q=0.4, application/json;q=0.5", JSON),
            ("application/xml;x=\"a,text/html,b\", application/json", JSON),
            (", ,application/json,", JSON),
            ("text/html;q=2, application/json;q=0.1", JSON),
            ("text/html;q=, application/json;q=0.1", JSON),
            ("text/html;q=-1, application/json;q=NaN, */*;q=0.1", JSON),
            ("image/png", None),
            ("application/json;q=0, */*;Q=0", None),
            ("*/html", None),
            ("text", None),
            ("application/jsonx, text/htm", None),
            ("application/problem+json", None),
        ] {
            assert_eq!(preferred(accept, BOTH), expected, "{accept}");
        }
    }

    #[test]
    fn an_answer_is_packed_for_whoever_prefers_gzip() {
        for packed in
            ["gzip", "GZIP", "x-gzip", "br, gzip;q=0.5", "*", "gzip, identity", "identity;q=0, gzip;q=0.1"]
        {
            assert!(prefers_gzip(packed), "{packed}");
        }
        for plain in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip;q=0.000, *",
            "*;q=0",
            "gzip;q=0.2, identity",
            "gzip;q=0.2, *;q=0.5",
            "gzip;q=x",
            "gzipped",
        ] {
            assert!(!prefers_gzip(plain), "{plain}");
        }
    }

    #[test]
    fn a_body_says_its_type_in_any_case_and_utf_8_by_any_of_its_names() {
        for taken in [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json; charset=utf8",
            "application/json; Charset=\"UTF-8\"",
            "application/json ; charset = \"Utf8\" ;",
            "application/json; profile=\"a;charset=latin1\"",
        ] {
            assert!(is_one_of(taken, &["application/json"]), "{taken}");
        }
        for refused in [
            "",
            "text/json",
            "application/jsonx",
            "application/json, text/plain",
            "application/json; charset=latin1",
            "application/json; charset=utf-8; charset=utf-16",
            "application/json; charset=",
            "application/json; charset=\"utf-8",
            "application/json; charset=utf-80",
        ] {
            assert!(!is_one_of(refused, &["application/json"]), "{refused}");
        }
    }

    #[test]
    fn identity_is_no_coding() {
        assert!(["", "identity", "Identity", "IDENTITY, identity"].iter().all(|it| is_identity(it)));
        assert!(["gzip", "identity, gzip", "identityx"].iter().all(|it| !is_identity(it)));
    }
}
