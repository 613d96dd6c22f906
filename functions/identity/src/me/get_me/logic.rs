//! Which permissions a role holds.

use serde::Deserialize;
use shared::access::Role;

#[derive(Deserialize)]
struct Row<'a> {
    name: &'a str,
    roles: Vec<Role>,
}

/// The permissions of all modules, generated from their declarations by `cargo run -- generate`.
const PERMISSIONS: &str = include_str!("../../../permissions.json");

/// The names of the permissions that `role` holds.
pub(super) fn permissions_of(role: Role) -> Result<Vec<&'static str>, serde_json::Error> {
    let rows: Vec<Row<'static>> = serde_json::from_str(PERMISSIONS)?;
    Ok(rows.into_iter().filter(|row| row.roles.contains(&role)).map(|row| row.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_holds_what_the_modules_declare_for_it_and_no_more() {
        let of = |role| permissions_of(role).unwrap();
        assert!(of(Role::FrontDesk).contains(&"patients:write"));
        assert!(!of(Role::Accountant).contains(&"patients:write"));
        assert!(of(Role::Accountant).contains(&"transactions:write"));
        assert!(!of(Role::Clinician).contains(&"transactions:write"));
    }
}
