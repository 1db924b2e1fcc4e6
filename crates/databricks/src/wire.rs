//! Reading the platform's JSON tolerantly: enums that may grow, integers in quotes, `null` for what is absent, fields that
//! are not known. Writing it as the official SDKs do: what is unset or empty stays home.

mod fields;
mod macros;

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

pub(crate) use fields::Fields;
pub(crate) use macros::{key, serde_by_wire, wire_enum, wire_struct};

/// A value that can be read from JSON leniently.
pub(crate) trait WireValue: Sized {
    fn read(value: Value) -> Result<Self, String>;
}

/// A value that can be written as JSON, or left out of it.
pub(crate) trait ToWire {
    fn write(&self) -> Value;

    /// Whether an object is written without it.
    fn is_unset(&self) -> bool {
        false
    }
}

/// For `deserialize_with`.
pub(crate) fn read<'de, D: Deserializer<'de>, T: WireValue>(deserializer: D) -> Result<T, D::Error> {
    T::read(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl WireValue for String {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(text),
            Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
            other => Err(format!("a text was expected, not {other}")),
        }
    }
}

impl WireValue for bool {
    fn read(value: Value) -> Result<Self, String> {
        match &value {
            Value::Bool(yes) => Ok(*yes),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            other => Err(format!("true or false was expected, not {other}")),
        }
    }
}

impl WireValue for i64 {
    fn read(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            _ => None,
        };
        number.ok_or_else(|| format!("an integer was expected, not {value}"))
    }
}

fn whole(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() <= 2_f64.powi(53);
    exact.then_some(number as i64)
}

impl WireValue for f64 {
    fn read(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        number.ok_or_else(|| format!("a number was expected, not {value}"))
    }
}

impl WireValue for Value {
    fn read(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

impl<T: WireValue> WireValue for Option<T> {
    fn read(value: Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl<T: WireValue> WireValue for Vec<T> {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::new()),
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            other => Err(format!("a list was expected, not {other}")),
        }
    }
}

impl<T: WireValue> WireValue for BTreeMap<String, T> {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::new()),
            Value::Object(items) => items.into_iter().map(|(key, item)| Ok((key, T::read(item)?))).collect(),
            other => Err(format!("an object was expected, not {other}")),
        }
    }
}

impl ToWire for bool {
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl ToWire for i64 {
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl ToWire for f64 {
    fn write(&self) -> Value {
        (*self).into()
    }
}

impl ToWire for Value {
    fn write(&self) -> Value {
        self.clone()
    }
}

impl ToWire for String {
    fn write(&self) -> Value {
        self.as_str().into()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl<T: ToWire> ToWire for Option<T> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }
}

impl<T: ToWire> ToWire for Vec<T> {
    fn write(&self) -> Value {
        self.iter().map(T::write).collect()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl<T: ToWire> ToWire for BTreeMap<String, T> {
    fn write(&self) -> Value {
        self.iter().map(|(key, item)| (key.clone(), item.write())).collect()
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![expect(unreachable_pub, reason = "the macros make public types")]

    use serde_json::json;

    use super::{wire_enum, wire_struct};

    wire_enum! {
        /// For the test.
        Colour { Red = "RED", Green = "GREEN" }
    }

    wire_struct! {
        /// For the test.
        Sample {
            /// A word.
            colour: Option<Colour>,
            /// An integer.
            size: Option<i64>,
            /// A list.
            names: Vec<String>,
            /// An object.
            inner: Option<Kept>,
        }
    }

    wire_struct! {
        /// For the test.
        Kept {
            /// A text.
            name: String,
            ; ..other
        }
    }

    #[test]
    fn unknown_words_survive_a_round_trip() {
        let sample: Sample = serde_json::from_value(json!({"colour": "MAUVE"})).unwrap();
        assert_eq!(sample.colour, Some(Colour::Unknown("MAUVE".to_owned())));
        assert_eq!(serde_json::to_value(&sample).unwrap(), json!({"colour": "MAUVE"}));
        assert_eq!(serde_json::from_value::<Colour>(json!("RED")).unwrap(), Colour::Red);
        assert_eq!(serde_json::from_value::<Colour>(json!(3)).unwrap().as_str(), "3");
    }

    #[test]
    fn integers_come_in_several_spellings() {
        let size = |value| serde_json::from_value::<Sample>(json!({"size": value})).map(|sample| sample.size);
        assert_eq!(size(json!(17)).unwrap(), Some(17));
        assert_eq!(size(json!("17")).unwrap(), Some(17));
        assert_eq!(size(json!(17.0)).unwrap(), Some(17));
        assert_eq!(size(json!(null)).unwrap(), None);
        assert_eq!(size(json!(7_000_000_000_000_001_i64)).unwrap(), Some(7_000_000_000_000_001));
        assert!(size(json!("seventeen")).is_err());
        assert!(size(json!(1.5)).is_err());
        assert!(size(json!([])).is_err());
    }

    #[test]
    fn what_is_null_or_absent_is_unset_and_stays_home() {
        let sample: Sample =
            serde_json::from_value(json!({"names": null, "inner": null, "colour": null, "more": {"x": 1}}))
                .unwrap();
        assert_eq!(sample, Sample::default());
        assert_eq!(serde_json::to_value(&sample).unwrap(), json!({}));
    }

    #[test]
    fn kept_fields_are_written_back() {
        let given = json!({"inner": {"name": "a", "later": {"invented": [1, "2"]}}});
        let sample: Sample = serde_json::from_value(given.clone()).unwrap();
        assert_eq!(serde_json::to_value(&sample).unwrap(), given);
    }
}
