//! The code on a receipt, by which anybody who has the paper finds it again.

use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

/// The pattern of a code, for the contract: 32 bytes in base32 (RFC 4648 §6) without padding, of which the last letter has one
/// bit.
pub(super) const PATTERN: &str = "^[A-Z2-7]{51}[AQ]$";

/// The clinic and 16 random bytes. The clinic says in which rows to look; the bytes cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) clinic: Uuid,
    pub(super) random: [u8; 16],
}

impl Code {
    /// The code of no receipt.
    pub(super) const NONE: Self = Self { clinic: Uuid::nil(), random: [0; 16] };

    /// The code as it is written; capitals or not, as people type it.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(written.to_ascii_uppercase().as_bytes()).ok()?;
        let (clinic, random) = bytes.split_first_chunk::<16>()?;
        Some(Self { clinic: Uuid::from_bytes(*clinic), random: random.try_into().ok()? })
    }

    /// The code as it is written.
    pub(super) fn written(&self) -> String {
        BASE32_NOPAD.encode(&[self.clinic.into_bytes(), self.random].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code =
        Code { clinic: Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057), random: [255; 16] };

    #[test]
    fn a_code_is_read_as_it_was_written_and_in_small_letters() {
        let written = CODE.written();
        assert_eq!((written.len(), &written[51..]), (52, "Q"));
        assert_eq!(Code::parse(&written), Some(CODE));
        assert_eq!(Code::parse(&written.to_lowercase()), Some(CODE));
        assert!(Code::NONE.written().bytes().all(|letter| letter == b'A'));
    }

    #[test]
    fn what_is_no_code_is_none() {
        let written = CODE.written();
        let (cut, longer) = (&written[..51], format!("{written}A"));
        let another_end = format!("{cut}R");
        for none in [
            "",
            "A",
            cut,
            &longer,
            &another_end,
            &written.replace('Q', "="),
            &"1".repeat(52),
            &"é".repeat(26),
        ] {
            assert_eq!(Code::parse(none), None, "{none}");
        }
    }
}
