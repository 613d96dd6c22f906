//! The part of libtest's command line that `cargo test` and its friends use.

/// Options that take a value as the next word, if not behind `=`.
const WITH_VALUE: [&str; 6] = ["--color", "--format", "--logfile", "--shuffle-seed", "--test-threads", "-Z"];

/// What was asked for. What cannot matter here, such as a number of threads, is read and passed over.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    filters: Vec<String>,
    skips: Vec<String>,
    options: Vec<String>,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Self {
        let mut read = Self::default();
        while let Some(word) = words.next() {
            if word == "--skip" {
                read.skips.extend(words.next());
            } else if let Some(skipped) = word.strip_prefix("--skip=") {
                read.skips.push(skipped.to_owned());
            } else if WITH_VALUE.contains(&word.as_str()) {
                let value = words.next().unwrap_or_default();
                read.options.push(format!("{word}={value}"));
            } else if word.starts_with('-') {
                read.options.push(word);
            } else {
                read.filters.push(word);
            }
        }
        read
    }

    /// Whether the test of that name is meant. None is ignored, so asking for the ignored ones means none.
    pub(crate) fn chooses(&self, name: &str) -> bool {
        let exact = self.has(&["--exact"]);
        let is_meant = |word: &String| name == word || (!exact && name.contains(word.as_str()));
        !self.has(&["--ignored"])
            && (self.filters.is_empty() || self.filters.iter().any(is_meant))
            && !self.skips.iter().any(is_meant)
    }

    /// Names only, nothing is run.
    pub(crate) fn lists(&self) -> bool {
        self.has(&["--list"])
    }

    /// As short as can be.
    pub(crate) fn is_quiet(&self) -> bool {
        self.has(&["--quiet", "-q", "--format=terse"])
    }

    /// What a test that passed has to say is wanted too.
    pub(crate) fn shows_output(&self) -> bool {
        self.has(&["--nocapture", "--no-capture", "--show-output"])
    }

    fn has(&self, any: &[&str]) -> bool {
        self.options.iter().any(|option| any.contains(&option.as_str()))
    }
}
