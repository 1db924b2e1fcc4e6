//! What a deployment has come to: everything that a run is meant to bring about, without what differs from run to run.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use base64::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::checks::{Deployment, SCHEMA};
use crate::local_workspace::LocalWorkspace;

/// Owner and rights of the schema and of everything in it, and the rights that later tables will get.
const SCHEMA_FACTS: &str = "SELECT jsonb_build_object(
    'owner', pg_get_userbyid(n.nspowner),
    'rights', (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(n.nspacl) a),
    'defaults', (SELECT jsonb_agg(d.defaclobjtype::text || ' ' || d.defaclrole::regrole::text || ' ' || d.defaclacl::text
                    ORDER BY d.defaclobjtype, d.defaclrole::regrole::text)
                 FROM pg_default_acl d WHERE d.defaclnamespace = n.oid),
    'relations', (SELECT jsonb_agg(jsonb_build_array(c.relname, c.relkind::text, pg_get_userbyid(c.relowner),
                    (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) a)) ORDER BY c.relname)
                 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'S', 'v')))
    FROM pg_namespace n WHERE n.nspname = $1";

impl Deployment {
    /// The state in which all undisturbed runs of an operation end alike. Names of this deployment and of its service
    /// principal are replaced by placeholders, so that the states of two deployments can be compared.
    pub async fn state(&self, workspace: &LocalWorkspace) -> anyhow::Result<Value> {
        let answer = workspace.call(Method::GET, &format!("/api/2.0/apps/{}", self.app), None).await?;
        let exists = answer.status.is_success();
        ensure!(exists || answer.status.as_u16() == 404, "{answer:?}");
        let app = if exists { self.app_state(workspace, &answer.body).await? } else { Value::Null };
        let state = json!({
            "app": app,
            "files": self.files(workspace).await?,
            "schema": self.schema_state(workspace).await?,
        });
        let client_id = answer.body["service_principal_client_id"].as_str().unwrap_or_default();
        let mut text = state.to_string();
        if !client_id.is_empty() {
            text = text.replace(client_id, "<app's role>");
        }
        let names = [(&self.lakebase, "<lakebase>"), (&self.path, "<folder>"), (&self.app, "<app>")];
        for (name, placeholder) in names {
            text = text.replace(&format!("\"{name}\""), &format!("\"{placeholder}\""));
            text = text.replace(&format!("/{name}/"), &format!("/{placeholder}/"));
        }
        let mut state = serde_json::from_str(&without_uuids(&text))?;
        sort_texts(&mut state);
        Ok(state)
    }

    async fn app_state(&self, workspace: &LocalWorkspace, app: &Value) -> anyhow::Result<Value> {
        let mut state = json!({});
        for field in [
            "name",
            "description",
            "compute_size",
            "default_source_code_path",
            "resources",
            "user_api_scopes",
            "creator",
        ] {
            state[field] = app[field].clone();
        }
        state["compute"] = app["compute_status"]["state"].clone();
        state["app"] = app["app_status"]["state"].clone();
        state["deployment"] = app["active_deployment"]["status"]["state"].clone();
        state["pending"] = app["pending_deployment"].clone();
        let permissions = workspace.get(&format!("/api/2.0/permissions/apps/{}", self.app)).await?;
        state["permissions"] = permissions["access_control_list"].clone();
        let ready = workspace.get_from_app(&self.app, "/api/health/ready").await?;
        state["ready"] = json!([ready.status().as_u16(), ready.text().await?.contains("\"ready\"")]);
        Ok(state)
    }

    /// Names and contents of the files in the app's folder.
    async fn files(&self, workspace: &LocalWorkspace) -> anyhow::Result<Value> {
        let mut files = json!({});
        for path in workspace.list_folder(&self.path).await? {
            let content = workspace.export_bytes(&path).await?;
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            files[name] = match String::from_utf8(content) {
                Ok(text) => json!(text.replace(&self.lakebase, "<lakebase>")),
                Err(error) => {
                    json!(base64::engine::general_purpose::STANDARD.encode(error.as_bytes()))
                }
            };
        }
        Ok(files)
    }

    async fn schema_state(&self, workspace: &LocalWorkspace) -> anyhow::Result<Value> {
        let mut database = self.database(workspace).await?;
        let facts: Option<Value> =
            sqlx::query_scalar(SCHEMA_FACTS).bind(SCHEMA).fetch_optional(&mut database).await?;
        database.close().await?;
        Ok(facts.unwrap_or(Value::Null))
    }

    /// How many deployments of the app have succeeded, and how many there are at all.
    pub async fn deployments(&self, workspace: &LocalWorkspace) -> anyhow::Result<(usize, usize)> {
        let answer = workspace
            .call(Method::GET, &format!("/api/2.0/apps/{}/deployments?page_size=100", self.app), None)
            .await?;
        let all = answer.body["app_deployments"].as_array().cloned().unwrap_or_default();
        let succeeded = all.iter().filter(|deployment| deployment["status"]["state"] == "SUCCEEDED").count();
        Ok((succeeded, all.len()))
    }

