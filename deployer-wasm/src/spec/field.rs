//! The fields of a deployment, described once: the CLI's flags, the page's form and every refusal come from here.

use serde::Serialize;

/// One field that a person or a program fills in.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Name in Python, in JSON and in messages, for example `app_name`.
    pub key: &'static str,
    /// Name of the command-line flag, without the dashes.
    pub flag: &'static str,
    /// What the field is for, in one sentence.
    pub description: &'static str,
    /// What a value must look like, as a sentence that follows "must be".
    pub rule: &'static str,
    /// The value that is taken when none is given.
    pub default: Option<&'static str>,
    /// The only values allowed, where there is such a list.
    pub choices: &'static [&'static str],
}

/// Every field, in the order in which a form shows them.
pub const FIELDS: &[Field] = &[
    Field {
        key: "app_name",
        flag: "app-name",
        description: "Name of the Databricks App",
        rule: "1 to 30 lowercase letters, digits and hyphens, with no hyphen at either end",
        default: None,
        choices: &[],
    },
    Field {
        key: "lakebase_name",
        flag: "lakebase-name",
        description: "Name of the Lakebase database project or instance; it is made if it does not exist",
        rule: "1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        default: None,
        choices: &[],
    },
    Field {
        key: "schema_name",
        flag: "schema-name",
        description: "Postgres schema that holds Tellr's tables",
        rule: "1 to 63 lowercase letters, digits and underscores, not beginning with a digit or `pg_`, \
               and neither `public` nor `information_schema`",
        default: None,
        choices: &[],
    },
    Field {
        key: "app_file_workspace_path",
        flag: "workspace-path",
        description: "Workspace folder for the app's files; everything in it belongs to the app",
        rule: "an absolute path below `/Workspace/Users/<user>/` or `/Workspace/Shared/` without `.` or `..`, \
               quotes or wildcards, of at most 400 characters",
        default: None,
        choices: &[],
    },
    Field {
        key: "lakebase_type",
        flag: "lakebase-type",
        description: "Kind of Lakebase; without it an existing database of that name is used, else Autoscaling",
        rule: "one of `autoscaling`, `provisioned`",
        default: None,
        choices: &["autoscaling", "provisioned"],
    },
    Field {
        key: "lakebase_compute",
        flag: "lakebase-compute",
        description: "Capacity of a new Lakebase database",
        rule: "one of `CU_1`, `CU_2`, `CU_4`, `CU_8`",
        default: Some("CU_1"),
        choices: &["CU_1", "CU_2", "CU_4", "CU_8"],
    },
    Field {
        key: "app_compute",
        flag: "app-compute",
        description: "Compute size of the app: MEDIUM, LARGE or another that the workspace offers",
        rule: "a word of 1 to 32 capital letters, digits and underscores",
        default: Some("MEDIUM"),
        choices: &[],
    },
    Field {
        key: "app_version",
        flag: "app-version",
        description: "Version of the package databricks-tellr-app; without it the newest in the package index",
        rule: "a version such as `1.4.2`: digits first, then letters, digits and `.+!-_`, at most 64 characters",
        default: None,
        choices: &[],
    },
    Field {
        key: "local_wheel_path",
        flag: "wheel",
        description: "A databricks_tellr_app wheel on this machine, uploaded in place of a package version",
        rule: "a file named `databricks_tellr_app-<version>-….whl` of at most 10485760 bytes, and not given together \
               with `app_version`",
        default: None,
        choices: &[],
    },
    Field {
        key: "local_binary_path",
        flag: "binary",
        description: "The app's program `tellr-app` on this machine, uploaded in compressed parts: the app then needs neither \
                      a package index nor Python",
        rule: "a program for Linux on x86-64, linked statically or against glibc up to 2.35, of at most 268435456 bytes, \
               and not given together with `app_version` or `local_wheel_path`",
        default: None,
        choices: &[],
    },
    Field {
        key: "description",
        flag: "description",
        description: "What people read in the workspace's list of apps",
        rule: "one line of 1 to 500 characters",
        default: Some("Tellr AI Slide Generator"),
        choices: &[],
    },
    Field {
        key: "schema_setup",
        flag: "schema-setup",
        description: "Who prepares the database schema: the deployer over a Postgres connection, or the app itself at its \
                      next start",
        rule: "one of `engine`, `app`",
        default: Some("engine"),
        choices: &["engine", "app"],
    },
];

impl Field {
    /// The field called `key`; an unknown key gives a field without a rule, which no caller in this crate asks for.
    pub fn named(key: &'static str) -> &'static Field {
        const UNKNOWN: &Field = &Field {
            key: "unknown",
            flag: "unknown",
            description: "",
            rule: "known",
            default: None,
            choices: &[],
        };
        FIELDS.iter().find(|field| field.key == key).unwrap_or(UNKNOWN)
    }
}

/// A field whose value cannot be used: which, why, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct FieldError {
    /// Key of the field.
    pub field: String,
    /// One sentence with the field, the value (shortened, control characters made visible) and the rule.
    pub message: String,
}

impl FieldError {
    /// `value` breaks the rule of `field`.
    pub fn broken(field: &Field, value: &str) -> Self {
        let found = if value.is_empty() { "is empty".to_owned() } else { format!("is {}", shown(value)) };
        Self {
            field: field.key.into(),
            message: format!("`{}` {found}, but must be {}", field.key, field.rule),
        }
    }

    /// A required field has no value.
    pub fn missing(field: &Field) -> Self {
        Self {
            field: field.key.into(),
            message: format!("`{}` is required and must be {}", field.key, field.rule),
        }
    }

    /// Another reason, told whole.
    pub fn because(key: &str, message: impl Into<String>) -> Self {
        Self { field: key.into(), message: message.into() }
    }
}

/// At most 80 characters of a foreign value, quoted, with control characters escaped.
fn shown(value: &str) -> String {
    let start: String = value.chars().take(80).collect();
    if start.len() < value.len() {
        format!("{start:?}… ({} characters)", value.chars().count())
    } else {
        format!("{start:?}")
    }
}
