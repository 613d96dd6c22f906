use super::*;
use crate::clock::SystemClock;
use crate::settings::{BadSettings, Setting, SettingError};
use std::cell::Cell;

const KEY: Setting = Setting::required("KEY", "a key").secret("KEY_SECRET_ARN");
const ADDRESS: Setting = Setting::required("ADDRESS", "an address");

fn number(text: &str) -> Result<u32, SettingError> {
    text.parse().map_err(|_| SettingError::Malformed)
}

thread_local! {
    /// How often this test, which is a thread of its own, has opened the base.
    static OPENED: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug)]
struct Base(u32);

impl Part for Base {
    const NAME: &'static str = "base";
    const REQUIREMENTS: Requirements = Requirements::settings(&[KEY]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        OPENED.set(OPENED.get() + 1);
        settings.required(&KEY, number).map(Self)
    }
}

#[derive(Debug)]
struct Tower {
    base: Arc<Base>,
    address: u32,
}

impl Part for Tower {
    const NAME: &'static str = "tower";
    const REQUIREMENTS: Requirements = Requirements::settings(&[ADDRESS]);
    type Parts = Base;

    fn open(settings: &Reader<'_>, base: Arc<Base>) -> Result<Self, Noted> {
        Ok(Self { base, address: settings.required(&ADDRESS, number)? })
    }
}

/// Reads the setting of another part.
#[derive(Debug)]
struct Thief;

impl Part for Thief {
    const NAME: &'static str = "thief";
    const REQUIREMENTS: Requirements = Requirements::settings(&[ADDRESS]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        settings.required(&KEY, number).map(|_| Self)
    }
}

fn opening(given: &'static [(&'static str, &'static str)]) -> Opening {
    let variable = move |key| {
        let found = given.iter().find(|(own, _)| *own == key);
        found.map(|(_, value)| (*value).to_owned())
    };
    Opening::by_value(variable, Arc::new(SystemClock))
}

#[test]
fn a_part_is_opened_once_for_all_that_are_made_of_it() {
    let opening = opening(&[("KEY", "7"), ("ADDRESS", "8")]);
    let opened = <(Tower, Base) as Parts>::open(&opening);
    let (tower, base) = opening.finish(opened).unwrap();
    assert!(Arc::ptr_eq(&tower.base, &base));
    assert_eq!((tower.base.0, tower.address, OPENED.get()), (7, 8, 1));
}

#[test]
fn what_was_put_is_handed_out_instead_of_what_the_settings_say() {
    let opening = opening(&[("ADDRESS", "8")]);
    opening.put(Arc::new(Base(1)));
    let tower: Arc<Tower> = opening.finish(opening.part()).unwrap();
    assert_eq!(tower.base.0, 1);
}

#[test]
fn every_bad_setting_is_noted_once_and_by_its_key() {
    let opening = opening(&[("ADDRESS", "canary")]);
    let opened = <(Base, Tower, Thief) as Parts>::open(&opening);
    let bad = opening.finish(opened.map(drop)).unwrap_err();
    let expected = [("KEY", SettingError::Missing), ("KEY", SettingError::Undeclared)];
    assert_eq!(bad, BadSettings(expected.into()), "the tower is not opened without its base");
}

#[test]
fn what_a_part_misses_is_noted_although_it_is_not_opened_without_its_parts() {
    let opening = opening(&[("KEY", "canary")]);
    let bad = opening.finish(opening.part::<Tower>()).unwrap_err();
    assert_eq!(bad.to_string(), "KEY is not in the expected form; ADDRESS is missing");
}

#[test]
fn what_was_opened_well_is_of_no_use_beside_a_bad_setting() {
    let opening = opening(&[("KEY", "7")]);
    assert!(opening.part::<Tower>().is_err());
    let base = opening.part::<Base>();
    assert!(base.is_ok() && opening.finish(base).is_err());
}

#[test]
fn the_requirements_of_parts_are_those_of_all_that_they_are_made_of_each_once() {
    let all: Vec<_> = requirements::<(Tower, Base)>().into_iter().map(|(name, _)| name).collect();
    assert_eq!(all, ["tower", "base"]);
}

#[test]
fn a_function_without_secrets_is_built_without_their_store() {
    const SECRETS: [bool; 4] = [
        <() as Parts>::HAVE_SECRETS,
        <Thief as Parts>::HAVE_SECRETS,
        <Tower as Parts>::HAVE_SECRETS,
        <(Thief, Base) as Parts>::HAVE_SECRETS,
    ];
    assert_eq!(SECRETS, [false, false, true, true]);
}

/// A part that gives up at its first missing setting.
struct Hasty;

impl Part for Hasty {
    const NAME: &'static str = "hasty";
    const REQUIREMENTS: Requirements = Requirements::settings(&[
        Setting::required("FIRST", "sample"),
        Setting::required("SECOND", "sample"),
        Setting::optional("THIRD", "sample"),
    ]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        for setting in Self::REQUIREMENTS.settings {
            settings.required(setting, |_| Ok(()))?;
        }
        Ok(Self)
    }
}

#[test]
fn every_missing_setting_is_noted_even_when_a_part_gives_up_at_the_first() {
    let opening = opening(&[]);
    let bad = opening.finish(opening.part::<Hasty>()).err().map(|bad| bad.to_string());
    assert_eq!(bad.as_deref(), Some("FIRST is missing; SECOND is missing"));
}
