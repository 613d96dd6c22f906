//! The race for idempotency keys: six processes send the same 1 000 keys in the same order, as six Lambda instances
//! would, each with one connection of its own to one Postgres.
//!
//! Clients within one process take turns on its one connection, so only processes of their own show the race. The
//! binary therefore starts itself as the workers, which is why it has no test harness and prints what libtest would.
//! Beside the real endpoint, the same flush is sent without the product around it: with the product's claim, and
//! with the claim that looks as good and is not. That shows the test can tell the two apart.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where and end")]
#![expect(clippy::print_stdout, reason = "it prints what libtest would, and its workers talk to it")]

mod arguments;
mod endpoint;
mod flush;
mod race;
mod tally;
mod worker;

use arguments::Arguments;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

/// A test gives back what it counted, or what is wrong.
type Test = fn(&Runtime) -> Result<String, String>;

const TESTS: [(&str, Test); 3] = [
    (
        "six_processes_with_the_same_thousand_keys_make_a_thousand_transactions",
        endpoint::six_processes_with_the_same_thousand_keys_make_a_thousand_transactions,
    ),
    (
        "six_processes_with_the_products_claim_make_a_thousand_effects",
        flush::six_processes_with_the_products_claim_make_a_thousand_effects,
    ),
    (
        "six_processes_with_a_claim_on_conflict_do_nothing_make_too_many_effects",
        flush::six_processes_with_a_claim_on_conflict_do_nothing_make_too_many_effects,
    ),
];

fn main() -> ExitCode {
    if let Some(job) = worker::job() {
        return worker::work(&job);
    }
    let arguments = Arguments::read(std::env::args().skip(1));
    let chosen: Vec<_> = TESTS.into_iter().filter(|(name, _)| arguments.chooses(name)).collect();
    if arguments.lists() {
        list(&chosen, arguments.is_quiet());
        return ExitCode::SUCCESS;
    }
    run(&chosen, &arguments)
}

fn list(chosen: &[(&str, Test)], quiet: bool) {
    for (name, _) in chosen {
        println!("{name}: test");
    }
    if !quiet {
        println!("\n{}, 0 benchmarks", tests(chosen.len()));
    }
}

/// One after the other: each takes the whole machine already.
fn run(chosen: &[(&str, Test)], arguments: &Arguments) -> ExitCode {
    let (started, runtime) = (Instant::now(), Builder::new_current_thread().enable_all().build().unwrap());
    println!("\nrunning {}", tests(chosen.len()));
    let mut failures = Vec::new();
    for (name, test) in chosen {
        if !arguments.is_quiet() {
            print!("test {name} ... ");
            std::io::stdout().flush().unwrap();
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| test(&runtime)))
            .unwrap_or_else(|_| Err("it panicked; the message is above".to_owned()));
        match (&outcome, arguments.is_quiet()) {
            (Ok(_), true) => print!("."),
            (Ok(_), false) => println!("ok"),
            (Err(_), true) => print!("F"),
            (Err(_), false) => println!("FAILED"),
        }
        match outcome {
            Ok(counts) if arguments.shows_output() => println!("{counts}"),
            Ok(_) => {}
            Err(reason) => failures.push((name, reason)),
        }
    }
    if !failures.is_empty() {
        println!("\nfailures:\n");
    }
    for (name, reason) in &failures {
        println!("---- {name} ----\n{reason}\n");
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        chosen.len() - failures.len(),
        failures.len(),
        TESTS.len() - chosen.len(),
        started.elapsed().as_secs_f64()
    );
    ExitCode::from(u8::from(!failures.is_empty()))
}

fn tests(count: usize) -> String {
    format!("{count} test{}", if count == 1 { "" } else { "s" })
}
