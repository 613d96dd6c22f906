//! The module's endpoints, one `mod` a slice; in each, the failures that its catalogue row names.

mod binaries;
mod fallback;
mod health;
mod openapi;
mod problems;

use testkit::Stage;

async fn stage() -> Stage {
    Stage::of(vec![platform::module()]).await
}
