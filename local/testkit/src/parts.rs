use shared::clock::SystemClock;
use shared::parts::{Opening, Part};
use shared::settings::BadSettings;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Opens a part by these settings, as a function with these variables does.
pub fn open_part<P: Part>(variables: &[(&'static str, &str)]) -> Result<Arc<P>, BadSettings> {
    let variables: BTreeMap<&str, String> =
        variables.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let opening = Opening::by_value(move |key| variables.get(key).cloned(), Arc::new(SystemClock));
    opening.finish(opening.part())
}
