//! identity: clinics, the people who work in them, and signing in.
//!
//! | table | holds |
//! |---|---|
//! | `identity.clinics` | name, time zone, currency, language, plan, whether a second factor is wanted, what receipts show of it; all but the plan and the factor are published as `published_clinics` |
//! | `identity.accounts` | an address, whether it is verified, and a password hash, no tenant data |
//! | `identity.email_verifications` | hashes of the tokens that were mailed to prove an address |
//! | `identity.password_reset_requests` | addresses that a link was asked for, until it is known whose they are |
//! | `identity.password_resets` | hashes of the tokens that were mailed to choose a new password |
//! | `identity.memberships` | an account within a clinic, with a role, active or disabled: what replies call a user |
//! | `identity.invitations` | who may become a member, as what, by the hash of a token that was mailed |
//! | `identity.sessions` | where a member is signed in, and since when |
//! | `identity.refresh_tokens` | hashes of the tokens that keep a session going, each in the place of the one before |
//!
//! Events: `clinic.created`, `account.email_verification_requested`, `account.password_reset_requested`,
//! `session.token_reused`, `session.helped_on`, `invitation.created`. Consumers: `request-email-verification`,
//! `mail-password-reset`, `mail-session-alert`, `mail-invitation`. Workers: `identity-housekeeping`.

pub mod auth;
pub mod clinics;
pub mod housekeeping;
pub mod invitations;
pub mod me;
pub mod sessions;
pub mod users;

use shared::access::{Permission, Role};
use shared::background::{ConsumerDeclaration, WorkerDeclaration};
use shared::http::Declaration;
use shared::module::Module;

/// Editing the clinic's settings.
pub const WRITE_CLINIC: Permission = Permission::new("clinic:write", &[Role::Owner, Role::Admin]);

/// Reading who works in the clinic, with their addresses.
pub const READ_USERS: Permission = Permission::new("users:read", &[Role::Owner, Role::Admin]);

/// Saying what the people of the clinic are, and who of them may do anything.
pub const WRITE_USERS: Permission = Permission::new("users:write", &[Role::Owner, Role::Admin]);

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "identity",
        about: "Clinics, the people who work in them, and signing in.",
        endpoints: vec![
            Declaration::of::<clinics::create_clinic::CreateClinic>(),
            Declaration::of::<clinics::get_clinic::GetClinic>(),
            Declaration::of::<clinics::update_clinic::UpdateClinic>(),
            Declaration::of::<auth::login::Login>(),
            Declaration::of::<auth::refresh::Refresh>(),
            Declaration::of::<auth::logout::Logout>(),
            Declaration::of::<auth::verify_email::VerifyEmail>(),
            Declaration::of::<auth::get_jwks::GetJwks>(),
            Declaration::of::<me::get_me::GetMe>(),
            Declaration::of::<sessions::list_sessions::ListSessions>(),
            Declaration::of::<sessions::delete_session::DeleteSession>(),
            Declaration::of::<auth::resend_email_verification::ResendEmailVerification>(),
            Declaration::of::<auth::request_password_reset::RequestPasswordReset>(),
            Declaration::of::<auth::confirm_password_reset::ConfirmPasswordReset>(),
            Declaration::of::<auth::change_password::ChangePassword>(),
            Declaration::of::<users::list_users::ListUsers>(),
            Declaration::of::<users::get_user::GetUser>(),
            Declaration::of::<users::update_user::UpdateUser>(),
            Declaration::of::<invitations::create_invitation::CreateInvitation>(),
            Declaration::of::<invitations::list_invitations::ListInvitations>(),
            Declaration::of::<invitations::delete_invitation::DeleteInvitation>(),
            Declaration::of::<invitations::accept_invitation::AcceptInvitation>(),
        ],
        consumers: vec![
            ConsumerDeclaration::of::<auth::request_email_verification::RequestEmailVerification>(),
            ConsumerDeclaration::of::<auth::mail_password_reset::MailPasswordReset>(),
            ConsumerDeclaration::of::<auth::mail_session_alert::MailSessionAlert>(),
            ConsumerDeclaration::of::<invitations::mail_invitation::MailInvitation>(),
        ],
        workers: vec![WorkerDeclaration::of::<housekeeping::IdentityHousekeeping>()],
    }
}
