//! The settings that were given, each checked by its own rule.

use super::check::Check;
use crate::spec::{
    AppName, AppVersion, FIELDS, LakebaseName, LakebaseType, RawSpec, SchemaSetup, WorkspacePath,
};

/// What was given and keeps its rule.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) app_name: Option<AppName>,
    pub(super) workspace_path: Option<WorkspacePath>,
    pub(super) lakebase_name: Option<LakebaseName>,
    pub(super) lakebase_type: Option<LakebaseType>,
    pub(super) schema_setup: Option<SchemaSetup>,
    pub(super) app_version: Option<AppVersion>,
}

impl Settings {
    /// Reads the settings; a line for each rule that is broken, or one for all that are kept.
    pub(super) fn of(raw: &RawSpec) -> (Self, Vec<Check>) {
        let value = |key: &str| raw.values.get(key).map(String::as_str);
        let settings = Self {
            app_name: value("app_name").and_then(|text| AppName::parse(text).ok()),
            workspace_path: value("app_file_workspace_path").and_then(|text| WorkspacePath::parse(text).ok()),
            lakebase_name: value("lakebase_name").and_then(|text| LakebaseName::parse(text).ok()),
            lakebase_type: value("lakebase_type").and_then(|text| LakebaseType::parse(text).ok()),
            schema_setup: value("schema_setup").and_then(|text| SchemaSetup::parse(text).ok()),
            app_version: value("app_version").and_then(|text| AppVersion::parse(text).ok()),
        };
        (settings, rules(raw))
    }
}

fn rules(raw: &RawSpec) -> Vec<Check> {
    // the source has a look of its own
    let without_source = RawSpec { wheel: None, binary: None, ..raw.clone() };
    let errors = without_source.create().err().unwrap_or_default();
    let (absent, broken): (Vec<_>, Vec<_>) =
        errors.into_iter().partition(|error| is_absent(raw, &error.field));
    if !broken.is_empty() {
        return broken.into_iter().map(|error| Check::missing("settings", error.message)).collect();
    }
    let absent: Vec<String> = absent.into_iter().map(|error| format!("`{}`", error.field)).collect();
    vec![if absent.is_empty() {
        Check::ok("settings", "all that a create needs are given and keep their rules")
    } else {
        let found =
            format!("those given keep their rules; not given, so not looked at: {}", absent.join(", "));
        Check::ok("settings", found)
    }]
}

/// A field that was not filled in, as opposed to one that was filled in wrongly.
fn is_absent(raw: &RawSpec, key: &str) -> bool {
    FIELDS.iter().any(|field| field.key == key) && !raw.values.contains_key(key)
}
