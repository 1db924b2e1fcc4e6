//! How the objects and enums of the API are declared.

/// An object of the API: every field may be absent or `null`, unset fields and empty lists are not written, unknown fields
/// are ignored, or with `..other` kept, so that reading, changing and writing back loses nothing.
macro_rules! wire_struct {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
        $(; ..$other:ident)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(deserialize_with = "crate::wire::read", skip_serializing_if = "crate::wire::unset")]
                pub $field: $type,
            )*
            $(
                /// Fields that this client does not know, as they came.
                #[serde(flatten)]
                pub $other: std::collections::BTreeMap<String, serde_json::Value>,
            )?
        }

        impl crate::wire::WireValue for $name {
            fn read(value: serde_json::Value) -> Result<Self, String> {
                serde_json::from_value(value).map_err(|error| error.to_string())
            }
        }
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

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::wire::read(deserializer)
            }
        }

        impl crate::wire::WireValue for $name {
            fn read(value: serde_json::Value) -> Result<Self, String> {
                <String as crate::wire::WireValue>::read(value).map(|text| Self::from(text.as_str()))
            }
        }
    };
}
pub(crate) use wire_enum;
