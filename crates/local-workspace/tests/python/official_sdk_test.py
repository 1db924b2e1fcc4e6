"""The official Databricks SDK for Python, unmodified, as a client of the local workspace.

Every call that the Python deployer of Tellr makes, for both kinds of Lakebase, with a personal access token and with
OAuth M2M. Reads a ready file (argv[1]); prints one line per step; any surprise is an exception.
"""

import io
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

import psycopg2
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    DatabricksError,
    InvalidParameterValue,
    NotFound,
    OperationFailed,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.service.apps import (
    App,
    AppAccessControlRequest,
    AppDeployment,
    AppPermissionLevel,
    AppResource,
    AppResourceDatabase,
    AppResourceDatabaseDatabasePermission,
    AppResourcePostgres,
    AppResourcePostgresPostgresPermission,
    ComputeSize,
    ComputeState,
)
from databricks.sdk.service.database import DatabaseInstance, DatabaseInstanceState
from databricks.sdk.service.postgres import (
    Project,
    ProjectDefaultEndpointSettings,
    ProjectSpec,
    Role,
    RoleAuthMethod,
    RoleIdentityType,
    RoleMembershipRole,
    RoleRoleSpec,
)
from databricks.sdk.service.workspace import ImportFormat, ObjectType

READY = json.load(open(sys.argv[1]))
SCOPES = [
    "sql",
    "dashboards.genie",
    "catalog.tables:read",
    "catalog.schemas:read",
    "catalog.catalogs:read",
    "serving.serving-endpoints",
]

# an app without dependencies: it shows what it was given
SERVER = '''
import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {
            "path": self.path,
            "headers": {key.lower(): value for key, value in self.headers.items()},
            "env": {key: value for key, value in os.environ.items() if key.startswith(("DATABRICKS_", "PG", "TEST_"))},
        }
        del body["env"]["DATABRICKS_CLIENT_SECRET"]
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


print("listening", flush=True)
port = int(os.environ["DATABRICKS_APP_PORT"])
http.server.ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()
'''

APP_YAML = '''
command: ["python", "server.py"]
env:
  - name: TEST_PLAIN
    value: "plain"
  - name: TEST_DATABASE
    valueFrom: app_database
'''


def step(text):
    print(f"ok: {text}", flush=True)


def expect(error, text, call):
    """`call` raises `error`, and its message holds `text`."""
    try:
        call()
    except error as raised:
        assert text in str(raised), f"{raised!r} does not say {text!r}"
        return
    raise AssertionError(f"{error.__name__} was not raised")


def user_client():
    return WorkspaceClient(host=READY["host"], token=READY["token"])


def machine_client(client_id, client_secret):
    return WorkspaceClient(host=READY["host"], client_id=client_id, client_secret=client_secret)


def check_identities(client, machine):
    me = client.current_user.me()
    assert me.user_name == READY["user"], me
    assert client.get_workspace_id() == int(READY["workspace_id"])
    assert client.config.account_id
    assert machine.current_user.me().user_name == READY["client_id"]
    users = list(client.users.list(filter=f'userName eq "{READY["user"]}"'))
    assert [user.user_name for user in users] == [READY["user"]], users
    assert list(client.users.list(filter='userName eq "nobody@example.com"')) == []
    bad_token = WorkspaceClient(host=READY["host"], token="dapi0000")
    expect(PermissionDenied, "Invalid access token", bad_token.current_user.me)
    bad_secret = machine_client(READY["client_id"], "wrong")
    expect((ValueError, DatabricksError), "invalid_client", bad_secret.current_user.me)
    expect(NotFound, "No API found for 'GET /nonsense'", lambda: client.api_client.do("GET", "/api/2.0/nonsense"))
    step("identities, discovery and OAuth M2M")


def check_files(client, folder):
    client.workspace.mkdirs(folder)
    for name, content in [("requirements.txt", "# none\n"), ("app.yaml", APP_YAML), ("server.py", SERVER)]:
        client.workspace.upload(
            f"{folder}/{name}", io.BytesIO(content.encode()), format=ImportFormat.AUTO, overwrite=True
        )
    with client.workspace.download(f"{folder}/app.yaml") as file:
        assert file.read().decode() == APP_YAML
    status = client.workspace.get_status(f"{folder}/app.yaml")
    assert status.object_type == ObjectType.FILE and status.size == len(APP_YAML), status
    listed = {entry.path.rsplit("/", 1)[1] for entry in client.workspace.list(folder)}
    assert listed == {"requirements.txt", "app.yaml", "server.py"}, listed
    expect(ResourceDoesNotExist, "doesn't exist", lambda: client.workspace.get_status(f"{folder}/none"))
    expect(
        (BadRequest, ResourceAlreadyExists),
        "already exists",
        lambda: client.workspace.upload(f"{folder}/app.yaml", io.BytesIO(b""), format=ImportFormat.AUTO),
    )
    expect(PermissionDenied, "permission", lambda: client.workspace.mkdirs("/Workspace/Users/other@example.com/x"))
    step(f"workspace files in {folder}")


