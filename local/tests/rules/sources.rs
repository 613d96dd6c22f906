//! The sources as text, for rules about how they are written.

use grafono::generate::root;
use std::path::{Path, PathBuf};

/// A source file.
#[derive(Clone)]
pub(crate) struct Source {
    /// Within the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Without the tests at its end. Only a module of tests may be left out, and nothing stands behind it: else a rule
    /// would be blind there.
    pub(crate) fn production(&self) -> &str {
        self.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or("")
    }

    /// [`Source::production`] without comments.
    pub(crate) fn code(&self) -> String {
        without_comments(self.production())
    }
}

/// A text without what stands behind `//`, unless that is within a string.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let (mut letters, mut in_string) = (text.chars().peekable(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '/' if !in_string && letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
                code.push('\n');
                continue;
            }
            '\'' if !in_string && letters.peek() == Some(&'"') => {
                // The quote as a character.
                code.extend(letters.next());
                continue;
            }
            '\\' if in_string => {
                code.push(letter);
                code.extend(letters.next());
                continue;
            }
            '"' => in_string = !in_string,
            _ => {}
        }
        code.push(letter);
    }
    code
}

#[test]
fn rules_see_everything_but_comments_and_the_tests_at_the_end() {
    let text = "#[cfg(test)]\nmod tests;\nconst A: &str = \"\\\"//\"; // one\nfn a() {} /// two\nconst Q: char = '\"';//\nfn b() {}\n\n#[cfg(test)]\nmod tests {\nfn c() {}\n}\n";
    let code = Source { path: String::new(), text: text.to_owned() }.code();
    for seen in ["const A", "fn a", "const Q", "fn b", "\\\"//\""] {
        assert!(code.contains(seen), "{seen}: {code}");
    }
    for unseen in ["one", "two", "fn c"] {
        assert!(!code.contains(unseen), "{unseen}: {code}");
    }
    for source in production() {
        let tail = source.text.strip_prefix(source.production()).unwrap_or_default();
        let ends = tail.is_empty()
            || tail.trim_end().lines().skip(1).filter(|line| line.starts_with('}')).count() == 1;
        assert!(ends, "{}: something stands behind its tests", source.path);
    }
}

/// Every Rust file under a folder of the repository.
pub(crate) fn under(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Every Rust file of `shared` and the modules, tests aside.
pub(crate) fn production() -> Vec<Source> {
    let mut all = under("shared/src");
    for module in grafono::modules() {
        all.extend(under(&format!("functions/{}/src", module.name)));
    }
    all.retain(|source| !source.path.contains("/tests"));
    all
}

/// The folder of each slice: it declares an endpoint.
pub(crate) fn slices() -> Vec<PathBuf> {
    let declares =
        |source: &Source| source.path.ends_with("/mod.rs") && source.text.contains("impl Endpoint for ");
    let found = under("functions").into_iter().filter(declares);
    found.map(|source| root().join(source.path).parent().unwrap().to_owned()).collect()
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            into.push(Source { path, text });
        }
    }
}
