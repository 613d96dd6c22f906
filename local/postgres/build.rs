//! Rebuilds the crate when a migration is added or removed: the macro that embeds them
//! only makes Cargo watch the files it already knows.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