    /// The newest file of the journal; nothing if there is no journal.
    pub async fn last_run(&self, workspace: &LocalWorkspace) -> anyhow::Result<Option<Value>> {
        let mut runs = workspace.list_folder(&format!("{}.history", self.path)).await?;
        runs.retain(|path| path.contains("/run-"));
        runs.sort();
        let Some(newest) = runs.last() else { return Ok(None) };
        let content = workspace.export_bytes(newest).await?;
        let run = serde_json::from_slice(&content);
        Ok(Some(run.with_context(|| format!("{newest}: {}", String::from_utf8_lossy(&content)))?))
    }
}

/// Where two states differ, in words; empty if nowhere.
pub fn difference(expected: &Value, found: &Value) -> String {
    difference_at("", expected, found)
}

fn difference_at(at: &str, expected: &Value, found: &Value) -> String {
    if expected == found {
        return String::new();
    }
    let (Value::Object(left), Value::Object(right)) = (expected, found) else {
        return format!("{at} is {found}, not {expected}");
    };
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let parts = keys.into_iter().map(|key| {
        let none = Value::Null;
        let (left, right) = (left.get(key).unwrap_or(&none), right.get(key).unwrap_or(&none));
        difference_at(&format!("{at}/{key}"), left, right)
    });
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The text with a placeholder for each UUID: client ids of apps that are gone.
fn without_uuids(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.get(..LENGTH).is_some_and(|part| Uuid::try_parse(part).is_ok()) {
            result.push_str("<another role>");
            rest = &rest[LENGTH..];
        } else {
            result.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    result
}

/// Sorts each list of texts: the order of rights depends on the names that the placeholders stand for.
fn sort_texts(value: &mut Value) {
    match value {
        Value::Array(entries) => {
            entries.iter_mut().for_each(sort_texts);
            if entries.iter().all(Value::is_string) {
                entries.sort_by_key(Value::to_string);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(sort_texts),
        _ => {}
    }
}

/// A folder's files with their contents, to be put back as they were.
#[derive(Clone, Debug, Default)]
pub struct FolderCopy {
    folder: String,
    /// Path below the folder, and content.
    files: Vec<(String, Vec<u8>)>,
}

impl FolderCopy {
    /// Copies everything below `folder`.
    pub async fn take(workspace: &LocalWorkspace, folder: &str) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(inner) = folders.pop() {
            for (path, is_folder) in workspace.objects_in(&inner).await? {
                if is_folder {
                    folders.push(path);
                } else {
                    let content = workspace.export_bytes(&path).await?;
                    let name = path.strip_prefix(folder).context("a file outside its folder")?;
                    files.push((name.to_owned(), content));
                }
            }
        }
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Puts the folder back: what was there, and nothing else.
    pub async fn put_back(&self, workspace: &LocalWorkspace) -> anyhow::Result<()> {
        let wanted = json!({"path": self.folder, "recursive": true});
        workspace.post("/api/2.0/workspace/delete", &wanted).await?;
        for (name, content) in &self.files {
            let path = format!("{}{name}", self.folder);
            let parent = path.rsplit_once('/').context("a path without a folder")?.0;
            workspace.post("/api/2.0/workspace/mkdirs", &json!({ "path": parent })).await?;
            workspace.import(&path, content).await?;
        }
        Ok(())
    }
}

impl LocalWorkspace {
    /// The paths of what is in a folder; none if there is no such folder.
    pub async fn list_folder(&self, path: &str) -> anyhow::Result<Vec<String>> {
        Ok(self.objects_in(path).await?.into_iter().map(|(path, _)| path).collect())
    }

    /// Path of each thing in a folder, and whether it is a folder itself.
    async fn objects_in(&self, path: &str) -> anyhow::Result<Vec<(String, bool)>> {
        let answer = self.call(Method::GET, &format!("/api/2.0/workspace/list?path={path}"), None).await?;
        ensure!(answer.status.is_success() || answer.status.as_u16() == 404, "{answer:?}");
        let objects = answer.body["objects"].as_array().cloned().unwrap_or_default();
        let described = objects.iter().map(|object| {
            let path = object["path"].as_str().context("an object without a path")?;
            Ok((path.to_owned(), object["object_type"] == "DIRECTORY"))
        });
        described.collect()
    }

    /// The apps, Autoscaling projects and Provisioned instances that there are, each as `<kind> <name>`.
    pub async fn inventory(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let lists = [
            ("/api/2.0/apps?page_size=100", "apps", "name"),
            ("/api/2.0/postgres/projects?page_size=100", "projects", "project_id"),
            ("/api/2.0/database/instances?page_size=100", "database_instances", "name"),
        ];
        for (path, field, name) in lists {
            for entry in self.get(path).await?[field].as_array().into_iter().flatten() {
                let name = entry[name].as_str().with_context(|| format!("no {name} in {entry}"))?;
                names.insert(format!("{field} {name}"));
            }
        }
        Ok(names)
    }
}
