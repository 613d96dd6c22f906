//! Which clinic a sign-in leads to.

use super::schema::{Choice, LoginFailure};
use crate::auth::email;
use crate::auth::session::Membership;
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

/// Whose tries these are: the device's, where it is known for this very address, or those of all other devices together.
pub(super) fn tries_of(email_key: &str, device: Option<&str>, known_for: Option<&str>) -> String {
    match (device, known_for) {
        (Some(device), Some(address)) if address == email::trace(email_key) => format!("device {device}"),
        _ => format!("address {email_key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_tries_of_its_own_for_the_address_that_it_is_known_for_and_no_other() {
        let (ana, eva) = ("ana@example.com", "eva@example.com");
        let known = email::trace(ana);
        let own = tries_of(ana, Some("token"), Some(&known));
        assert_ne!(own, tries_of(ana, None, None));
        assert_ne!(own, tries_of(ana, Some("other"), Some(&known)));
        assert_eq!(tries_of(eva, Some("token"), Some(&known)), tries_of(eva, None, None));
        assert_eq!(tries_of(ana, Some("token"), None), tries_of(ana, None, None));
    }
    use crate::auth::session::{Clinic, User};
    use shared::access::{Plan, Role};
    use shared::mail::Language;
    use shared::validation::Text;

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
