//! Every environment variable that the runtime reads: one table for the code, the documentation and the errors.

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// What holds when the variable is unset, in words.
    pub(crate) default: &'static str,
    /// What a value must be, in words.
    pub(crate) rule: &'static str,
    /// What it is for.
    pub(crate) purpose: &'static str,
    /// The Python deployer writes the text `None` for a setting it doesn't have.
    pub(crate) none_is_unset: bool,
}

macro_rules! variables {
    ($($name:ident: $default:literal, $rule:literal, $purpose:literal;)*) => {
        $(pub(crate) const $name: Variable = Variable {
            name: stringify!($name),
            default: $default,
            rule: $rule,
            purpose: $purpose,
            none_is_unset: is_written_by_the_python_deployer(stringify!($name)),
        };)*
        /// The whole table, in the order of the documentation.
        pub(crate) const ALL: &[&Variable] = &[$(&$name),*];
    };
}

variables! {
    ENVIRONMENT: "`development`", "`production`, `development` or `test`",
        "Kind of deployment. Outside `production`, pages served from localhost may call the API (CORS) and logs are plain lines instead of JSON.";
    DATABRICKS_APP_PORT: "`8000`", "a TCP port, 1 to 65535",
        "Port to listen on; set by the platform. `--port` wins.";
    UVICORN_HOST: "`0.0.0.0`", "an IP address",
        "Address to listen on; set by the platform, and by a local workspace to loopback. `--host` wins.";
    DATABASE_URL: "none", "a URL that starts with `postgres://` or `postgresql://`",
        "Database to use instead of Lakebase, for development. A `jdbc:` URL is ignored.";
    LAKEBASE_TYPE: "`autoscaling` when LAKEBASE_ENDPOINT_NAME or LAKEBASE_PROJECT_ID is set, else `provisioned`", "`autoscaling` or `provisioned`",
        "Kind of Lakebase that holds the database.";
    LAKEBASE_INSTANCE: "none", "the name of an instance, at most 63 letters, digits and `-`",
        "Instance of a provisioned Lakebase; required for that kind.";
    LAKEBASE_PROJECT_ID: "none", "the id of a project, at most 63 letters, digits and `-`",
        "Project of an autoscaling Lakebase; used when LAKEBASE_ENDPOINT_NAME is unset (branch `production`, endpoint `primary`).";
    LAKEBASE_ENDPOINT_NAME: "made from LAKEBASE_PROJECT_ID", "`projects/{project}/branches/{branch}/endpoints/{endpoint}`",
        "Endpoint of an autoscaling Lakebase; this or LAKEBASE_PROJECT_ID is required for that kind.";
    LAKEBASE_PG_HOST: "asked of the workspace", "a host name or an IP address",
        "Database host, when PGHOST is unset.";
    LAKEBASE_SCHEMA: "`app_data`", "`^[a-z_][a-z0-9_]{0,62}$`, not `pg_…` and not `information_schema`",
        "Schema that holds all of the app's tables.";
    PGHOST: "LAKEBASE_PG_HOST", "a host name or an IP address",
        "Database host; set by the platform for an app with a database resource.";
    PGPORT: "`5432`", "a TCP port, 1 to 65535",
        "Database port.";
    PGDATABASE: "`databricks_postgres`", "the name of a database, at most 63 bytes",
        "Database to use.";
    PGUSER: "DATABRICKS_CLIENT_ID", "the name of a role, at most 63 bytes",
        "Database role.";
    PGSSLMODE: "`require`", "`require`, `verify-ca` or `verify-full`: Lakebase is never used without TLS",
        "How strictly the database's certificate is checked.";
    DATABRICKS_HOST: "none", "the workspace's host name or URL, such as `https://x.cloud.databricks.com`",
        "Workspace that issues database credentials; set by the platform, required for Lakebase.";
    DATABRICKS_CLIENT_ID: "none", "the client id of a service principal",
        "The app's own identity; set by the platform, required for Lakebase.";
    DATABRICKS_CLIENT_SECRET: "none", "the OAuth secret of that service principal",
        "Its secret; set by the platform, required for Lakebase.";
    TELLR_DATABASE_RESET_ID: "none", "1 to 128 letters, digits and `. _ : -`",
        "A reset ordered by the deployer: `init-db` empties the schema once for each id and records it there, so that a restart doesn't do it again.";
    GOOGLE_OAUTH_ENCRYPTION_KEY: "a new random key", "a Fernet key: 32 bytes as URL-safe base64",
        "Key that `init-db` stores when the schema holds none. A key that differs from the stored one is an error.";
    TELLR_DEV_USER: "none", "a user name of at most 255 characters",
        "Identity of requests that carry no identity headers, for development. Accepted only when the server listens on a loopback address.";
    TELLR_LOG: "`info,sqlx=warn`", "a filter such as `info` or `tellr_app=debug,sqlx=info`",
        "What is logged.";
}

/// The table as `tellr-app --help` shows it.
pub(crate) fn help() -> String {
    ALL.iter().fold("Environment variables:\n".to_owned(), |text, row| {
        let plain = |markdown: &str| markdown.replace('`', "");
        let (purpose, rule, default) = (plain(row.purpose), plain(row.rule), plain(row.default));
        text + &format!("\n  {}\n    {purpose}\n    Value: {rule}. Default: {default}.\n", row.name)
    })
}

const fn is_written_by_the_python_deployer(name: &str) -> bool {
    matches!(name.as_bytes(), [b'L', b'A', b'K', b'E', b'B', b'A', b'S', b'E', b'_', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the documentation shows it.
    fn markdown() -> String {
        let head = "| Variable | Default | Rule | What it is for |\n|---|---|---|---|\n".to_owned();
        ALL.iter().fold(head, |table, row| {
            table + &format!("| `{}` | {} | {} | {} |\n", row.name, row.default, row.rule, row.purpose)
        })
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/runtime-configuration.md");
        let page = std::fs::read_to_string(path).unwrap();
        let table = markdown();
        assert!(page.contains(&table), "docs/runtime-configuration.md should hold this table:\n\n{table}");
    }

    #[test]
    fn the_text_none_is_unset_for_lakebase_only() {
        let tolerant: Vec<_> = ALL.iter().filter(|v| v.none_is_unset).map(|v| v.name).collect();
        assert_eq!(
            tolerant,
            [
                "LAKEBASE_TYPE",
                "LAKEBASE_INSTANCE",
                "LAKEBASE_PROJECT_ID",
                "LAKEBASE_ENDPOINT_NAME",
                "LAKEBASE_PG_HOST",
                "LAKEBASE_SCHEMA"
            ]
        );
    }
}
