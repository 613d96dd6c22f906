//! A payment provider that answers at once: the sandbox, at an address that it prints, until it is killed.

#![expect(clippy::print_stdout, reason = "its address is what it is started for")]

use payment_sandbox::Sandbox;
use shared::clock::{Clock as _, SystemClock};
use std::error::Error;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::new(Arc::new(|| SystemClock.now()), "whsec_of_the_yardstick");
    let listening = sandbox.listen().await?;
    println!("{}", listening.url());
    std::future::pending::<()>().await;
    Ok(())
}
