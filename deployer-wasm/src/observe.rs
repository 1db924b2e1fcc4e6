//! Looking at the workspace. Reads only; the one POST mints a database token, which changes nothing.

use databricks::apps::{App, AppPermissions};
use databricks::database::DatabaseInstance;
use databricks::postgres::EndpointType;
use databricks::{Client, DatabaseCredential, Secret};
use futures::future::{try_join, try_join4};

use crate::app_files::{APP_YAML, ENCRYPTION_KEY, REQUIREMENTS_TXT, read_variables};
use crate::engine::Engine;
use crate::error::{Cause, DeployError, is_uncertain};
use crate::journal::{HistoryFolder, JournalSeen, SavedVersion, read_version, see_journal};
use crate::lakebase::{DEFAULT_BRANCH, LakebaseDatabase, LakebaseKind};
use crate::observation::{FilesSeen, LakebaseSeen, Observation};
use crate::repeat::repeatedly;
use crate::schema::{AppRole, DatabaseAddress, SchemaObservation};
use crate::spec::{LakebaseName, LakebaseType, Request, SchemaName, SchemaSetup, WorkspacePath};
use crate::timing::Stopwatch;

impl Engine {
    /// Looks at everything that the plan of `request` depends on.
    pub async fn observe(&self, request: &Request) -> Result<Observation, DeployError> {
        let seen_at = Stopwatch::start();
        let (user_name, app, lakebase, folder) = try_join4(
            self.observe_user(),
            self.observe_app(request),
            self.observe_lakebase(request),
            self.observe_folder(request.deployment().map(|deployment| &deployment.workspace_path), true),
        )
        .await?;
        let folder = match (folder, request) {
            (None, Request::Delete(_)) => {
                self.observe_folder(folder_of(app.as_ref()).as_ref(), false).await?
            }
            (None, Request::Rollback(_)) => {
                self.observe_folder(folder_of(app.as_ref()).as_ref(), true).await?
            }
            (folder, _) => folder,
        };
        let (schema, permissions) = try_join(
            self.observe_schema(request, &lakebase, app.as_ref(), &user_name),
            self.observe_permissions(request, app.as_ref()),
        )
        .await?;
        let (schema, address) = schema.unzip();
        let mut observation = Observation {
            run_id: uuid::Uuid::new_v4().to_string(),
            user_name,
            app,
            lakebase,
            files: FilesSeen::default(),
            schema,
            address,
            permissions,
            folder: None,
            journal: None,
            saved_version: None,
            seen_at,
        };
        if let Some(folder) = folder {
            (observation.folder, observation.files) = (Some(folder.path), folder.files);
            observation.journal = Some(folder.journal);
        }
        observation.saved_version = self.observe_saved_version(request, &observation).await?;
        Ok(observation)
    }

    async fn observe_folder(
        &self,
        path: Option<&WorkspacePath>,
        with_files: bool,
    ) -> Result<Option<Folder>, DeployError> {
        let Some(path) = path else { return Ok(None) };
        let files =
            async { if with_files { see_files(&self.client, path).await } else { Ok(FilesSeen::default()) } };
        let (files, journal) =
            try_join(files, see_journal(&self.client, HistoryFolder::beside(path))).await?;
        Ok(Some(Folder { path: path.clone(), files, journal }))
    }

    async fn observe_permissions(
        &self,
        request: &Request,
        app: Option<&App>,
    ) -> Result<Option<AppPermissions>, DeployError> {
        let wanted = request.deployment().is_some_and(|deployment| !deployment.permissions.is_empty());
        let Some(app) = app.filter(|_| wanted) else { return Ok(None) };
        let seen = self.client.apps().permissions(&app.name).await;
        seen.map(Some).map_err(|error| unseen("look at the app's permissions", error))
    }

