//! Random input of all kinds: nothing may panic or give anything away.

use serde_json::{Value, json};

use super::super::Place;
use super::{Folder, GOOD, Order, OrderPatch};
use super::{parse_body, parse_strings};

/// A generator of pseudo-random numbers (xorshift64), so that runs repeat.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let index = self.roll(from.len() as u64);
        from[usize::try_from(index).unwrap()]
    }
}

const NAMES: &[&str] = &[
    "orderId",
    "fullName",
    "emailAddress",
    "kind",
    "startDate",
    "endDate",
    "isPaid",
    "lines",
    "address",
    "type",
    "slug",
    "password",
    "itemName",
    "quantity",
    "note",
    "streetLine",
    "postCode",
    "inside",
    "beside",
    "",
    "/",
    "~",
    "\u{0}",
    "ключ",
];

const TEXTS: &[&str] = &[
    "",
    "income",
    "2024-01-01",
    "6f1c1b1e-5d0e-4a4e-9b39-0a6b1c2d3e4f",
    "a@example.com",
    "\u{0}",
    "\u{202E}",
    "e\u{301}",
    "forbidden",
    "slug",
    "99999999999999999999999999",
    "CANARY",
];

fn random_value(dice: &mut Dice, depth: u64) -> Value {
    match dice.roll(if depth > 4 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(dice.roll(2) == 0),
        2 => json!(dice.roll(10)),
        3 => json!(i64::MIN + i64::try_from(dice.roll(9)).unwrap()),
        4 => json!(1.5e300),
        5 => json!(dice.pick(TEXTS)),
        6 => (0..dice.roll(4)).map(|_| random_value(dice, depth + 1)).collect(),
        _ => {
            let members =
                (0..dice.roll(8)).map(|_| (dice.pick(NAMES).to_owned(), random_value(dice, depth + 1)));
            Value::Object(members.collect())
        }
    }
}

fn parse_as_everything(bytes: &[u8]) {
    let refused = [
        parse_body::<Order>(bytes).err(),
        parse_body::<OrderPatch>(bytes).err(),
        parse_body::<Folder>(bytes).err(),
    ];
    for violations in refused.into_iter().flatten() {
        assert!(!violations.is_empty() && violations.len() <= 100);
        assert!(violations.is_sorted());
        assert!(!format!("{violations:?}").contains("CANARY"));
    }
    // What is taken here, serde_json alone takes too.
    if parse_body::<Order>(bytes).is_ok() {
        assert!(serde_json::from_slice::<Order>(bytes).is_ok());
    }
}

#[test]
fn random_json_never_panics() {
    let mut dice = Dice(0x5EED);
    for _ in 0..3_000 {
        let mut document = random_value(&mut dice, 0);
        if let (Value::Object(members), 0) = (&mut document, dice.roll(2)) {
            let good: Value = serde_json::from_str(GOOD).unwrap();
            for (name, value) in good.as_object().unwrap() {
                members.entry(name.clone()).or_insert(value.clone());
            }
        }
        parse_as_everything(document.to_string().as_bytes());
    }
}

#[test]
fn random_and_damaged_bytes_never_panic() {
    let mut dice = Dice(0xB17E5);
    for _ in 0..3_000 {
        let mut bytes = GOOD.as_bytes().to_vec();
        for _ in 0..=dice.roll(4) {
            let place = usize::try_from(dice.roll(bytes.len() as u64)).unwrap();
            bytes[place] = dice.pick(&[b"{", b"}", b"[", b"]", b"\"", b",", b"\\", b"0", b"\xFF"])[0];
        }
        parse_as_everything(&bytes);
        let noise: Vec<u8> = (0..dice.roll(40)).map(|_| dice.roll(256).to_le_bytes()[0]).collect();
        parse_as_everything(&noise);
    }
}

#[test]
fn random_parameters_never_panic() {
    let mut dice = Dice(0xFACE);
    for _ in 0..1_000 {
        let pairs: Vec<(String, String)> =
            (0..dice.roll(9)).map(|_| (dice.pick(NAMES).to_owned(), dice.pick(TEXTS).to_owned())).collect();
        let _ = parse_strings::<Order>(Place::Query, &pairs);
        let _ = parse_strings::<OrderPatch>(Place::Path, &pairs);
    }
}
