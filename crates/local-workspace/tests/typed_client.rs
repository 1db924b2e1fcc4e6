//! Our own typed client against the local workspace: the two were written from the same notes, but share no code.
#![expect(clippy::unwrap_used, reason = "functions of tests")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use databricks::apps::{
    App, AppDeployment, AppResource, AppResourceDatabase, AppResourcePostgres, ComputeState,
    DatabasePermission,
};
use databricks::database::DatabaseInstance;
use databricks::postgres::ProjectSpec;
use databricks::{
    Cancel, Client, ClientOptions, Config, Credentials, Host, HttpTransport, Poll, Secret, Wait,
};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use support::TestWorkspace;

const FOLDER: &str = "/Workspace/Users/deployer@example.com/.apps/typed";

fn client(workspace: &TestWorkspace, credentials: Credentials) -> Client {
    let config = Config::new(Host::parse(&workspace.ready().host).unwrap(), credentials);
    let options =
        ClientOptions { poll: Poll { max_interval: Duration::from_millis(50) }, ..ClientOptions::default() };
    Client::new(config, Arc::new(HttpTransport::new().unwrap()), options)
}

fn user_client(workspace: &TestWorkspace) -> Client {
    client(workspace, Credentials::PersonalAccessToken(Secret::new(workspace.ready().token.clone())))
}

/// The client of an app's service principal.
async fn app_client(workspace: &TestWorkspace, app: &App) -> Client {
    let client_id = app.service_principal_client_id.clone().unwrap();
    let client_secret = Secret::new(workspace.secret_of_app(&client_id));
    client(workspace, Credentials::OAuthM2m { client_id, client_secret })
}

async fn connect(host: &str, user: &str, token: &Secret) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(5432)
        .username(user)
        .password(token.expose())
        .database("databricks_postgres")
        .ssl_mode(PgSslMode::Require);
    PgConnection::connect_with(&options).await
}

