//! What is no password, because it is among the first that attackers try.

use shared::validation::Password;

/// Passwords of eight and more characters from lists of leaked ones, those of Portuguese among them; in lower case, one
/// a line. Facts, gathered from the list that Django ships and our own.
const COMMON: &str = include_str!("common_passwords.txt");

/// What the product is called.
const PRODUCT: &str = "grafono";

/// The longest unit whose repetition makes no password, and up to which length: nobody tries longer ones.
const UNIT: usize = 4;
const REPEATED: usize = 64;

/// Refuses a common password in any case and with digits and signs around, digits in a row, a repetition such as
/// `AAAAAAAA` or `1212…`, and one's own words, with whatever digits around: an address, its part before the `@`, a name.
/// No rules of composition, as NIST SP 800-63B §3.1.1.2 advises.
pub(crate) fn judge(password: &Password, own: &[&str]) -> Result<(), &'static str> {
    let lower = password.expose().to_lowercase();
    let tried = lower.trim();
    if tried.is_empty() {
        return Err("must not be blank");
    }
    if repeats(&lower) {
        return Err("must not repeat a few characters");
    }
    let plain = core(tried);
    if COMMON.lines().any(|common| common == tried || common == plain) || counts(tried) || plain == PRODUCT {
        return Err("must not be a common password");
    }
    let words = own.iter().flat_map(|word| [Some(*word), word.split_once('@').map(|(local, _)| local)]);
    if words.flatten().map(core).any(|word| !word.is_empty() && word == plain) {
        return Err("must not be your own address or name");
    }
    Ok(())
}

/// Whether the text is digits one after the other, up or down, such as `345678901`.
fn counts(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|it| it.to_digit(10)).collect();
    let steps = |by: u32| {
        digits
            .iter()
            .flatten()
            .zip(digits.iter().flatten().skip(1))
            .all(|(one, next)| (one + by) % 10 == *next)
    };
    digits.is_some() && (steps(1) || steps(9))
}

/// Whether the text is one unit of a few characters, again and again.
fn repeats(text: &str) -> bool {
    let characters: Vec<char> = text.chars().take(REPEATED + 1).collect();
    let is_made_of =
        |unit: usize| characters.iter().zip(characters.iter().skip(unit)).all(|(one, next)| one == next);
    characters.len() <= REPEATED && (1..=UNIT).any(|unit| characters.len() >= 2 * unit && is_made_of(unit))
}

/// Letters and digits in lower case, without the digits around.
fn core(text: &str) -> String {
    let kept: String = text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    kept.trim_matches(|it: char| it.is_numeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<&'static str> {
        judge(&Password::new(password), &["ana.souza@example.com", "Clínica Aurora", "Ana Souza"]).err()
    }

    #[test]
    fn common_passwords_are_refused_in_any_case_and_between_blanks() {
        for common in [
            "password",
            "PassWord1",
            "12345678",
            " password1 ",
            "minhasenha",
            "Flamengo1",
            "Password123!",
            "iloveyou2023",
            "123456789012",
            "98765432109",
            "Grafono12345",
        ] {
            assert_eq!(refused(common), Some("must not be a common password"), "{common}");
        }
    }

    #[test]
    fn what_repeats_or_is_blank_is_refused() {
        for repeated in
            ["AAAAAAAA", "abababab", "1231231231", "wxyzWXYZ", "ããããããããã", "_-._-._-.", &"p".repeat(64)]
        {
            assert_eq!(refused(repeated), Some("must not repeat a few characters"), "{repeated}");
        }
        assert_eq!(refused("        "), Some("must not be blank"));
        assert_eq!(refused("\u{3000}\u{A0}      "), Some("must not be blank"));
    }

    #[test]
    fn ones_own_address_and_names_are_refused_whatever_is_around() {
        for own in [
            "ana.souza@example.com",
            "Ana.Souza",
            "anasouza1990",
            "CLÍNICA AURORA",
            "clínica-aurora-2026",
            "1ana souza!",
        ] {
            assert_eq!(refused(own), Some("must not be your own address or name"), "{own}");
        }
    }

    #[test]
    fn others_are_taken() {
        for good in [
            "a long and lonely road",
            "coração de mãe",
            "demo-on-one-machine",
            "anasouza tem um gato",
            "abcdabce",
            &"p".repeat(65),
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn the_list_is_in_lower_case_sorted_and_of_passwords_long_enough_to_be_chosen() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 8000);
        assert!(lines.is_sorted());
        for common in lines {
            assert!(common.chars().count() >= 8 && *common == common.to_lowercase(), "{common}");
        }
    }
}
