//! Opening the parts of a function at its start: each part once, every bad setting reported.

use super::{Part, Parts, Requirements};
use crate::clock::Clock;
use crate::settings::{
    BadSettings, Need, SecretStore, Setting, SettingError, StoredSecret, StoredSettings, Variables,
};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Opens the store of secrets; on AWS that is Secrets Manager.
pub type OpenStore = fn(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>;

/// The proof that a bad setting was noted: whoever has it has nothing to add.
#[derive(Debug, Clone, Copy)]
pub struct Noted(());

/// The parts of one function on their way to be opened. A part that several others are made of is opened once.
pub struct Opening {
    variable: Box<Variables<'static>>,
    clock: Arc<dyn Clock>,
    stored: StoredSettings,
    opened: Mutex<HashMap<TypeId, Option<Arc<dyn Any + Send + Sync>>>>,
    bad: Mutex<Vec<(&'static str, SettingError)>>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Opening")
    }
}

impl Opening {
    /// With all settings by their value, as on one machine and in tests.
    pub fn by_value(
        variable: impl Fn(&'static str) -> Option<String> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            variable: Box::new(variable),
            clock,
            stored: StoredSettings::default(),
            opened: Mutex::default(),
            bad: Mutex::default(),
        }
    }

    /// With each secret of the parts' settings by its value or by its ARN (C8). Those by an ARN are fetched now, all at
    /// once, from the store that `open` opens; without one to fetch, no store is opened.
    pub async fn with_secrets(
        variable: impl Fn(&'static str) -> Option<String> + Send + Sync + 'static,
        clock: Arc<dyn Clock>,
        requirements: &[(&'static str, Requirements)],
        open: impl FnOnce(&Variables<'_>) -> Result<Arc<dyn SecretStore>, BadSettings>,
    ) -> Self {
        let settings = requirements.iter().flat_map(|(_, needed)| needed.settings);
        let secrets: Vec<_> = settings.filter(|setting| is_read(setting, &variable)).copied().collect();
        let (stored, bad) = StoredSettings::fetch(&variable, open, &secrets).await;
        Self { stored, bad: Mutex::new(bad), ..Self::by_value(variable, clock) }
    }

    /// Puts a part in the place of the one that the settings would open.
    pub fn put<P: Part>(&self, part: Arc<P>) {
        self.opened().insert(TypeId::of::<P>(), Some(part));
    }

    /// The part, opened now unless it is there already.
    pub fn part<P: Part>(&self) -> Result<Arc<P>, Noted> {
        let known = self.opened().get(&TypeId::of::<P>()).cloned();
        match known {
            Some(Some(part)) => {
                if let Ok(part) = part.downcast::<P>() {
                    return Ok(part);
                }
            }
            Some(None) => return Err(Noted(())),
            None => {}
        }
        let reader = Reader { opening: self, requirements: P::REQUIREMENTS };
        let opened = <P::Parts as Parts>::open(self).and_then(|parts| P::open(&reader, parts)).map(Arc::new);
        if opened.is_err() {
            reader.note_missing();
        }
        let kept = opened.as_ref().ok().map(|part| Arc::<P>::clone(part) as Arc<dyn Any + Send + Sync>);
        self.opened().insert(TypeId::of::<P>(), kept);
        opened
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Reads settings that are no part's, such as those of every function.
    pub fn reader(&self, settings: &'static [Setting]) -> Reader<'_> {
        Reader { opening: self, requirements: Requirements::settings(settings) }
    }

    /// What was opened, or every bad setting. Whatever was opened well is of no use beside a bad setting.
    pub fn finish<T>(&self, outcome: Result<T, Noted>) -> Result<T, BadSettings> {
        let bad = self.bad().clone();
        match outcome {
            Ok(opened) if bad.is_empty() => Ok(opened),
            _ => Err(BadSettings(bad)),
        }
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<TypeId, Option<Arc<dyn Any + Send + Sync>>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad(&self) -> MutexGuard<'_, Vec<(&'static str, SettingError)>> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a setting is read: one that only another's value asks for is not, elsewhere.
fn is_read(setting: &Setting, variable: &Variables<'_>) -> bool {
    match setting.need {
        Need::Required | Need::Optional => true,
        Need::With(key, value) => variable(key).as_deref() == Some(value),
    }
}

/// Reads the settings of one part, and no others.
pub struct Reader<'a> {
    opening: &'a Opening,
    requirements: Requirements,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reader")
    }
}

impl Reader<'_> {
    /// The setting's value, as `read` reads it; a missing one is noted.
    pub fn required<T>(
        &self,
        setting: &Setting,
        read: impl FnOnce(&str) -> Result<T, SettingError>,
    ) -> Result<T, Noted> {
        match self.optional(setting, read)? {
            Some(value) => Ok(value),
            None => Err(self.note(setting.key, SettingError::Missing)),
        }
    }

    /// The setting's value, as `read` reads it; none when it is not given, or empty.
    pub fn optional<T>(
        &self,
        setting: &Setting,
        read: impl FnOnce(&str) -> Result<T, SettingError>,
    ) -> Result<Option<T>, Noted> {
        if !self.requirements.settings.iter().any(|declared| declared.key == setting.key) {
            return Err(self.note(setting.key, SettingError::Undeclared));
        }
        let stored = &self.opening.stored;
        let value = stored.value(setting.key).or_else(|| (self.opening.variable)(setting.key));
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return if self.is_noted(setting) { Err(Noted(())) } else { Ok(None) };
        };
        read(&value).map(Some).map_err(|error| self.note(stored.given_as(setting.key), error))
    }

    /// The secret that the setting's value was fetched from, to fetch it once more; none when it was given by value.
    pub fn stored(&self, setting: &Setting) -> Option<StoredSecret> {
        self.opening.stored.of(setting.key).map(|stored| stored.secret.clone())
    }

    /// The variables that Lambda itself sets for calls to AWS, and those that lead such calls elsewhere.
    pub fn aws(&self, key: &'static str) -> Option<String> {
        key.starts_with("AWS_").then(|| (self.opening.variable)(key)).flatten()
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.opening.clock)
    }

    /// Notes a bad setting; one of another form than its own with that form.
    pub fn note(&self, key: &'static str, error: SettingError) -> Noted {
        let is_it = |setting: &&Setting| setting.key == key || setting.arn_key == Some(key);
        let error = match self.requirements.settings.iter().find(is_it) {
            Some(setting) => setting.explained(error),
            None => error,
        };
        self.note_all(BadSettings(vec![(key, error)]))
    }

    /// Notes bad settings, each once.
    pub fn note_all(&self, BadSettings(errors): BadSettings) -> Noted {
        let mut bad = self.opening.bad();
        for error in errors {
            if !bad.contains(&error) {
                bad.push(error);
            }
        }
        Noted(())
    }

    /// Notes the missing settings of a part that is not opened, because a part that it is made of was not, or because a
    /// setting before them was bad.
    fn note_missing(&self) {
        for setting in self.requirements.settings.iter().filter(|setting| setting.need == Need::Required) {
            // What is given cannot be judged without the part, and is as soon as the other settings are good.
            let _ = self.required(setting, |_| Ok(()));
        }
    }

    /// Whether it is reported already that the setting has no value: neither form is given, both are, or the secret could
    /// not be fetched.
    fn is_noted(&self, setting: &Setting) -> bool {
        let keys = [Some(setting.key), setting.arn_key];
        self.opening.stored.is_unfetched(setting.key)
            || self.opening.bad().iter().any(|(key, _)| keys.contains(&Some(*key)))
    }
}
