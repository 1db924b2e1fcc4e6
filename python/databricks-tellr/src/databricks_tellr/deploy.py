"""``create``, ``update`` and ``delete``: from arguments to a run of the program."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from databricks_tellr.authentication import environment_for
from databricks_tellr.program import run

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_MLFLOW_KEYS = ("sql_warehouse_id", "uc_catalog", "uc_schema", "uc_table_prefix")

_FLAGS = {
    "lakebase_name": "--lakebase-name",
    "schema_name": "--schema-name",
    "app_name": "--app-name",
    "app_file_workspace_path": "--workspace-path",
    "lakebase_compute": "--lakebase-compute",
    "lakebase_type": "--lakebase-type",
    "app_compute": "--app-compute",
    "app_version": "--app-version",
    "description": "--description",
    "local_wheel_path": "--wheel",
    "local_binary_path": "--binary",
    "schema_setup": "--schema-setup",
    "config_yaml_path": "--config",
    "environment": "--environment",
}


def create(
    lakebase_name: str | None = None,
    schema_name: str | None = None,
    app_name: str | None = None,
    app_file_workspace_path: str | None = None,
    lakebase_compute: str = "CU_1",
    app_compute: str = "MEDIUM",
    app_version: str | None = None,
    description: str = "Tellr AI Slide Generator",
    client: WorkspaceClient | None = None,
    profile: str | None = None,
    *,
    lakebase_type: str | None = None,
    config_yaml_path: str | None = None,
    environment: str | None = None,
    local_wheel_path: str | None = None,
    local_binary_path: str | None = None,
    mlflow_tracing: Mapping[str, str] | None = None,
    schema_setup: str | None = None,
    env_vars: Mapping[str, str] | None = None,
    permissions: Sequence[Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Puts Tellr into the workspace and waits until the app answers.

    :param lakebase_name: Lakebase (Postgres) database; made if it is not there.
    :param schema_name: schema for the app's tables.
    :param app_name: name of the Databricks App.
    :param app_file_workspace_path: folder for the app's files, ``/Workspace/...``.
    :param lakebase_compute: ``CU_1``, ``CU_2``, ``CU_4`` or ``CU_8``.
    :param app_compute: ``MEDIUM``, ``LARGE`` or another size the platform knows.
    :param app_version: version of ``databricks-tellr-app``. Without it the version installed here, if one is, else the
        newest of the package index.
    :param description: shown in the list of apps.
    :param client: a ``WorkspaceClient`` whose host and sign-in are used.
    :param profile: a profile of ``~/.databrickscfg``.
    :param lakebase_type: ``autoscaling`` or ``provisioned``; without it what is there, else what the platform offers.
    :param config_yaml_path: a deployment file with environments, instead of the arguments above.
    :param environment: which environment of that file.
    :param local_wheel_path: a wheel of ``databricks-tellr-app`` to upload instead of taking it from the index.
    :param local_binary_path: the program ``tellr-app`` for Linux on x86-64, uploaded itself: the app then needs neither a
        package index nor Python.
    :param mlflow_tracing: any of ``sql_warehouse_id``, ``uc_catalog``, ``uc_schema``, ``uc_table_prefix``.
    :param schema_setup: ``engine``, or ``app`` to let the app prepare its schema itself.
    :param env_vars: further variables of the app.
    :param permissions: rights of others, such as ``{"group_name": "users", "permission_level": "CAN_USE"}``.
    :returns: ``url``, ``app_name``, ``lakebase_name``, ``lakebase_type``, ``schema_name``, ``status`` (``created``).
    :raises ValueError: arguments are missing or exclude each other.
    :raises DeploymentError: the deployment failed.
    """
    settings = dict(
        lakebase_name=lakebase_name,
        schema_name=schema_name,
        app_name=app_name,
        app_file_workspace_path=app_file_workspace_path,
        lakebase_compute=lakebase_compute,
        app_compute=app_compute,
        app_version=app_version,
        description=description,
        lakebase_type=lakebase_type,
        local_wheel_path=local_wheel_path,
        local_binary_path=local_binary_path,
        mlflow_tracing=mlflow_tracing,
        schema_setup=schema_setup,
        env_vars=env_vars,
        permissions=permissions,
    )
    required = ("lakebase_name", "schema_name", "app_name", "app_file_workspace_path")
    return _deploy(create, settings, required, config_yaml_path, environment, client, profile)


def update(
    app_name: str | None = None,
    app_file_workspace_path: str | None = None,
    lakebase_name: str | None = None,
    schema_name: str | None = None,
    app_version: str | None = None,
    reset_database: bool = False,
    client: WorkspaceClient | None = None,
    profile: str | None = None,
    *,
    lakebase_type: str | None = None,
    config_yaml_path: str | None = None,
    environment: str | None = None,
    local_wheel_path: str | None = None,
    local_binary_path: str | None = None,
    mlflow_tracing: Mapping[str, str] | None = None,
    app_compute: str | None = None,
    description: str | None = None,
    schema_setup: str | None = None,
    env_vars: Mapping[str, str] | None = None,
    permissions: Sequence[Mapping[str, str]] | None = None,
    prune: bool = False,
) -> dict[str, Any]:
    """Brings a new version of the app; its address, rights and data stay.

    :param reset_database: drop everything in the schema; the app makes its tables again when it starts.
    :param app_compute: another compute size; without it the app keeps its own.
    :param description: another description; without it the app keeps its own.
    :param prune: take away what others added to the app, such as variables in its ``app.yaml``.
    :returns: ``url``, ``app_name``, ``deployment_id``, ``lakebase_type``, ``status`` (``updated``), ``database_reset``.
    :raises ValueError: arguments are missing or exclude each other.
    :raises DeploymentError: the update failed.

    The other parameters are those of :func:`create`.
    """
    settings = dict(
        app_name=app_name,
        app_file_workspace_path=app_file_workspace_path,
        lakebase_name=lakebase_name,
        schema_name=schema_name,
        app_version=app_version,
        lakebase_type=lakebase_type,
        local_wheel_path=local_wheel_path,
        local_binary_path=local_binary_path,
        mlflow_tracing=mlflow_tracing,
        app_compute=app_compute,
        description=description,
        schema_setup=schema_setup,
        env_vars=env_vars,
        permissions=permissions,
        prune=prune,
    )
    required = ("app_name", "app_file_workspace_path", "lakebase_name", "schema_name")
    return _deploy(update, settings, required, config_yaml_path, environment, client, profile, reset_database)


