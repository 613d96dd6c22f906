//! Invitations: who may become a member of a clinic, and how that somebody does.

pub mod accept_invitation;
pub mod create_invitation;
pub mod delete_invitation;
mod invitation;
pub mod list_invitations;
pub mod mail_invitation;

pub(crate) use invitation::inviting_roles;
pub use invitation::{Invitation, InvitedRole};
