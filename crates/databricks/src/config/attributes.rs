//! The attributes of a configuration: their names in the file, in the environment, and what they mean for sign-in.

/// One configurable value.
pub(super) struct Attribute {
    /// Its key in `.databrickscfg`.
    pub(super) name: &'static str,
    /// Its environment variables, the first non-empty one counts.
    pub(super) env: &'static [&'static str],
    /// The kind of sign-in that it belongs to, in the official words.
    pub(super) auth: Option<&'static str>,
}

const fn plain(name: &'static str, env: &'static [&'static str]) -> Attribute {
    Attribute { name, env, auth: None }
}

const fn auth(name: &'static str, env: &'static [&'static str], kind: &'static str) -> Attribute {
    Attribute { name, env, auth: Some(kind) }
}

/// All that this client reads. Kinds of sign-in that it cannot do are here as well: they must be seen to be refused.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    plain("host", &["DATABRICKS_HOST"]),
    plain("account_id", &["DATABRICKS_ACCOUNT_ID"]),
    plain("workspace_id", &["DATABRICKS_WORKSPACE_ID"]),
    plain("discovery_url", &["DATABRICKS_DISCOVERY_URL"]),
    plain("auth_type", &["DATABRICKS_AUTH_TYPE"]),
    auth("token", &["DATABRICKS_TOKEN"], "pat"),
    auth("username", &["DATABRICKS_USERNAME"], "basic"),
    auth("password", &["DATABRICKS_PASSWORD"], "basic"),
    auth("client_id", &["DATABRICKS_CLIENT_ID"], "oauth"),
    auth("client_secret", &["DATABRICKS_CLIENT_SECRET"], "oauth"),
    auth("metadata_service_url", &["DATABRICKS_METADATA_SERVICE_URL"], "metadata-service"),
    auth("oidc_token_env", &["DATABRICKS_OIDC_TOKEN_ENV"], "env-oidc"),
    auth(
        "oidc_token_filepath",
        &["DATABRICKS_OIDC_TOKEN_FILEPATH", "DATABRICKS_OIDC_TOKEN_FILE"],
        "file-oidc",
    ),
    auth("azure_workspace_resource_id", &["DATABRICKS_AZURE_RESOURCE_ID"], "azure"),
    auth("azure_client_id", &["ARM_CLIENT_ID"], "azure"),
    auth("azure_client_secret", &["ARM_CLIENT_SECRET"], "azure"),
    auth("azure_tenant_id", &["ARM_TENANT_ID"], "azure"),
    auth("azure_use_msi", &["ARM_USE_MSI"], "azure"),
    auth("google_credentials", &["GOOGLE_CREDENTIALS"], "google"),
    auth("google_service_account", &["DATABRICKS_GOOGLE_SERVICE_ACCOUNT"], "google"),
];
