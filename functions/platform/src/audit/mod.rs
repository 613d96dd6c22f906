//! The audit log, `kernel.audit_log`: who did what in a clinic. Every module adds rows to it, none changes one, and platform
//! alone reads it.

pub mod list_audit_log;

use shared::access::{Permission, Role};

/// Reading who did what.
pub const READ_AUDIT_LOG: Permission = Permission::new("audit:read", &[Role::Owner, Role::Admin]);
