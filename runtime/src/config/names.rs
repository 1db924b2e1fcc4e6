//! Names that end up in SQL or in the database, checked before anything uses them.

use std::fmt;

/// Longest identifier that Postgres keeps, in bytes.
const IDENTIFIER_LENGTH: usize = 63;
/// Longest reset id.
const RESET_ID_LENGTH: usize = 128;

/// Name of a Postgres schema that needs no escaping anywhere: `^[a-z_][a-z0-9_]{0,62}$`, not one of Postgres' own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaName(String);

impl SchemaName {
    /// Checks `text` against the rule; the error completes a sentence that begins with the variable's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut characters = text.chars();
        let starts_well = characters.next().is_some_and(|c| c == '_' || c.is_ascii_lowercase());
        let goes_on_well = characters.all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit());
        if !starts_well || !goes_on_well {
            return Err("isn't a plain lower-case identifier".to_owned());
        }
        if text.len() > IDENTIFIER_LENGTH {
            return Err(format!("is longer than {IDENTIFIER_LENGTH} characters"));
        }
        if text.starts_with("pg_") || text == "information_schema" {
            return Err("is reserved by Postgres".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The bare name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as SQL writes it; the quotes matter for reserved words such as `user`.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl Default for SchemaName {
    fn default() -> Self {
        Self("app_data".to_owned())
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One-time id of a reset that a deployer ordered: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResetId(String);

impl ResetId {
    /// Checks `text` against the rule; the error completes a sentence that begins with the variable's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > RESET_ID_LENGTH {
            return Err(format!("isn't 1 to {RESET_ID_LENGTH} characters long"));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-')) {
            return Err("holds a character that an id may not have".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The bare id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_schema_names_pass() {
        for name in ["app_data", "tellr", "_x", "a", "user", "t2", &"s".repeat(63)] {
            assert_eq!(SchemaName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn hostile_and_wrong_schema_names_are_refused() {
        let too_long = "s".repeat(64);
        for name in [
            "",
            "1a",
            "App",
            "a-b",
            "a b",
            "a\"b",
            "a;drop schema public",
            "a.b",
            "é",
            "a\0",
            "a\n",
            "pg_catalog",
            "pg_temp",
            "information_schema",
            &too_long,
        ] {
            assert!(SchemaName::parse(name).is_err(), "{name:?} passed");
        }
    }

    #[test]
    fn reset_ids_are_bounded() {
        assert!(ResetId::parse("2026-11-23T10:00:00Z").is_ok());
        assert!(ResetId::parse("").is_err());
        assert!(ResetId::parse("a b").is_err());
        assert!(ResetId::parse("a'b").is_err());
        assert!(ResetId::parse(&"x".repeat(129)).is_err());
    }

    proptest! {
        #[test]
        fn a_schema_name_passes_exactly_when_the_written_rule_holds(name in "[a-zA-Z0-9_\"';. -]{0,70}") {
            let bytes = name.as_bytes();
            let rule = !bytes.is_empty()
                && bytes.len() <= 63
                && matches!(bytes[0], b'a'..=b'z' | b'_')
                && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            let reserved = name.starts_with("pg_") || name == "information_schema";
            prop_assert_eq!(SchemaName::parse(&name).is_ok(), rule && !reserved);
        }

        #[test]
        fn no_name_whatever_breaks_out_of_its_quotes(name in any::<String>()) {
            if let Ok(schema) = SchemaName::parse(&name) {
                let quoted = schema.quoted();
                prop_assert!(!quoted[1..quoted.len() - 1].contains(['"', '\\', '\0', ' ', ';']));
            }
        }

        #[test]
        fn any_reset_id_is_refused_or_kept_as_it_is(id in any::<String>()) {
            if let Ok(kept) = ResetId::parse(&id) {
                prop_assert_eq!(kept.as_str(), id.as_str());
                prop_assert!(id.len() <= RESET_ID_LENGTH && id.is_ascii());
            }
        }
    }
}
