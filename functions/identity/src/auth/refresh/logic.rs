//! Which refresh token is handed out, by what the database says of the one that came.

/// What the database says of a refresh token that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Verdict {
    /// Nothing was looked at: too much was asked.
    Limited,
    /// The newest one: it was replaced now.
    Rotate,
    /// The newest one, made a moment ago: it stays.
    Fresh,
    /// It was replaced a moment ago: by another tab, or in a reply that was lost.
    Repeat,
    /// It was replaced by one that nobody has used, and comes from the session's own device.
    Late,
    /// It was replaced, and comes again.
    Reused,
    /// Its session, or its member's access, was ended.
    Ended,
    /// It is too old, or its session is.
    Expired,
}

/// Which token is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandedOut {
    /// The one that came.
    Same,
    /// The successor that is made now.
    New,
    /// The successor that was made, by the nonce that is kept.
    Known,
    /// None: the one that came is no good.
    None,
}

impl Verdict {
    /// The token that is handed out.
    pub(super) const fn hands_out(self) -> HandedOut {
        match self {
            Self::Fresh => HandedOut::Same,
            Self::Rotate | Self::Late => HandedOut::New,
            Self::Repeat => HandedOut::Known,
            Self::Limited | Self::Reused | Self::Ended | Self::Expired => HandedOut::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_a_name_and_what_is_no_good_is_handed_nothing() {
        for (name, handed_out) in [
            ("limited", HandedOut::None),
            ("rotate", HandedOut::New),
            ("fresh", HandedOut::Same),
            ("repeat", HandedOut::Known),
            ("late", HandedOut::New),
            ("reused", HandedOut::None),
            ("ended", HandedOut::None),
            ("expired", HandedOut::None),
        ] {
            assert_eq!(name.parse::<Verdict>().unwrap().hands_out(), handed_out, "{name}");
        }
        assert!("".parse::<Verdict>().is_err());
    }
}
