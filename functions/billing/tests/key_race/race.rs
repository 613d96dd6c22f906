//! Starts the six processes, lets them go at once for each key, and gathers what they report.

use crate::worker::{Job, KEYS, READY, Sent, VARIABLE};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How many processes race.
pub(crate) const PROCESSES: usize = 6;

/// A worker that is silent for longer at one barrier hangs. The race as a whole may take as long as the machine needs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A line of a worker; `None` at its end.
type Heard = (usize, Option<String>);

/// The workers. However the race ends, none of them outlives it.
struct Workers(Vec<Child>);

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that has ended already is no error.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What each process sent, key by key.
pub(crate) fn run(job: &Job) -> Result<Vec<Vec<Sent>>, String> {
    let (speak, hear) = channel();
    let mut workers = Workers(Vec::new());
    for process in 0..PROCESSES {
        workers.0.push(start(process, job, speak.clone())?);
    }
    for _ in 0..KEYS {
        if let Some(line) = one_line_each(&hear)?.iter().find(|line| *line != READY) {
            return Err(format!("instead of being ready, a worker said: {line}"));
        }
        // The barrier opens: all six wait for this line.
        for (process, child) in workers.0.iter_mut().enumerate() {
            let stdin = child.stdin.as_mut().ok_or("a worker without stdin")?;
            let told = stdin.write_all(b"go\n");
            told.map_err(|error| format!("worker {process} ended at the barrier: {error}"))?;
        }
    }
    let reports = one_line_each(&hear)?;
    reports
        .iter()
        .map(|report| {
            serde_json::from_str(report).map_err(|error| format!("a report does not parse: {error}"))
        })
        .collect()
}

fn start(process: usize, job: &Job, speak: Sender<Heard>) -> Result<Child, String> {
    let binary = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(binary)
        .env(VARIABLE, serde_json::to_string(job).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("a worker does not start: {error}"))?;
    let stdout = BufReader::new(child.stdout.take().ok_or("a worker without stdout")?);
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = speak.send((process, Some(line)));
        }
        let _ = speak.send((process, None));
    });
    Ok(child)
}

/// The next line of every worker. Any that ends instead, or is late, ends the race.
fn one_line_each(hear: &Receiver<Heard>) -> Result<Vec<String>, String> {
    let end = Instant::now() + TIMEOUT;
    let mut lines = vec![None; PROCESSES];
    while let Some(missing) = lines.iter().position(Option::is_none) {
        let left = end.saturating_duration_since(Instant::now());
        let late = |_| format!("worker {missing} said nothing within {TIMEOUT:?}");
        match hear.recv_timeout(left).map_err(late)? {
            (process, Some(line)) => {
                if let Some(place) = lines.get_mut(process) {
                    *place = Some(line);
                }
            }
            // Its last line may have come just before.
            (process, None) if lines.get(process).is_some_and(Option::is_some) => {}
            (process, None) => return Err(format!("worker {process} ended early; its reason is above")),
        }
    }
    Ok(lines.into_iter().flatten().collect())
}