def delete(
    app_name: str | None = None,
    lakebase_name: str | None = None,
    schema_name: str | None = None,
    reset_database: bool = False,
    client: WorkspaceClient | None = None,
    profile: str | None = None,
    *,
    lakebase_type: str | None = None,
    config_yaml_path: str | None = None,
    environment: str | None = None,
) -> dict[str, Any]:
    """Deletes the app. The database and the files in the workspace stay.

    :param reset_database: drop the schema with everything in it as well; needs ``lakebase_name`` and ``schema_name``.
    :returns: ``app_name``, ``status`` (``deleted``), ``database_reset``.
    :raises ValueError: arguments are missing or exclude each other.
    :raises DeploymentError: the deletion failed.

    The other parameters are those of :func:`create`.
    """
    settings = dict(
        app_name=app_name,
        lakebase_name=lakebase_name,
        schema_name=schema_name,
        lakebase_type=lakebase_type,
    )
    required = ("app_name", "lakebase_name", "schema_name") if reset_database else ("app_name",)
    return _deploy(delete, settings, required, config_yaml_path, environment, client, profile, reset_database)


def _deploy(
    function: Callable[..., dict[str, Any]],
    settings: dict[str, Any],
    required: tuple[str, ...],
    config_yaml_path: str | None,
    environment: str | None,
    client: WorkspaceClient | None,
    profile: str | None,
    reset_database: bool = False,
) -> dict[str, Any]:
    if config_yaml_path is not None:
        _refuse_beside_config(function, settings)
        settings = {"config_yaml_path": config_yaml_path, "environment": environment}
    else:
        _require(function, settings, required, environment)
        if _may_take_installed_version(settings):
            settings["app_version"] = _installed_app_version()
    variables = environment_for(client, profile)
    # the program takes these from a deployment file only
    only_in_files = {
        "mlflow_tracing": _checked_tracing(settings.pop("mlflow_tracing", None)),
        "env_vars": _texts(settings.pop("env_vars", None)),
        "permissions": [_texts(permission) for permission in settings.pop("permissions", None) or []],
    }
    flags = ["--reset-database"] if reset_database else []
    flags += ["--prune"] if settings.pop("prune", False) else []
    with tempfile.TemporaryDirectory(prefix="tellr-") as folder:
        in_file = {name: value for name, value in only_in_files.items() if value}
        if in_file:
            settings["environment"] = "python"
            settings["config_yaml_path"] = _write_config(Path(folder), in_file)
        arguments = [text for name, value in settings.items() if value is not None for text in (_FLAGS[name], str(value))]
        return run([function.__name__, *arguments, *flags], variables)


def _require(
    function: Callable[..., Any], settings: dict[str, Any], required: tuple[str, ...], environment: str | None
) -> None:
    missing = [name for name in required if not settings[name]]
    if missing:
        raise ValueError(f"{function.__name__}() is missing {', '.join(missing)}")
    if environment is not None:
        raise ValueError("environment belongs to config_yaml_path: it names a part of that file")


def _refuse_beside_config(function: Callable[..., Any], settings: dict[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    given = [name for name, value in settings.items() if value != parameters[name].default]
    if given:
        raise ValueError(f"config_yaml_path cannot be used together with {', '.join(given)}: the file has these settings")


def _may_take_installed_version(settings: Mapping[str, Any]) -> bool:
    sources = ("app_version", "local_wheel_path", "local_binary_path")
    return "app_version" in settings and all(settings[source] is None for source in sources)


def _installed_app_version() -> str | None:
    try:
        return metadata.version("databricks-tellr-app")
    except metadata.PackageNotFoundError:
        return None


def _checked_tracing(tracing: Mapping[str, str] | None) -> dict[str, str]:
    if tracing is None:
        return {}
    unknown = [str(key) for key in tracing if key not in _MLFLOW_KEYS]
    if unknown:
        raise ValueError(f"mlflow_tracing knows {', '.join(_MLFLOW_KEYS)}, not {', '.join(unknown)}")
    return _texts(tracing)


def _texts(settings: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (settings or {}).items() if value is not None}


def _write_config(folder: Path, settings: dict[str, Any]) -> str:
    path = folder / "deployment.yaml"
    # a variable's value may be a secret
    path.touch(mode=0o600)
    # JSON is YAML
    path.write_text(json.dumps({"environments": {"python": settings}}), encoding="utf-8")
    return str(path)