    async fn observe_saved_version(
        &self,
        request: &Request,
        observation: &Observation,
    ) -> Result<Option<SavedVersion>, DeployError> {
        let (Request::Rollback(spec), Some(journal)) = (request, &observation.journal) else {
            return Ok(None);
        };
        match crate::plan::version_to_restore(spec, journal, observation.app.as_ref()) {
            Some(id) => read_version(&self.client, &journal.folder, &id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn observe_user(&self) -> Result<String, DeployError> {
        let user =
            self.client.current_user().me().await.map_err(|e| unseen("look up the current user", e))?;
        user.user_name.ok_or_else(|| {
            let cause = Cause::NotAsExpected("the platform gave no user name for the caller".into());
            DeployError::Observe { what: "look up the current user", cause }
        })
    }

    async fn observe_app(&self, request: &Request) -> Result<Option<App>, DeployError> {
        let found = self.client.apps().get(request.app_name().as_str()).await;
        if_exists(found).map_err(|e| unseen("look for the app", e))
    }

    async fn observe_lakebase(&self, request: &Request) -> Result<LakebaseSeen, DeployError> {
        let (name, wanted) = match request {
            Request::Create(spec) => (&spec.deployment.lakebase_name, spec.deployment.lakebase_type),
            Request::Update(spec) => (&spec.deployment.lakebase_name, spec.deployment.lakebase_type),
            Request::Delete(spec) => match &spec.reset {
                Some(reset) => (&reset.lakebase_name, reset.lakebase_type),
                None => return Ok(LakebaseSeen::NotAsked),
            },
            Request::Rollback(_) => return Ok(LakebaseSeen::NotAsked),
        };
        find_lakebase(&self.client, name, wanted).await
    }

    /// The schema and how it was asked, where the engine works on it and the database can be asked.
    async fn observe_schema(
        &self,
        request: &Request,
        lakebase: &LakebaseSeen,
        app: Option<&App>,
        user_name: &str,
    ) -> Result<Option<(SchemaObservation, DatabaseAddress)>, DeployError> {
        let Some(schema) = schema_of(request) else { return Ok(None) };
        let Some(port) = &self.schema else { return Err(no_port()) };
        let Some(database) = lakebase.found().filter(|database| database.is_ready()) else { return Ok(None) };
        let what = "look at the schema";
        let at =
            self.address(database, user_name).await.map_err(|cause| DeployError::Observe { what, cause })?;
        let role = app.and_then(|app| AppRole::parse(app.service_principal_client_id.as_deref()?));
        let seen = port.inspect(&at, schema, role.as_ref()).await;
        let seen = seen.map_err(|error| DeployError::Observe { what, cause: error.into() })?;
        Ok(Some((seen, at)))
    }

    async fn credential(&self, database: &LakebaseDatabase) -> Result<DatabaseCredential, Cause> {
        match (&database.kind, database.endpoint()) {
            (LakebaseKind::Autoscaling { .. }, Some(endpoint)) => {
                Ok(self.client.postgres().credential(endpoint).await?)
            }
            (LakebaseKind::Autoscaling { .. }, None) => {
                Err(Cause::NotAsExpected(format!("Lakebase {} has no endpoint yet", database.name)))
            }
            (LakebaseKind::Provisioned, _) => {
                let request_id = uuid::Uuid::new_v4().to_string();
                Ok(self.client.database().credential(&[database.name.as_str()], &request_id).await?)
            }
        }
    }

    /// Address of `database` with a fresh token for the caller.
    pub(crate) async fn address(
        &self,
        database: &LakebaseDatabase,
        user_name: &str,
    ) -> Result<DatabaseAddress, Cause> {
        let host = database.host.clone().ok_or_else(|| {
            Cause::NotAsExpected(format!(
                "Lakebase {} has no host yet (state {})",
                database.name, database.state
            ))
        })?;
        let passing = |cause: &Cause| matches!(cause, Cause::Databricks(error) if is_uncertain(error));
        let credential = repeatedly(&self.timing, || self.credential(database), passing, |_| {}).await?;
        Ok(DatabaseAddress {
            host,
            user_name: user_name.to_owned(),
            token: credential.token,
            expires: credential.expires,
        })
    }
}

/// What lies in the workspace for an app.
struct Folder {
    path: WorkspacePath,
    files: FilesSeen,
    journal: JournalSeen,
}

/// The folder that an app was last deployed from, if it is one that this engine could have made.
fn folder_of(app: Option<&App>) -> Option<WorkspacePath> {
    WorkspacePath::parse(app?.default_source_code_path.as_deref()?).ok()
}

/// The schema that the engine itself will work on; `None` where the app does it or nobody.
fn schema_of(request: &Request) -> Option<&SchemaName> {
    match request {
        Request::Delete(spec) => spec.reset.as_ref().map(|reset| &reset.schema_name),
        _ => request.deployment().filter(|d| d.schema_setup == SchemaSetup::Engine).map(|d| &d.schema_name),
    }
}

fn no_port() -> DeployError {
    DeployError::Observe { what: "look at the schema", cause: crate::schema::SchemaError::Unavailable.into() }
}

fn unseen(what: &'static str, error: databricks::Error) -> DeployError {
    DeployError::Observe { what, cause: error.into() }
}

/// Absence, as told by the error's code, is an answer; every other error is one.
fn if_exists<T>(result: Result<T, databricks::Error>) -> Result<Option<T>, databricks::Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks for a database of the wanted kind, or of either kind: Autoscaling wins, since the platform turns Provisioned
/// instances into projects of the same name.
pub(crate) async fn find_lakebase(
    client: &Client,
    name: &LakebaseName,
    wanted: Option<LakebaseType>,
) -> Result<LakebaseSeen, DeployError> {
    let mut autoscaling_available = true;
    if wanted != Some(LakebaseType::Provisioned) {
        match find_project(client, name).await.map_err(|e| unseen("look for the Lakebase project", e))? {
            Project::Found(database) => return Ok(LakebaseSeen::Found(database)),
            Project::Absent => {}
            Project::NoSuchApi => autoscaling_available = false,
        }
    }
    if wanted != Some(LakebaseType::Autoscaling) {
        match client.database().instance(name.as_str()).await {
            Ok(instance) => return Ok(LakebaseSeen::Found(provisioned(name, &instance))),
            // The platform is retiring this API; where it is gone, so are its instances.
            Err(error) if error.is_not_found() || (error.is_api_missing() && wanted.is_none()) => {}
            Err(error) => return Err(unseen("look for the Lakebase instance", error)),
        }
    }
    Ok(LakebaseSeen::Absent { autoscaling_available })
}

enum Project {
    Found(LakebaseDatabase),
    Absent,
    NoSuchApi,
}

async fn find_project(client: &Client, name: &LakebaseName) -> Result<Project, databricks::Error> {
    let project = match client.postgres().project(&format!("projects/{name}")).await {
        Ok(project) => project,
        Err(error) if error.is_api_missing() => return Ok(Project::NoSuchApi),
        Err(error) if error.is_not_found() => return Ok(Project::Absent),
        Err(error) => return Err(error),
    };
    let branch = project
        .status
        .and_then(|status| status.default_branch)
        .unwrap_or_else(|| format!("projects/{name}/branches/{DEFAULT_BRANCH}"));
    autoscaling(client, name, branch).await.map(Project::Found)
}

/// The read-write endpoint of a branch, in our shape.
pub(crate) async fn autoscaling(
    client: &Client,
    name: &LakebaseName,
    branch: String,
) -> Result<LakebaseDatabase, databricks::Error> {
    let endpoints = client.postgres().endpoints(&branch).await?;
    let read_write = endpoints.into_iter().find(|endpoint| {
        let kind = endpoint.status.as_ref().and_then(|status| status.endpoint_type.as_ref());
        kind.is_none_or(|kind| *kind == EndpointType::ReadWrite)
    });
    let status = read_write.as_ref().and_then(|endpoint| endpoint.status.clone());
    Ok(LakebaseDatabase {
        name: name.clone(),
        host: status.as_ref().and_then(|s| s.hosts.as_ref()).and_then(|hosts| hosts.host.clone()),
        state: status
            .and_then(|s| s.current_state)
            .map_or_else(|| "INIT".to_owned(), |state| state.to_string()),
        kind: LakebaseKind::Autoscaling { branch, endpoint: read_write.map(|endpoint| endpoint.name) },
    })
}

/// An instance, in our shape.
pub(crate) fn provisioned(name: &LakebaseName, instance: &DatabaseInstance) -> LakebaseDatabase {
    LakebaseDatabase {
        name: name.clone(),
        host: instance.read_write_dns.clone(),
        state: instance.state.as_ref().map_or_else(|| "STARTING".to_owned(), ToString::to_string),
        kind: LakebaseKind::Provisioned,
    }
}

async fn see_files(client: &Client, folder: &WorkspacePath) -> Result<FilesSeen, DeployError> {
    let files = client.workspace_files();
    let listed =
        if_exists(files.list(folder.as_str()).await).map_err(|e| unseen("look at the app's folder", e))?;
    let Some(objects) = listed else { return Ok(FilesSeen::default()) };
    let names: Vec<String> =
        objects.iter().filter_map(|o| o.path.as_deref()?.rsplit('/').next()).map(str::to_owned).collect();
    let app_yaml = read_text(client, folder, APP_YAML, &names).await?;
    let requirements_txt = read_text(client, folder, REQUIREMENTS_TXT, &names).await?;
    let variables = match &app_yaml {
        Some(text) => read_variables(text).map_err(|reason| unreadable(folder, &reason))?,
        None => Default::default(),
    };
    let encryption_key =
        variables.get(ENCRYPTION_KEY).filter(|key| !key.is_empty()).cloned().map(Secret::new);
    Ok(FilesSeen { directory: true, names, app_yaml, requirements_txt, encryption_key })
}

/// An app.yaml that cannot be read may hold the only copy of an encryption key, so it must not be overwritten.
fn unreadable(folder: &WorkspacePath, reason: &str) -> DeployError {
    let text = format!(
        "the deployed {}/{APP_YAML} cannot be read, and overwriting it could lose a key: {reason}",
        folder
    );
    DeployError::Observe { what: "look at the app's files", cause: Cause::NotAsExpected(text) }
}

async fn read_text(
    client: &Client,
    folder: &WorkspacePath,
    name: &str,
    names: &[String],
) -> Result<Option<String>, DeployError> {
    if !names.iter().any(|n| n == name) {
        return Ok(None);
    }
    let content = client.workspace_files().export(&folder.file(name)).await;
    let content = content.map_err(|e| unseen("read the app's files", e))?;
    Ok(Some(String::from_utf8_lossy(&content).into_owned()))
}
