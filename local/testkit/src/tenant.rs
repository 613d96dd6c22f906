use jiff::{SignedDuration, Timestamp};
use shared::access::{Plan, Principal, Role, TokenSigner};
use shared::clock::{Ids as _, SystemIds};
use uuid::Uuid;

use crate::TestDatabase;

/// A clinic with one member a role, written straight into the database.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The clinic.
    pub clinic: Uuid,
    members: Vec<(Principal, String)>,
}

impl Tenant {
    /// A clinic paid in `currency`, with a token for a member of each role.
    pub async fn create(
        database: &TestDatabase,
        signer: &TokenSigner,
        currency: &str,
        now: Timestamp,
    ) -> Self {
        Self::with_id(SystemIds.new_id(now), database, signer, currency, now).await
    }

    /// As [`Tenant::create`], a clinic with this id; one that is there already gets the members.
    pub async fn with_id(
        clinic: Uuid,
        database: &TestDatabase,
        signer: &TokenSigner,
        currency: &str,
        now: Timestamp,
    ) -> Self {
        database
            .run(&format!(
                "INSERT INTO identity.clinics (id, name, time_zone, currency, version, created_at, updated_at)
                 VALUES ('{clinic}', 'Clinic {clinic}', 'America/Sao_Paulo', '{currency}', 1, '{now}', '{now}')
                 ON CONFLICT (id) DO NOTHING"
            ))
            .await;
        let mut members = Vec::new();
        for (age, &role) in (0..).zip(Role::ALL) {
            // One after the other, so that they are listed in one order in every database.
            let since = now - SignedDuration::from_micros(age);
            let [user, account, session] = [(); 3].map(|()| SystemIds.new_id(now));
            database
                .run(&format!(
                    "INSERT INTO identity.accounts
                            (id, email, email_key, password_hash, email_verified_at, created_at, updated_at)
                     VALUES ('{account}', '{account}@example.com', '{account}@example.com', '$argon2id$none',
                             '{now}', '{now}', '{now}');
                     INSERT INTO identity.memberships
                            (id, clinic_id, account_id, name, role, version, created_at, updated_at)
                     VALUES ('{user}', '{clinic}', '{account}', 'A {role}', '{role}', 1, '{since}', '{now}');
                     INSERT INTO identity.sessions
                            (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at,
                             created_at, updated_at)
                     VALUES ('{session}', '{clinic}', '{user}', '{account}', 'body', sha256(''), '{now}', 'infinity',
                             '{now}', '{now}')",
                    role = role.name()
                ))
                .await;
            let principal = Principal {
                user_id: user,
                clinic_id: clinic,
                session_id: session,
                role,
                access_version: 1,
                assurance: 1,
                plan: Plan::Free,
                authenticated_at: now,
            };
            members.push((principal, signer.issue(&principal, SystemIds.new_id(now), now).unwrap()));
        }
        Self { clinic, members }
    }

    /// The id of the member with that role.
    pub fn user(&self, role: Role) -> Uuid {
        self.principal(role).user_id
    }

    /// The member with that role, as its token names it.
    pub fn principal(&self, role: Role) -> Principal {
        self.member(role).0
    }

    /// A token of the member with that role.
    pub fn token(&self, role: Role) -> &str {
        &self.member(role).1
    }

    /// A token of the owner.
    pub fn owner(&self) -> &str {
        self.token(Role::Owner)
    }

    fn member(&self, role: Role) -> &(Principal, String) {
        self.members.iter().find(|(principal, _)| principal.role == role).unwrap()
    }
}
