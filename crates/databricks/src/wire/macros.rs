//! How the objects and enums of the API are declared.

/// An object of the API: every field may be absent or `null`, unset fields and empty lists are not written, unknown fields
/// are ignored, or with `..other` kept, so that reading, changing and writing back loses nothing. `field as "key"` says how a
/// field is spelled on the wire, where that is no name of Rust's.
macro_rules! wire_struct {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident $(as $key:literal)?: $type:ty),* $(,)?
        $(; ..$other:ident)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            $(
                /// Fields that this client does not know, as they came.
                pub $other: std::collections::BTreeMap<String, serde_json::Value>,
            )?
        }

        impl crate::wire::WireValue for $name {
            fn read(value: serde_json::Value) -> Result<Self, String> {
                let mut fields = crate::wire::Fields::of(value)?;
                Ok(Self {
                    $($field: fields.take(crate::wire::key!($field $($key)?))?,)*
                    $($other: fields.rest(),)?
                })
            }
        }

        impl crate::wire::ToWire for $name {
            fn write(&self) -> serde_json::Value {
                let mut fields = crate::wire::Fields::default();
                $(fields.put(crate::wire::key!($field $($key)?), &self.$field);)*
                $(fields.extend(&self.$other);)?
                fields.into()
            }
        }

        crate::wire::serde_by_wire!($name);
    };
}
pub(crate) use wire_struct;

/// An enum of the platform's words that keeps words it does not know.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A word that this client does not know, as it was sent.
            Unknown(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::wire::WireValue for $name {
            fn read(value: serde_json::Value) -> Result<Self, String> {
                <String as crate::wire::WireValue>::read(value).map(|text| Self::from(text.as_str()))
            }
        }

        impl crate::wire::ToWire for $name {
            fn write(&self) -> serde_json::Value {
                self.as_str().into()
            }
        }

        crate::wire::serde_by_wire!($name);
    };
}
pub(crate) use wire_enum;

/// `serde` for a type that has its own way to and from JSON: one small piece of code, whatever it is read from.
macro_rules! serde_by_wire {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&crate::wire::ToWire::write(self), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::read(deserializer)
            }
        }
    };
}
pub(crate) use serde_by_wire;

/// The key of a field: its name, or what stands after `as`.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}
pub(crate) use key;
