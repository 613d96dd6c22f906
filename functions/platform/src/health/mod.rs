//! Health checks, outside `/api/v1` because they are no part of the API.

pub mod get_live;
pub mod get_ready;