def query(host, user, token, *statements):
    connection = psycopg2.connect(
        host=host, port=5432, user=user, password=token, dbname="databricks_postgres", sslmode="require"
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def grant_schema(host, user, token, schema, role):
    """The statements of the Python deployer."""
    query(
        host,
        user,
        token,
        f'CREATE SCHEMA IF NOT EXISTS "{schema}"',
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"',
        f'GRANT CREATE ON SCHEMA "{schema}" TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{role}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT USAGE, SELECT ON SEQUENCES TO "{role}"',
    )


def provisioned_lakebase(client):
    name = "sdk-provisioned"
    expect(NotFound, "not found", lambda: client.database.get_database_instance(name))
    created = client.database.create_database_instance(DatabaseInstance(name=name, capacity="CU_1"))
    instance = created.result() if hasattr(created, "result") else created
    while instance.state != DatabaseInstanceState.AVAILABLE:
        time.sleep(0.2)
        instance = client.database.get_database_instance(name)
    assert [found.name for found in client.database.list_database_instances()] == [name]
    expect(
        (AlreadyExists, ResourceConflict),
        "already exists",
        lambda: client.database.create_database_instance(DatabaseInstance(name=name, capacity="CU_1")),
    )
    credential = client.database.generate_database_credential(
        instance_names=[name], request_id=str(uuid.uuid4())
    )
    assert credential.expiration_time
    rows = query(instance.read_write_dns, READY["user"], credential.token, "SELECT current_user, current_database()")
    assert rows == [(READY["user"], "databricks_postgres")], rows
    resource = AppResource(
        name="app_database",
        database=AppResourceDatabase(
            instance_name=name,
            database_name="databricks_postgres",
            permission=AppResourceDatabaseDatabasePermission.CAN_CONNECT_AND_CREATE,
        ),
    )
    step("Lakebase Provisioned: instance, credential, session with sslmode=require")
    return name, instance.read_write_dns, credential.token, resource


def autoscaling_lakebase(client):
    project = "sdk-autoscaling"
    branch = f"projects/{project}/branches/production"
    endpoint = f"{branch}/endpoints/primary"
    assert list(client.postgres.list_projects()) == []
    expect(NotFound, "not found", lambda: client.postgres.get_project(name=f"projects/{project}"))
    spec = ProjectSpec(
        display_name=project,
        # the Python deployer sends a string
        pg_version="17",
        default_endpoint_settings=ProjectDefaultEndpointSettings(
            autoscaling_limit_min_cu=0.5, autoscaling_limit_max_cu=2.0
        ),
    )
    operation = client.postgres.create_project(project=Project(spec=spec), project_id=project)
    made = operation.wait()
    assert made.name == f"projects/{project}" and made.status.pg_version == 17, made
    expect(
        (AlreadyExists, ResourceConflict),
        "already exists",
        lambda: client.postgres.create_project(project=Project(spec=spec), project_id=project),
    )
    assert [found.name for found in client.postgres.list_branches(parent=f"projects/{project}")] == [branch]
    assert [found.name for found in client.postgres.list_endpoints(parent=branch)] == [endpoint]
    host = client.postgres.get_endpoint(name=endpoint).status.hosts.host
    databases = [found.name for found in client.postgres.list_databases(parent=branch)]
    assert databases == [f"{branch}/databases/databricks-postgres"], databases
    credential = client.postgres.generate_database_credential(endpoint=endpoint)
    assert credential.expire_time
    rows = query(host, READY["user"], credential.token, "SELECT current_user, current_database()")
    assert rows == [(READY["user"], "databricks_postgres")], rows
    resource = AppResource(
        name="app_database",
        postgres=AppResourcePostgres(
            branch=branch,
            database=databases[0],
            permission=AppResourcePostgresPostgresPermission.CAN_CONNECT_AND_CREATE,
        ),
    )
    step("Lakebase Autoscaling: project, branch, endpoint, credential, session with sslmode=require")
    return branch, endpoint, host, credential.token, resource


def role_by_hand(client, branch, client_id):
    """What the Python deployer does instead of the resource `postgres`."""
    role_id = f"sp-{client_id}"
    expect(NotFound, "not found", lambda: client.postgres.get_role(name=f"{branch}/roles/{role_id}"))
    role = Role(
        spec=RoleRoleSpec(
            postgres_role=client_id,
            identity_type=RoleIdentityType.SERVICE_PRINCIPAL,
            auth_method=RoleAuthMethod.LAKEBASE_OAUTH_V1,
            membership_roles=[RoleMembershipRole.DATABRICKS_SUPERUSER],
        )
    )
    made = client.postgres.create_role(parent=branch, role=role, role_id=role_id).wait()
    assert made.status.postgres_role == client_id, made
    expect(
        BadRequest,
        "role with that name already exists",
        lambda: client.postgres.create_role(parent=branch, role=role, role_id=role_id),
    )
    client.postgres.delete_role(name=f"{branch}/roles/{role_id}").wait()
    client.postgres.create_role(parent=branch, role=role, role_id=role_id).wait()
    assert client.postgres.get_role(name=f"{branch}/roles/{role_id}").status.postgres_role == client_id
    step("a Postgres role, made, deleted and made again")


def open_app(url, token, headers=None):
    request = urllib.request.Request(f"{url}/hello?x=1", headers={"Authorization": f"Bearer {token}", **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def access_token(client):
    return client.config.authenticate()["Authorization"].removeprefix("Bearer ")


def deploy_app(client, machine, name, folder, resource, database_value):
    app = App(
        name=name,
        description="Tellr AI Slide Generator",
        compute_size=ComputeSize.MEDIUM,
        default_source_code_path=folder,
        resources=[resource],
        user_api_scopes=SCOPES,
    )
    created = client.apps.create_and_wait(app)
    assert created.compute_status.state == ComputeState.ACTIVE, created
    assert created.effective_user_api_scopes == sorted(
        [*SCOPES, "iam.access-control:read", "iam.current-user:read"]
    ), created.effective_user_api_scopes
    expect((AlreadyExists, ResourceConflict), "already exists", lambda: client.apps.create(app))
    deployment = client.apps.deploy_and_wait(name, AppDeployment(source_code_path=folder))
    assert deployment.status.message == "App started successfully", deployment
    found = client.apps.get(name)
    assert found.active_deployment.deployment_id == deployment.deployment_id
    assert found.app_status.state.value == "RUNNING", found.app_status
    assert [entry.deployment_id for entry in client.apps.list_deployments(name)] == [deployment.deployment_id]

    forged = {"X-Forwarded-Email": "forged@example.com", "X-Forwarded-Access-Token": "forged"}
    answer = open_app(found.url, access_token(machine), forged)
    assert answer["path"] == "/hello?x=1", answer["path"]
    assert answer["headers"]["x-forwarded-email"] == READY["client_id"], answer["headers"]
    assert "x-forwarded-access-token" not in answer["headers"], "a service principal has no user token to forward"
    env = answer["env"]
    assert env["TEST_PLAIN"] == "plain" and env["TEST_DATABASE"] == database_value, env
    assert env["DATABRICKS_APP_NAME"] == name and env["DATABRICKS_CLIENT_ID"] == found.service_principal_client_id
    assert env["PGUSER"] == found.service_principal_client_id and env["PGSSLMODE"] == "require", env
    try:
        open_app(found.url, READY["token"])
        raise AssertionError("a personal access token opened the app")
    except urllib.error.HTTPError as refused:
        assert refused.code == 401, refused.code
    step(f"app {name}: created, deployed, answering through its proxy")
    return found


def check_permissions(client, name):
    entry = AppAccessControlRequest(group_name="users", permission_level=AppPermissionLevel.CAN_USE)
    client.apps.update_permissions(name, access_control_list=[entry])
    permissions = client.apps.get_permissions(name)
    groups = {access.group_name for access in permissions.access_control_list if access.group_name}
    assert groups == {"users", "admins"}, permissions
    assert len(client.apps.get_permission_levels(name).permission_levels) == 2
    step("permissions of an app")


def masked_update(client, name, folder):
    updated = client.apps.create_update(name, "description", app=App(name=name, description="new"))
    updated = updated.result() if hasattr(updated, "result") else updated
    deadline = time.monotonic() + 60
    while client.apps.get_update(name).status.state.value != "SUCCEEDED":
        assert time.monotonic() < deadline, "the update does not end"
        time.sleep(0.1)
    found = client.apps.get(name)
    assert found.description == "new" and found.resources and found.user_api_scopes == SCOPES, found
    client.apps.update(name, App(name=name, description="replaced"))
    found = client.apps.get(name)
    assert not found.resources and not found.user_api_scopes and found.default_source_code_path == folder, found
    step("masked update keeps, replacement clears")


def stop_start_delete(client, machine, name):
    stopped = client.apps.stop_and_wait(name)
    assert stopped.compute_status.state == ComputeState.STOPPED and not stopped.active_deployment
    expect(BadRequest, "Start the app compute", lambda: client.apps.deploy(name, AppDeployment()))
    client.apps.start_and_wait(name)
    deadline = time.monotonic() + 120
    while client.apps.get(name).app_status.state.value != "RUNNING":
        assert time.monotonic() < deadline, "the app does not come up again"
        time.sleep(0.1)
    url = client.apps.get(name).url
    assert open_app(url, access_token(machine))["path"] == "/hello?x=1"
    deleted = client.apps.delete(name)
    assert deleted.compute_status.state == ComputeState.DELETING, deleted
    expect((BadRequest, NotFound), name, lambda: client.apps.delete(name))
    while True:
        try:
            client.apps.get(name)
            time.sleep(0.1)
        except NotFound as gone:
            assert "does not exist or is deleted" in str(gone)
            break
    step(f"app {name}: stopped, started, deleted")


def main():
    client = user_client()
    machine = machine_client(READY["client_id"], READY["client_secret"])
    check_identities(client, machine)

    home = f"/Workspace/Users/{READY['user']}/.apps"
    name, host, token, resource = provisioned_lakebase(client)
    check_files(client, f"{home}/provisioned")
    found = deploy_app(client, machine, "sdk-one", f"{home}/provisioned", resource, host)
    grant_schema(host, READY["user"], token, "app_data", found.service_principal_client_id)
    check_permissions(client, "sdk-one")
    masked_update(client, "sdk-one", f"{home}/provisioned")
    expect(
        PermissionDenied,
        "no Postgres role",
        lambda: machine.database.generate_database_credential(instance_names=[name]),
    )
    stop_start_delete(client, machine, "sdk-one")

    branch, endpoint, host, token, resource = autoscaling_lakebase(client)
    check_files(client, f"{home}/autoscaling")
    found = deploy_app(client, machine, "sdk-two", f"{home}/autoscaling", resource, endpoint)
    grant_schema(host, READY["user"], token, "app_data", found.service_principal_client_id)
    wrong = AppResource(
        name="app_database",
        database=AppResourceDatabase(
            instance_name="sdk-autoscaling",
            database_name="databricks_postgres",
            permission=AppResourceDatabaseDatabasePermission.CAN_CONNECT_AND_CREATE,
        ),
    )
    expect(
        (NotFound, BadRequest),
        "Database instance sdk-autoscaling does not exist",
        lambda: client.apps.create(App(name="sdk-three", resources=[wrong])),
    )
    bare = client.apps.create_and_wait(App(name="sdk-four"))
    role_by_hand(client, branch, bare.service_principal_client_id)
    failing = client.apps.deploy("sdk-four", AppDeployment(source_code_path=f"{home}/nowhere"))
    expect(OperationFailed, "doesn't exist", failing.result)
    expect(InvalidParameterValue, "source_code_path", lambda: client.apps.deploy("sdk-four", AppDeployment()))
    assert {app.name for app in client.apps.list()} == {"sdk-two", "sdk-four"}
    client.postgres.delete_project(name="projects/sdk-autoscaling").wait()
    expect(NotFound, "not found", lambda: client.postgres.get_project(name="projects/sdk-autoscaling"))
    client.database.delete_database_instance(name, purge=True)
    client.workspace.delete(home, recursive=True)
    anonymous = urllib.request.Request(f"{READY['host']}/api/2.0/apps")
    try:
        urllib.request.urlopen(anonymous, timeout=30)
        raise AssertionError("an anonymous call got in")
    except urllib.error.HTTPError as refused:
        assert refused.code == 401
    assert issubclass(Unauthenticated, DatabricksError)
    step("everything removed again")


if __name__ == "__main__":
    main()
