//! Reading parameters. What is wrong with them is said as the provider says it, and nothing has run then.

use crate::reply::Refusal;
use std::collections::BTreeMap;

/// The most entries of metadata, and the longest name and value.
const METADATA: (usize, usize, usize) = (50, 40, 500);

/// The parameters of a request that takes them.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    pairs: &'a [(String, String)],
}

/// `payment_method_types[0]` is `payment_method_types[]`.
fn without_index(name: &str) -> String {
    match name.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((list, index)) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{list}[]")
        }
        _ => name.to_owned(),
    }
}

/// The `name` of `metadata[name]`.
fn of_metadata(name: &str) -> Option<&str> {
    name.strip_prefix("metadata[")?.strip_suffix(']')
}

impl<'a> Form<'a> {
    /// The parameters, if all of them are among `known`; `metadata` stands for all of its entries.
    pub(crate) fn of(pairs: &'a [(String, String)], known: &[&str]) -> Result<Self, Refusal> {
        let is_known = |name: &str| {
            known.contains(&without_index(name).as_str())
                || (known.contains(&"metadata") && of_metadata(name).is_some())
        };
        match pairs.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(Self { pairs }),
            Some((name, _)) => Err(Refusal::invalid(format!("Received unknown parameter: {name}"))
                .with_code("parameter_unknown")
                .about(name.as_str())),
        }
    }

    /// The value of a parameter. An empty one is an error.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let found = self.pairs.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        match found {
            Some("") => Err(Refusal::invalid(format!("You passed an empty string for '{name}'."))
                .with_code("parameter_invalid_empty")
                .about(name)),
            other => Ok(other),
        }
    }

    /// The value of a parameter that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&'a str, Refusal> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let parse = |text: &str| text.parse().map_err(|_| not_an_integer(name, text));
        self.text(name)?.map(parse).transpose()
    }

    /// The value of a parameter that is `true` or `false`; without it, false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Refusal::invalid(format!("Invalid boolean: {other}")).about(name)),
        }
    }

    /// The values of a list such as `payment_method_types[]`.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a str> {
        let of_list = self.pairs.iter().filter(|(other, _)| without_index(other) == name);
        of_list.map(|(_, value)| value.as_str()).collect()
    }

    /// The metadata, without entries that are empty.
    pub(crate) fn metadata(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let entries = self.pairs.iter().filter_map(|(name, value)| Some((of_metadata(name)?, value)));
        let metadata: BTreeMap<String, String> = entries
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let (most, longest_name, longest_value) = METADATA;
        let fits = |(name, value): (&String, &String)| {
            name.chars().count() <= longest_name && value.chars().count() <= longest_value
        };
        if metadata.len() <= most && metadata.iter().all(fits) {
            Ok(metadata)
        } else {
            let message = "Metadata has 50 entries at most, names of 40 and values of 500 characters.";
            Err(Refusal::invalid(message).about("metadata"))
        }
    }
}

pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::invalid(format!("Missing required param: {name}.")).with_code("parameter_missing").about(name)
}

fn not_an_integer(name: &str, text: &str) -> Refusal {
    Refusal::invalid(format!("Invalid integer: {text}")).with_code("parameter_invalid_integer").about(name)
}

/// The integer is not what it may be.
pub(crate) fn out_of_bounds(name: &str, message: &str) -> Refusal {
    Refusal::invalid(message).with_code("parameter_invalid_integer").about(name)
}
