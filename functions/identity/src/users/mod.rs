//! The people of a clinic: who they are, what each of them is, and who may change that.

pub mod get_user;
pub mod list_users;
mod member;
pub mod update_user;

pub use member::{Member, MemberStatus};
