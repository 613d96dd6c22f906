//! Grafono on one machine. The same functions that run on Lambda answer here behind one address: each HTTP request
//! becomes a gateway event and passes the same pipeline.

pub mod arguments;
pub mod background;
pub mod clinics;
pub mod data;
pub mod database;
pub mod dead_letters;
pub mod demo;
mod entries;
pub mod error;
pub mod events;
pub mod files;
pub mod gateway;
pub mod generate;
pub mod keys;
pub mod ledger;
mod link_pages;
pub mod mail;
pub mod openapi;
mod page;
pub mod payments;
pub mod receipts;
pub mod routes;
pub mod serve;
mod settings;
pub mod template;
mod unreached;
pub mod watch;

use shared::module::Module;

/// The database roles that the program logs in with: one a module, and the roles of the workers.
pub fn roles() -> Vec<&'static str> {
    let modules = modules();
    let names = modules.iter().map(|module| module.name);
    let workers = modules.iter().flat_map(|module| module.workers.iter().map(|worker| worker.role));
    let mut roles: Vec<_> = names.chain(workers).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// All modules: server, checks and generated files take them from here.
pub fn modules() -> Vec<Module> {
    vec![identity::module(), patients::module(), billing::module(), platform::module()]
}
