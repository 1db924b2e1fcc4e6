//! The settings of a run, as the journal keeps them: to recognise the same request, and to compare the workspace with it later.

use std::collections::BTreeMap;

use databricks::apps::AppAccessControlRequest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::spec::{AppSource, Deployment, LakebaseType, RawSpec, Request, SchemaSetup};

/// What was asked for. Two requests with the same settings are the same request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Values by the key of their field.
    pub values: BTreeMap<String, String>,
    /// Variables for app.yaml.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Rights given to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<AppAccessControlRequest>,
    /// Where the app's code came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRecord>,
    /// Whether data was to be dropped.
    #[serde(default)]
    pub reset_database: bool,
    /// Whether what others added was to be taken away.
    #[serde(default)]
    pub prune: bool,
}

/// A local file as a source of the app: its name and digest; the content is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl Settings {
    /// The settings of a request.
    pub fn of(request: &Request) -> Self {
        let mut settings = match request.deployment() {
            Some(deployment) => Self::of_deployment(deployment),
            None => Self::default(),
        };
        settings.put("app_name", request.app_name());
        match request {
            Request::Create(spec) => {
                settings.put("lakebase_compute", spec.lakebase_compute.as_str());
                settings.put("app_compute", &spec.app_compute);
                settings.put("description", &spec.description);
            }
            Request::Update(spec) => {
                settings.reset_database = spec.reset_database;
                spec.app_compute.iter().for_each(|size| settings.put("app_compute", size));
                spec.description.iter().for_each(|text| settings.put("description", text));
            }
            Request::Delete(spec) => {
                settings.reset_database = spec.reset.is_some();
                if let Some(reset) = &spec.reset {
                    settings.put("lakebase_name", &reset.lakebase_name);
                    settings.put("schema_name", &reset.schema_name);
                    settings.put_kind(reset.lakebase_type);
                }
            }
            Request::Rollback(spec) => spec.to.iter().for_each(|id| settings.put("to", id)),
        }
        settings
    }

    fn of_deployment(deployment: &Deployment) -> Self {
        let mut settings = Self {
            env: deployment.env.clone(),
            permissions: deployment.permissions.clone(),
            prune: deployment.prune,
            ..Self::default()
        };
        settings.put("app_file_workspace_path", &deployment.workspace_path);
        settings.put("lakebase_name", &deployment.lakebase_name);
        settings.put("schema_name", &deployment.schema_name);
        settings.put_kind(deployment.lakebase_type);
        if deployment.schema_setup == SchemaSetup::App {
            settings.put("schema_setup", "app");
        }
        match &deployment.source {
            AppSource::Package(version) => {
                version.iter().for_each(|version| settings.put("app_version", version));
            }
            AppSource::Wheel(wheel) => {
                settings.source = Some(SourceRecord::of(wheel.file_name(), wheel.content()));
            }
            AppSource::Binary(binary) => {
                settings.source =
                    Some(SourceRecord { file_name: "tellr-app".into(), sha256: binary.sha256().to_owned() });
            }
        }
        settings
    }

    fn put(&mut self, key: &str, value: &(impl ToString + ?Sized)) {
        self.values.insert(key.to_owned(), value.to_string());
    }

    fn put_kind(&mut self, kind: Option<LakebaseType>) {
        if let Some(kind) = kind {
            self.put("lakebase_type", kind.as_str());
        }
    }

    /// The same settings as if they had been typed, without the content of a local source.
    pub fn to_raw(&self) -> RawSpec {
        RawSpec {
            values: self.values.clone(),
            env: self.env.clone(),
            permissions: self.permissions.clone(),
            ..RawSpec::default()
        }
    }
}

impl SourceRecord {
    /// The record of a file.
    pub fn of(file_name: &str, content: &[u8]) -> Self {
        Self { file_name: file_name.to_owned(), sha256: format!("{:x}", Sha256::digest(content)) }
    }
}
