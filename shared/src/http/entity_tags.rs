//! Lists of entity tags (RFC 9110 §8.8.3), and the versions that they name (B9).

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EntityTags<'a> {
    /// `*`: whatever is there.
    Any,
    /// One tag or more.
    These(Vec<EntityTag<'a>>),
}

/// One tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag<'a> {
    /// Whether it is marked by `W/`.
    is_weak: bool,
    /// What stands between the quotes.
    opaque: &'a [u8],
}

impl<'a> EntityTags<'a> {
    /// Reads a header's value, repeated headers joined by commas; none for a malformed one.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut rest = value.trim_ascii();
        if rest == b"*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        while !rest.is_empty() {
            // Empty elements of a list are passed over (RFC 9110 §5.6.1.2).
            if rest.first() != Some(&b',') {
                let (tag, behind) = tag(rest)?;
                tags.push(tag);
                rest = behind.trim_ascii_start();
            }
            rest = match rest.split_first() {
                Some((b',', behind)) => behind.trim_ascii_start(),
                Some(_) => return None,
                None => rest,
            };
        }
        (!tags.is_empty()).then_some(Self::These(tags))
    }

    /// Whether a tag of `known`, a header's value, is the tag `current`, weak or not (weak comparison).
    pub(crate) fn are_known(known: &'a [u8], current: &[u8]) -> bool {
        let current = tag(current).map(|(tag, _)| tag.opaque);
        match Self::parse(known) {
            Some(Self::Any) => true,
            Some(Self::These(tags)) => tags.iter().any(|tag| Some(tag.opaque) == current),
            None => false,
        }
    }
}

/// The tag at the beginning of `text`, and what is behind it.
fn tag(text: &[u8]) -> Option<(EntityTag<'_>, &[u8])> {
    let (is_weak, text) = text.strip_prefix(b"W/").map_or((false, text), |text| (true, text));
    let text = text.strip_prefix(b"\"")?;
    let (opaque, behind) = text.split_at_checked(text.iter().position(|byte| *byte == b'"')?)?;
    // A blank is none of a tag's characters today, and was one in RFC 2616: such a tag is foreign, not malformed.
    let is_plain = opaque.iter().all(|byte| matches!(byte, b' '..=b'~' | 0x80..));
    is_plain.then_some((EntityTag { is_weak, opaque }, behind.get(1..)?))
}

/// The versions of a thing that an edit may be made on, by `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch {
    versions: Option<Vec<i64>>,
    has_weak: bool,
}

impl IfMatch {
    /// Reads the header's value; none for a malformed one. Tags are compared by their characters (strong comparison), so
    /// a foreign tag is no version, and neither is a weak one.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let EntityTags::These(tags) = EntityTags::parse(value)? else {
            return Some(Self { versions: None, has_weak: false });
        };
        let version = |tag: &EntityTag<'_>| {
            let text = std::str::from_utf8(tag.opaque).ok()?;
            text.parse().ok().filter(|version: &i64| !tag.is_weak && version.to_string() == text)
        };
        let versions = Some(tags.iter().filter_map(version).collect());
        Some(Self { versions, has_weak: tags.iter().any(|tag| tag.is_weak) })
    }

    /// The versions, of which the current one must be one; none for `*`, which any version is. As a parameter of a
    /// statement: `(version = ANY($3)) IS NOT FALSE`.
    pub fn versions(&self) -> Option<Vec<i64>> {
        self.versions.clone()
    }

    /// Whether a tag is weak, and so matches nothing.
    pub(crate) fn has_weak(&self) -> bool {
        self.has_weak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_of_a_list_by_their_characters() {
        for (value, versions, has_weak) in [
            (&br#""1""#[..], vec![1], false),
            (br#" "1" "#, vec![1], false),
            (br#""1", "2""#, vec![1, 2], false),
            (br#""1","2""#, vec![1, 2], false),
            (br#", "1",, "2" ,"#, vec![1, 2], false),
            (br#"W/"1""#, vec![], true),
            (br#"W/"1", "2""#, vec![2], true),
            (br#""a,b", "3""#, vec![3], false),
            (br#""01", "+1", "1.0", "", "-", "1 ""#, vec![], false),
            (br#""9223372036854775807", "9223372036854775808""#, vec![i64::MAX], false),
            (b"\"\xe9\"", vec![], false),
        ] {
            let read = IfMatch::parse(value).unwrap();
            assert_eq!((read.versions(), read.has_weak()), (Some(versions), has_weak), "{value:?}");
        }
        let any = IfMatch::parse(b" * ").unwrap();
        assert_eq!((any.versions(), any.has_weak()), (None, false));
    }

    const MALFORMED: [&[u8]; 16] = [
        b"",
        b" ",
        b",",
        b"1",
        b"\"1",
        b"1\"",
        b"\"1\" \"2\"",
        b"\"1\"\"2\"",
        b"\"1\"; \"2\"",
        b"*, \"2\"",
        b"\"2\", *",
        b"**",
        b"W/W/\"1\"",
        b"w/\"1\"",
        b"W/ \"1\"",
        b"\"a\tb\"",
    ];

    #[test]
    fn what_is_no_list_of_tags_is_malformed_and_nothing_known() {
        for value in MALFORMED {
            assert_eq!(EntityTags::parse(value), None, "{value:?}");
            assert_eq!(IfMatch::parse(value), None, "{value:?}");
            for current in [&br#""1""#[..], br#""2""#] {
                assert!(!EntityTags::are_known(value, current), "{value:?}");
            }
        }
    }

    #[test]
    fn a_version_is_known_by_its_tag_weak_or_not_and_by_an_asterisk() {
        let current = br#""1""#;
        for known in [r#""1""#, r#"W/"1""#, r#""0", W/"1""#, r#""0","1","#, "*", r#""a,b", "1""#] {
            assert!(EntityTags::are_known(known.as_bytes(), current), "{known}");
        }
        for other in [r#""2""#, r#"W/"2""#, r#""01""#, r#""W/1""#, r#""1,""#] {
            assert!(!EntityTags::are_known(other.as_bytes(), current), "{other}");
        }
    }
}
