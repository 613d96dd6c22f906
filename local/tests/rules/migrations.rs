//! Migrations as files: what each begins with (D1). That the limits are in force is seen in `local/postgres/tests`.

use grafono::generate::root;

/// The first statements of a migration. One that waits for a lock holds up all who come after it.
const LIMITS: [&str; 2] = ["SET LOCAL lock_timeout = '1s';", "SET LOCAL statement_timeout = '30s';"];

/// A migration without the comment at its head.
fn statements(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("--")).collect()
}

/// What is wrong with the limits of a migration.
fn fault(text: &str) -> Option<&'static str> {
    let statements = statements(text);
    // What a function sets holds while it runs.
    let again = |line: &&str| {
        !line.starts_with("LANGUAGE ")
            && ["lock_timeout", "statement_timeout"].iter().any(|it| line.contains(it))
    };
    match statements.split_at_checked(LIMITS.len()) {
        Some((first, rest)) if first == LIMITS => rest.iter().any(again).then_some("takes its limits back"),
        _ => Some("does not begin with the limits"),
    }
}

#[test]
fn a_migration_begins_with_its_limits_and_keeps_them() {
    let files = std::fs::read_dir(root().join("migrations")).unwrap();
    let paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(fault(&text), None, "{}", path.display());
    }
    assert!(paths.len() >= 18);
}

#[test]
fn a_limit_that_is_missing_wider_late_or_taken_back_is_found() {
    let good = format!("-- What it does.\n{}\n\nSELECT 1;\n", LIMITS.join("\n"));
    assert_eq!(fault(&good), None);
    for bad in [
        good.replace("SET LOCAL lock_timeout = '1s';\n", ""),
        good.replace("'30s'", "'30min'"),
        good.replace("SET LOCAL statement", "SET statement"),
        good.replace("'1s';\n", "'1s';\nSELECT 2;\n"),
        good + "SET LOCAL lock_timeout = 0;\n",
    ] {
        assert!(fault(&bad).is_some(), "{bad}");
    }
}
