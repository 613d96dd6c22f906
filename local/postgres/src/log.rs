//! Finding the one line that says why a program failed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Longest reason that is passed on, in characters.
const LONGEST: usize = 300;

/// The reason for a failure from what was written to the log after the byte `offset`.
pub(crate) fn reason(log: &Path, offset: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(offset))?;
        file.read_to_end(&mut text)
    });
    let line = read.ok().and_then(|_| failure_line(&String::from_utf8_lossy(&text)));
    line.unwrap_or_else(|| "it left no reason".to_owned())
}

/// The last line that names an error, else the last line that says anything.
fn failure_line(text: &str) -> Option<String> {
    const MARKS: [&str; 5] = ["PANIC:  ", "FATAL:  ", "initdb: error: ", "postgres: ", "ERROR:  "];
    let marked = text.lines().rev().find_map(|line| {
        let (mark, at) = MARKS.iter().find_map(|mark| Some((mark, line.find(mark)?)))?;
        line.get(at + mark.len()..)
    });
    marked.map(shorten).or_else(|| last_line(text))
}

/// The last line of a program's output that is not empty, shortened.
pub(crate) fn last_line(text: &str) -> Option<String> {
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(shorten(line))
}

fn shorten(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_line_that_names_the_error() {
        let text = "2026 [7] FATAL:  lock file exists\n2026 [7] HINT:  Is another running?\n\n";
        assert_eq!(failure_line(text).unwrap(), "lock file exists");
        let text = "initdb: error: no space left\ninitdb: removing contents\n";
        assert_eq!(failure_line(text).unwrap(), "no space left");
        assert_eq!(failure_line("odd\n\n").unwrap(), "odd");
        assert_eq!(failure_line("\n"), None);
    }

    #[test]
    fn shortens_between_characters() {
        assert_eq!(shorten(&"é".repeat(400)).chars().count(), LONGEST + 1);
    }
}
