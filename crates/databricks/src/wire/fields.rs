//! An object's fields, taken out one by one or put in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ToWire, WireValue};

/// The fields that are still there, or already.
#[derive(Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Those of an object.
    pub(crate) fn of(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(format!("an object was expected, not {other}")),
        }
    }

    /// Takes a field; its default if it is absent.
    pub(crate) fn take<T: WireValue + Default>(&mut self, key: &str) -> Result<T, String> {
        match self.0.remove(key) {
            None => Ok(T::default()),
            Some(value) => T::read(value).map_err(|reason| within(key, &reason)),
        }
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> BTreeMap<String, Value> {
        self.0.into_iter().collect()
    }

    /// Puts a field, unless it is unset.
    pub(crate) fn put(&mut self, key: &str, value: &impl ToWire) {
        if !value.is_unset() {
            self.0.insert(key.to_owned(), value.write());
        }
    }

    /// Puts fields that were not known when they were read.
    pub(crate) fn extend(&mut self, others: &BTreeMap<String, Value>) {
        self.0.extend(others.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

impl WireValue for Fields {
    fn read(value: Value) -> Result<Self, String> {
        Self::of(value)
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

fn within(key: &str, reason: &str) -> String {
    format!("`{key}`: {reason}")
}
