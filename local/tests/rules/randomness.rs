//! One door for randomness (C8): whatever is made by chance is made by `shared/src/access/random.rs`.

use crate::sources::{production, under};

/// The door.
const DOOR: &str = "shared/src/access/random.rs";

/// Ways past it, as they stand in sources: other generators, this one's by its own name, and libraries that choose one.
const WAYS: [&str; 22] = [
    "rand::",
    "rand_core",
    "rand_chacha",
    "fastrand",
    "getrandom",
    "oorandom",
    "nanorand",
    "thread_rng",
    "OsRng",
    "SmallRng",
    "StdRng",
    "from_entropy",
    "SystemRandom",
    "SecureRandom",
    "secure_random",
    "RandomState",
    "new_v4",
    "/dev/random",
    "/dev/urandom",
    "gen_random_",
    "::generate(",
    "::generate_key",
];

/// The ways past the door that a text takes.
fn taken(code: &str) -> Vec<&'static str> {
    let stands = |way: &&&str| {
        code.match_indices(**way).any(|(at, _)| {
            // The beginning of a name, not its middle: `operand::` is none.
            let before = code[..at].chars().next_back();
            !way.starts_with(char::is_alphabetic)
                || !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        })
    };
    WAYS.iter().filter(stands).copied().collect()
}

#[test]
fn randomness_comes_through_one_door() {
    let sources = [production(), under("local/src")].concat();
    assert!(sources.iter().any(|source| taken(&source.code()) == ["rand::"]), "the door itself is seen");
    let others = sources.iter().filter(|source| source.path != DOOR);
    let faults: Vec<String> = others
        .map(|source| (source, taken(&source.code())))
        .filter(|(_, taken)| !taken.is_empty())
        .map(|(source, taken)| format!("{} {taken:?}", source.path))
        .collect();
    assert_eq!(faults, Vec::<String>::new(), "go through {DOOR}");
}

#[test]
fn each_way_past_the_door_is_seen() {
    for planted in [
        "let secret: [u8; 32] = rand::random();",
        "use rand::Rng;",
        "use aws_lc_rs::rand::{SecureRandom, SystemRandom};",
        "aws_lc_rs::rand::fill(&mut bytes)",
        "fastrand::fill(&mut bytes);",
        "getrandom::fill(&mut bytes)",
        "let token = Uuid::new_v4();",
        "rand::thread_rng().fill_bytes(&mut bytes)",
        "let salt = SaltString::generate(&mut OsRng);",
        "let salt = Salt::generate();",
        "let hasher = std::hash::RandomState::new().build_hasher();",
        "std::collections::hash_map::RandomState::new()",
        "default_provider().secure_random.fill(&mut bytes)",
        "File::open(\"/dev/urandom\")",
        "SELECT gen_random_uuid()",
    ] {
        assert!(!taken(planted).is_empty(), "{planted}");
    }
    for harmless in ["operand::left", "random::bytes::<32>()?", "fn strand::new()", "regenerate(x)"] {
        assert!(taken(harmless).is_empty(), "{harmless}: {:?}", taken(harmless));
    }
}
