//! Names that come from outside, each checked once and then carried as a type.

use serde::Serialize;

use super::field::{Field, FieldError};

/// Says that `value` breaks the rule of the field `key`.
fn broken(key: &'static str, value: &str) -> FieldError {
    FieldError::broken(Field::named(key), value)
}

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type! {
    /// Name of a Databricks App: 1 to 30 lowercase letters, digits and inner hyphens.
    AppName
}
text_type! {
    /// Name of a Lakebase project or instance: 1 to 63 lowercase letters, digits and inner hyphens, a letter first.
    LakebaseName
}
text_type! {
    /// Name of a Postgres schema: 1 to 63 lowercase letters, digits and underscores, not a digit first.
    SchemaName
}
text_type! {
    /// Absolute path of a workspace folder, always spelled with the `/Workspace` prefix.
    WorkspacePath
}
text_type! {
    /// A PEP 440 version, as it stands behind `==` in a requirements file.
    AppVersion
}
text_type! {
    /// What a person reads in the list of apps: one line of at most 500 characters.
    Description
}
text_type! {
    /// Size of the app's compute, in the platform's spelling (`MEDIUM`, `LARGE`, …).
    AppCompute
}

fn is_lower_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_hyphenated(value: &str) -> bool {
    value.chars().all(|c| is_lower_alphanumeric(c) || c == '-')
        && !value.starts_with('-')
        && !value.ends_with('-')
}

impl AppName {
    /// Reads an app name; the error names the field and its rule.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let fits = (1..=30).contains(&value.len()) && is_hyphenated(value);
        if fits { Ok(Self(value.into())) } else { Err(broken("app_name", value)) }
    }
}

impl LakebaseName {
    /// Reads a Lakebase name; the error names the field and its rule.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let fits = (1..=63).contains(&value.len())
            && is_hyphenated(value)
            && value.starts_with(|c: char| c.is_ascii_lowercase());
        if fits { Ok(Self(value.into())) } else { Err(broken("lakebase_name", value)) }
    }
}

impl SchemaName {
    /// Reads a schema name; the error names the field and its rule.
    ///
    /// Postgres' own schemas are refused, and so is `public`, which other applications share: a reset would drop it.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let characters = value.chars().all(|c| is_lower_alphanumeric(c) || c == '_');
        let first = value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let reserved = value.starts_with("pg_") || matches!(value, "public" | "information_schema");
        let fits = (1..=63).contains(&value.len()) && characters && first && !reserved;
        if fits { Ok(Self(value.into())) } else { Err(broken("schema_name", value)) }
    }
}

impl WorkspacePath {
    /// Reads a workspace folder; `/Users/…` and `/Shared/…` get the `/Workspace` prefix that names the same object.
    ///
    /// A home folder itself is refused: everything in the folder becomes the app's source.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let key = "app_file_workspace_path";
        let bare = value.strip_prefix("/Workspace").unwrap_or(value);
        let segments: Vec<&str> = match bare.strip_prefix('/') {
            Some(rest) => rest.trim_end_matches('/').split('/').collect(),
            None => return Err(broken(key, value)),
        };
        let least = if segments[0] == "Users" { 3 } else { 2 };
        let plain = |s: &&str| !s.is_empty() && *s != "." && *s != ".." && !s.chars().any(is_unfit_in_path);
        let known_root = matches!(segments[0], "Users" | "Shared" | "Repos");
        let fits = known_root && segments.len() >= least && segments.iter().all(plain) && value.len() <= 400;
        if fits { Ok(Self(format!("/Workspace/{}", segments.join("/")))) } else { Err(broken(key, value)) }
    }

    /// The path of a file directly in this folder.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

fn is_unfit_in_path(c: char) -> bool {
    c.is_control() || matches!(c, '\\' | '"' | '\'' | '*' | '?' | '<' | '>' | '|' | '%' | '#' | ';')
}

impl AppVersion {
    /// Reads a version; nothing that could be read as another requirement or option gets through.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let characters =
            value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '!' | '-' | '_'));
        let fits =
            (1..=64).contains(&value.len()) && value.starts_with(|c: char| c.is_ascii_digit()) && characters;
        if fits { Ok(Self(value.into())) } else { Err(broken("app_version", value)) }
    }
}

impl Description {
    /// Reads a description.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let fits = (1..=500).contains(&value.chars().count()) && !value.chars().any(char::is_control);
        if fits { Ok(Self(value.into())) } else { Err(broken("description", value)) }
    }
}

impl AppCompute {
    /// Reads a compute size. The platform adds sizes, so any word of its shape is passed through.
    pub fn parse(value: &str) -> Result<Self, FieldError> {
        let characters = value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let first = value.starts_with(|c: char| c.is_ascii_uppercase());
        let fits = (1..=32).contains(&value.len()) && characters && first;
        if fits { Ok(Self(value.into())) } else { Err(broken("app_compute", value)) }
    }
}
