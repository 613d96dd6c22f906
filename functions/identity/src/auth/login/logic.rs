//! Which clinic a sign-in leads to.

use super::schema::{Choice, LoginFailure};
use crate::auth::email;
use crate::auth::session::Membership;
use jiff::Timestamp;
use uuid::Uuid;

/// The membership to sign in to: the one named, or the only one.
pub(super) fn choose(
    mut memberships: Vec<Membership>,
    named: Option<Uuid>,
) -> Result<Membership, LoginFailure> {
    if let Some(named) = named {
        memberships.retain(|membership| membership.clinic.id == named);
        return memberships.pop().ok_or(LoginFailure::ClinicNotFound);
    }
    if memberships.len() > 1 {
        let choices = memberships.into_iter().map(|one| Choice { id: one.clinic.id, name: one.clinic.name });
        return Err(LoginFailure::ClinicRequired(choices.collect()));
    }
    memberships.pop().ok_or(LoginFailure::NoActiveMembership)
}

/// Whose tries these are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tries {
    /// The device's: somebody has signed in on it with this very address, at that instant.
    OfDevice(String, Timestamp),
    /// Those of all other devices together.
    OfAddress(String),
}

impl Tries {
    /// The tries at an address, on a device that shows this token. If it makes the device known, it says for which address, by
    /// its hash, and since when.
    pub(super) fn at(email_key: &str, token: Option<&str>, known: Option<(&str, Timestamp)>) -> Self {
        match (token, known) {
            (Some(token), Some((address_hash, since))) if address_hash == email::trace(email_key) => {
                Self::OfDevice(format!("device {token}"), since)
            }
            _ => Self::of_address(email_key),
        }
    }

    pub(super) fn of_address(email_key: &str) -> Self {
        Self::OfAddress(format!("address {email_key}"))
    }

    /// Whose bucket it is.
    pub(super) fn whose(&self) -> &str {
        match self {
            Self::OfDevice(whose, _) | Self::OfAddress(whose) => whose,
        }
    }

    /// Whether the device became known by another password than the one that is the account's since then, or by that of
    /// another account.
    pub(super) fn are_outdated(&self, password_since: Option<Timestamp>) -> bool {
        match self {
            Self::OfDevice(_, since) => password_since.is_none_or(|password_since| *since < password_since),
            Self::OfAddress(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::session::{Clinic, User};
    use shared::access::{Plan, Role};
    use shared::mail::Language;
    use shared::validation::Text;

    #[test]
    fn a_device_has_tries_of_its_own_for_the_address_that_it_is_known_for_and_no_other() {
        let (ana, eva) = ("ana@example.com", "eva@example.com");
        let hash = email::trace(ana);
        let known = Some((hash.as_str(), Timestamp::UNIX_EPOCH));
        let own = Tries::at(ana, Some("token"), known);
        assert_ne!(own, Tries::of_address(ana));
        assert_ne!(own.whose(), Tries::at(ana, Some("other"), known).whose());
        assert_eq!(Tries::at(eva, Some("token"), known), Tries::of_address(eva));
        assert_eq!(Tries::at(ana, Some("token"), None), Tries::of_address(ana));
    }

    #[test]
    fn a_device_that_became_known_by_an_earlier_password_is_not_known_any_more() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let device = Tries::OfDevice("device".to_owned(), at(5));
        assert!(!device.are_outdated(Some(at(5))) && !device.are_outdated(Some(at(4))));
        assert!(device.are_outdated(Some(at(6))) && device.are_outdated(None), "no account, no password");
        assert!(!Tries::of_address("a").are_outdated(None));
    }

    fn membership(id: u128) -> Membership {
        let name = Text::try_from("a name").unwrap();
        let clinic = Clinic {
            id: Uuid::from_u128(id),
            name: name.clone(),
            time_zone: "UTC".to_owned(),
            currency: "BRL".to_owned(),
            language: Language::English,
        };
        let user = User { id: Uuid::from_u128(id), name: name.clone(), email: name, role: Role::Owner };
        Membership { clinic, user, access_version: 1, plan: Plan::Free }
    }

    #[test]
    fn the_only_clinic_needs_no_name() {
        assert_eq!(choose(vec![membership(1)], None).unwrap().clinic.id, Uuid::from_u128(1));
    }

    #[test]
    fn of_several_clinics_one_must_be_named() {
        let failure = choose(vec![membership(1), membership(2)], None).unwrap_err();
        let LoginFailure::ClinicRequired(choices) = failure else { panic!("a choice was due") };
        assert_eq!(choices.len(), 2);
        let chosen = choose(vec![membership(1), membership(2)], Some(Uuid::from_u128(2))).unwrap();
        assert_eq!(chosen.clinic.id, Uuid::from_u128(2));
    }

    #[test]
    fn a_clinic_of_others_is_not_found_and_no_clinic_at_all_says_so() {
        let named = Some(Uuid::from_u128(9));
        assert_eq!(choose(vec![membership(1)], named).unwrap_err(), LoginFailure::ClinicNotFound);
        assert_eq!(choose(vec![], None).unwrap_err(), LoginFailure::NoActiveMembership);
    }
}
