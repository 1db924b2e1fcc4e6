//! Where the database is and how to get in.

use databricks::{Host, Secret};

use super::source::Source;
use super::variables;

/// The database that the app uses.
#[derive(Debug)]
pub(crate) enum DatabaseConfig {
    /// A server named by URL, password and all.
    Url(Secret),
    /// Lakebase: the password is a short-lived token that the workspace issues.
    Lakebase(LakebaseConfig),
}

/// A Lakebase database and the identity that may enter it.
#[derive(Debug)]
pub(crate) struct LakebaseConfig {
    pub(crate) kind: LakebaseKind,
    /// Host name; asked of the workspace when absent.
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) database: String,
    /// The database role.
    pub(crate) user: String,
    pub(crate) tls: TlsMode,
    pub(crate) workspace: WorkspaceConfig,
}

/// The two kinds of Lakebase and what names a database in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LakebaseKind {
    /// `endpoint` is `projects/{project}/branches/{branch}/endpoints/{endpoint}`.
    Autoscaling { endpoint: String },
    /// `instance` is the instance's name.
    Provisioned { instance: String },
}

/// How strictly the database's certificate is checked; no value means "no TLS".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsMode {
    Require,
    VerifyCa,
    VerifyFull,
}

/// The workspace and the service principal that the app is to it.
#[derive(Debug)]
pub(crate) struct WorkspaceConfig {
    pub(crate) host: Host,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

impl DatabaseConfig {
    /// Reads the database's variables; `None` after a mistake, which `source` has recorded.
    pub(super) fn read(source: &mut Source<'_>) -> Option<Self> {
        match source.get(&variables::DATABASE_URL) {
            Some(url) if !url.starts_with("jdbc:") => {
                source.parse_secret(&variables::DATABASE_URL, parse_database_url).map(Self::Url)
            }
            _ => LakebaseConfig::read(source).map(Self::Lakebase),
        }
    }
}

impl LakebaseConfig {
    fn read(source: &mut Source<'_>) -> Option<Self> {
        let kind = LakebaseKind::read(source);
        let workspace = WorkspaceConfig::read(source);
        let host = source
            .parse(&variables::PGHOST, parse_host_name)
            .or_else(|| source.parse(&variables::LAKEBASE_PG_HOST, parse_host_name));
        let port = source.parse_or(&variables::PGPORT, 5432, super::parse_port);
        let database =
            source.parse_or(&variables::PGDATABASE, "databricks_postgres".to_owned(), parse_identifier);
        let user = source.parse(&variables::PGUSER, parse_identifier);
        let tls = source.parse_or(&variables::PGSSLMODE, TlsMode::Require, parse_tls_mode);
        let (kind, workspace) = (kind?, workspace?);
        let user = user.unwrap_or_else(|| workspace.client_id.clone());
        Some(Self { kind, host, port, database, user, tls, workspace })
    }
}

impl LakebaseKind {
    fn read(source: &mut Source<'_>) -> Option<Self> {
        let instance = source.parse(&variables::LAKEBASE_INSTANCE, parse_resource_id);
        let project = source.parse(&variables::LAKEBASE_PROJECT_ID, parse_resource_id);
        let endpoint = source
            .parse(&variables::LAKEBASE_ENDPOINT_NAME, parse_endpoint_name)
            .or_else(|| project.map(|id| format!("projects/{id}/branches/production/endpoints/primary")));
        let autoscaling =
            source.parse_or(&variables::LAKEBASE_TYPE, endpoint.is_some(), parse_is_autoscaling);
        if !source.is_clean() {
            return None;
        }
        match (autoscaling, endpoint, instance) {
            (true, Some(endpoint), _) => Some(Self::Autoscaling { endpoint }),
            (false, _, Some(instance)) => Some(Self::Provisioned { instance }),
            (true, None, _) => {
                let problem =
                    "is not set, and neither is LAKEBASE_PROJECT_ID, but LAKEBASE_TYPE is `autoscaling`";
                source.fail(&variables::LAKEBASE_ENDPOINT_NAME, problem);
                None
            }
            (false, _, None) => {
                let problem = "is not set, and no other variable names a database \
                               (LAKEBASE_ENDPOINT_NAME, LAKEBASE_PROJECT_ID or DATABASE_URL)";
                source.fail(&variables::LAKEBASE_INSTANCE, problem);
                None
            }
        }
    }
}

impl WorkspaceConfig {
    fn read(source: &mut Source<'_>) -> Option<Self> {
        let because = "the database is Lakebase, whose passwords the workspace issues";
        source.require(&variables::DATABRICKS_HOST, because);
        let host = source.parse(&variables::DATABRICKS_HOST, |text| {
            Host::parse(text).map_err(|error| format!("isn't a workspace's host: {error}"))
        });
        let client_id = source.require(&variables::DATABRICKS_CLIENT_ID, because);
        let client_secret = source.require(&variables::DATABRICKS_CLIENT_SECRET, because);
        Some(Self {
            host: host?,
            client_id: client_id?.to_owned(),
            client_secret: Secret::new(client_secret?.to_owned()),
        })
    }
}

fn parse_database_url(text: &str) -> Result<Secret, String> {
    let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if !is_postgres || url::Url::parse(text).is_err() {
        return Err("isn't a Postgres URL".to_owned());
    }
    Ok(Secret::new(text.to_owned()))
}

fn parse_is_autoscaling(text: &str) -> Result<bool, String> {
    match text {
        "autoscaling" => Ok(true),
        "provisioned" => Ok(false),
        _ => Err("isn't a kind of Lakebase".to_owned()),
    }
}

fn parse_tls_mode(text: &str) -> Result<TlsMode, String> {
    match text {
        "require" => Ok(TlsMode::Require),
        "verify-ca" => Ok(TlsMode::VerifyCa),
        "verify-full" => Ok(TlsMode::VerifyFull),
        _ => Err("isn't a mode that insists on TLS".to_owned()),
    }
}

fn parse_host_name(text: &str) -> Result<String, String> {
    match url::Host::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("isn't a host: {error}")),
    }
}

fn parse_identifier(text: &str) -> Result<String, String> {
    if text.len() > 63 {
        return Err("is longer than 63 bytes".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_resource_id(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !plain || text.len() > 63 {
        return Err("isn't the name of a Lakebase database".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_endpoint_name(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let ["projects", project, "branches", branch, "endpoints", endpoint] = parts[..] else {
        return Err("isn't the full name of an endpoint".to_owned());
    };
    for id in [project, branch, endpoint] {
        if id.is_empty() || parse_resource_id(id).is_err() {
            return Err(format!("has a part that isn't an id: {id:?}"));
        }
    }
    Ok(text.to_owned())
}