/// As its service principal, an app makes a schema of its own and writes into it.
async fn app_owns_a_schema(host: &str, app: &App, token: &Secret) {
    let mut session =
        connect(host, app.service_principal_client_id.as_deref().unwrap(), token).await.unwrap();
    for statement in
        ["CREATE SCHEMA app_data", "CREATE TABLE app_data.t (id int)", "INSERT INTO app_data.t VALUES (1)"]
    {
        sqlx::query(statement).execute(&mut session).await.unwrap();
    }
    let refused = sqlx::query("CREATE ROLE intruder").execute(&mut session).await;
    assert!(refused.unwrap_err().to_string().contains("permission denied"), "no more rights than it needs");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_its_role_on_an_autoscaling_project() {
    let workspace =
        TestWorkspace::start_with(|options| options.state_delay = Duration::from_millis(100)).await;
    let client = user_client(&workspace);
    let said = Mutex::new(Vec::new());
    let on_progress = |message: &str| said.lock().unwrap().push(message.to_owned());
    let cancel = Cancel::new();
    let wait = Wait { deadline: Duration::from_secs(60), cancel: &cancel, on_progress: &on_progress };

    assert_eq!(
        client.current_user().me().await.unwrap().user_name.as_deref(),
        Some(workspace.ready().user.as_str())
    );
    assert!(client.postgres().project("projects/typed").await.unwrap_err().is_not_found());
    let spec = ProjectSpec { pg_version: Some(17), ..ProjectSpec::default() };
    let operation = client.postgres().create_project("typed", &spec).await.unwrap();
    client.postgres().wait_operation(operation, &wait).await.unwrap();
    assert!(client.postgres().create_project("typed", &spec).await.unwrap_err().is_already_exists());
    let branch = "projects/typed/branches/production";
    let endpoints = client.postgres().endpoints(branch).await.unwrap();
    let host = endpoints[0].status.clone().unwrap().hosts.unwrap().host.unwrap();

    let postgres = AppResourcePostgres {
        branch: branch.to_owned(),
        database: format!("{branch}/databases/databricks-postgres"),
        permission: Some(DatabasePermission::CanConnectAndCreate),
    };
    let resource = AppResource { name: "db".to_owned(), postgres: Some(postgres), ..AppResource::default() };
    let app = App { name: "typed".to_owned(), resources: vec![resource], ..App::default() };
    let created = client.apps().create(&app).await.unwrap();
    assert_eq!(created.compute_status.clone().unwrap().state, Some(ComputeState::Starting));
    client.apps().wait_active("typed", &wait).await.unwrap();
    assert_eq!(said.lock().unwrap().last().map(String::as_str), Some("App compute is starting."));

    let app_client = app_client(&workspace, &created).await;
    let credential = app_client.postgres().credential(&endpoints[0].name).await.unwrap();
    app_owns_a_schema(&host, &created, &credential.token).await;
    let user_token = client.postgres().credential(&endpoints[0].name).await.unwrap().token;
    let wrong_user =
        connect(&host, created.service_principal_client_id.as_deref().unwrap(), &user_token).await;
    assert!(wrong_user.is_err(), "a token opens sessions of its own role only");
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_its_role_on_a_provisioned_instance() {
    let workspace = TestWorkspace::start().await;
    let client = user_client(&workspace);
    let cancel = Cancel::new();
    let wait = Wait { deadline: Duration::from_secs(60), cancel: &cancel, on_progress: &|_| () };
    let instance = DatabaseInstance {
        name: "typed".to_owned(),
        capacity: Some("CU_1".to_owned()),
        ..DatabaseInstance::default()
    };
    client.database().create_instance(&instance).await.unwrap();
    let instance = client.database().wait_available("typed", &wait).await.unwrap();
    let host = instance.read_write_dns.unwrap();
    let database = AppResourceDatabase {
        instance_name: "typed".to_owned(),
        database_name: "databricks_postgres".to_owned(),
        permission: Some(DatabasePermission::CanConnectAndCreate),
    };
    let resource = AppResource { name: "db".to_owned(), database: Some(database), ..AppResource::default() };
    let app = App { name: "typed".to_owned(), resources: vec![resource], ..App::default() };
    let created = client.apps().create(&app).await.unwrap();
    let app_client = app_client(&workspace, &created).await;
    let credential = app_client.database().credential(&["typed"], "request-1").await.unwrap();
    app_owns_a_schema(&host, &created, &credential.token).await;
    client.apps().delete("typed").await.unwrap();
    client.apps().wait_deleted("typed", &wait).await.unwrap();
    let after = app_client.database().credential(&["typed"], "request-2").await;
    assert!(after.is_err(), "a deleted app's service principal is gone");
    client.database().delete_instance("typed").await.unwrap();
    workspace.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_a_failed_deployment() {
    let workspace = TestWorkspace::start().await;
    let client = user_client(&workspace);
    let cancel = Cancel::new();
    let wait = Wait { deadline: Duration::from_secs(60), cancel: &cancel, on_progress: &|_| () };
    let files = client.workspace_files();
    files.mkdirs(FOLDER).await.unwrap();
    let content = Bytes::from_static(b"command: [python, -c, 'raise SystemExit(7)']\n");
    files.import(&format!("{FOLDER}/app.yaml"), content.clone(), true).await.unwrap();
    let again = client.workspace_files().import(&format!("{FOLDER}/app.yaml"), content.clone(), false).await;
    assert!(again.unwrap_err().is_already_exists());
    assert_eq!(client.workspace_files().export(&format!("{FOLDER}/app.yaml")).await.unwrap(), content);
    assert_eq!(client.workspace_files().list(FOLDER).await.unwrap().len(), 1);

    client.apps().create(&App { name: "typed".to_owned(), ..App::default() }).await.unwrap();
    client.apps().wait_active("typed", &wait).await.unwrap();
    let deployment = AppDeployment { source_code_path: Some(FOLDER.to_owned()), ..AppDeployment::default() };
    let begun = client.apps().deploy("typed", &deployment).await.unwrap();
    let failed = client.apps().wait_deployment("typed", begun.deployment_id.as_deref().unwrap(), &wait).await;
    let databricks::Error::FailedState(failed) = failed.unwrap_err() else { panic!("not a failed state") };
    assert_eq!(failed.state, "FAILED");
    assert_eq!(failed.message, "Error: app crashed unexpectedly. Please check /logz for more details");
    client.workspace_files().delete(FOLDER, true).await.unwrap();
    assert!(client.workspace_files().get_status(FOLDER).await.unwrap_err().is_not_found());
    workspace.stop().await;
}
