"""Arguments, defaults and usage errors of the three functions."""

from __future__ import annotations

import inspect
import json
from importlib import metadata
from unittest import mock

import databricks_tellr as tellr

from tests.fake_program import ProgramTest

CREATE = dict(
    lakebase_name="tellr-db",
    schema_name="app_data",
    app_name="tellr",
    app_file_workspace_path="/Workspace/Users/me@example.com/.apps/tellr",
)


class Signatures(ProgramTest):
    def positional(self, function: object) -> list[tuple[str, object]]:
        kinds = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return [(p.name, p.default) for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD]

    def test_create_takes_what_the_python_deployer_takes_in_its_order(self) -> None:
        expected = [
            ("lakebase_name", None),
            ("schema_name", None),
            ("app_name", None),
            ("app_file_workspace_path", None),
            ("lakebase_compute", "CU_1"),
            ("app_compute", "MEDIUM"),
            ("app_version", None),
            ("description", "Tellr AI Slide Generator"),
            ("client", None),
            ("profile", None),
        ]
        self.assertEqual(self.positional(tellr.create), expected)

    def test_update_and_delete_too(self) -> None:
        update = ["app_name", "app_file_workspace_path", "lakebase_name", "schema_name", "app_version"]
        update += ["reset_database", "client", "profile"]
        self.assertEqual([name for name, _ in self.positional(tellr.update)], update)
        delete = ["app_name", "lakebase_name", "schema_name", "reset_database", "client", "profile"]
        self.assertEqual([name for name, _ in self.positional(tellr.delete)], delete)
        for function in (tellr.update, tellr.delete):
            self.assertIs(dict(self.positional(function))["reset_database"], False)


class Arguments(ProgramTest):
    def test_create_passes_everything_on(self) -> None:
        tellr.create(**CREATE, app_version="0.1.20", lakebase_type="provisioned")
        arguments = self.call()["arguments"]
        self.assertEqual(arguments[0], "create")
        self.assertEqual(arguments[-4:], ["--json", "--events", "--no-input", "--yes"])
        expected = {
            "--lakebase-name": "tellr-db",
            "--schema-name": "app_data",
            "--app-name": "tellr",
            "--workspace-path": "/Workspace/Users/me@example.com/.apps/tellr",
            "--lakebase-compute": "CU_1",
            "--app-compute": "MEDIUM",
            "--description": "Tellr AI Slide Generator",
            "--app-version": "0.1.20",
            "--lakebase-type": "provisioned",
        }
        self.assertEqual(dict(zip(arguments[1:-4:2], arguments[2:-4:2])), expected)
        self.assertEqual(self.call()["stdin"], "")

    def test_reset_is_passed_on_only_if_asked_for(self) -> None:
        tellr.update("tellr", "/Workspace/Shared/tellr", "tellr-db", "app_data")
        self.assertNotIn("--reset-database", self.call()["arguments"])
        tellr.update("tellr", "/Workspace/Shared/tellr", "tellr-db", "app_data", reset_database=True)
        self.assertIn("--reset-database", self.call()["arguments"])
        self.assertEqual(self.call()["arguments"][0], "update")

    def test_delete_needs_the_name_only(self) -> None:
        result = tellr.delete("tellr")
        self.assertEqual(result, {"app_name": "tellr", "status": "deleted", "database_reset": False})
        self.assertEqual(self.call()["arguments"][:3], ["delete", "--app-name", "tellr"])

    def test_a_value_that_looks_like_a_flag_stays_a_value(self) -> None:
        tellr.delete("--yes")
        self.assertEqual(self.call()["arguments"][1:3], ["--app-name", "--yes"])


class Version(ProgramTest):
    def installed(self, version: str | None) -> object:
        def answer(name: str) -> str:
            if version is None or name != "databricks-tellr-app":
                raise metadata.PackageNotFoundError(name)
            return version

        return mock.patch("databricks_tellr.deploy.metadata.version", answer)

    def test_the_installed_version_is_pinned(self) -> None:
        with self.installed("0.1.21"):  # type: ignore[attr-defined]
            tellr.create(**CREATE)
        self.assertEqual(self.flag("--app-version"), "0.1.21")

    def test_an_explicit_version_wins(self) -> None:
        with self.installed("0.1.21"):  # type: ignore[attr-defined]
            tellr.create(**CREATE, app_version="0.1.20")
        self.assertEqual(self.flag("--app-version"), "0.1.20")

    def test_nothing_is_pinned_where_nothing_is_installed(self) -> None:
        with self.installed(None):  # type: ignore[attr-defined]
            tellr.create(**CREATE)
        self.assertIsNone(self.flag("--app-version"))

    def test_a_wheel_has_its_own_version(self) -> None:
        with self.installed("0.1.21"):  # type: ignore[attr-defined]
            tellr.create(**CREATE, local_wheel_path="dist/app.whl")
        self.assertIsNone(self.flag("--app-version"))
        self.assertEqual(self.flag("--wheel"), "dist/app.whl")

    def test_so_has_a_program(self) -> None:
        with self.installed("0.1.21"):  # type: ignore[attr-defined]
            tellr.update("tellr", "/Workspace/Shared/tellr", "tellr-db", "app_data", local_binary_path="bin/tellr-app")
        self.assertIsNone(self.flag("--app-version"))
        self.assertEqual(self.flag("--binary"), "bin/tellr-app")


class UsageErrors(ProgramTest):
    def assert_refused(self, expected: str, function: object, *args: object, **kwargs: object) -> None:
        with self.assertRaises(ValueError) as caught:
            function(*args, **kwargs)  # type: ignore[operator]
        self.assertEqual(str(caught.exception), expected)
        self.assertFalse(self.was_called())

    def test_missing_arguments_are_named(self) -> None:
        expected = "create() is missing schema_name, app_file_workspace_path"
        self.assert_refused(expected, tellr.create, lakebase_name="a", app_name="b")
        self.assert_refused("update() is missing lakebase_name, schema_name", tellr.update, "a", "b")
        self.assert_refused("delete() is missing app_name", tellr.delete)

    def test_a_reset_needs_the_schema(self) -> None:
        expected = "delete() is missing lakebase_name, schema_name"
        self.assert_refused(expected, tellr.delete, "tellr", reset_database=True)

    def test_a_config_file_excludes_other_settings(self) -> None:
        expected = "config_yaml_path cannot be used together with app_name, app_compute: the file has these settings"
        self.assert_refused(expected, tellr.create, app_name="a", app_compute="LARGE", config_yaml_path="d.yaml")

    def test_environment_needs_a_config_file(self) -> None:
        expected = "environment belongs to config_yaml_path: it names a part of that file"
        self.assert_refused(expected, tellr.create, **CREATE, environment="production")

    def test_client_and_profile_exclude_each_other(self) -> None:
        expected = "client and profile exclude each other: a client has its sign-in already"
        self.assert_refused(expected, tellr.delete, "tellr", client=object(), profile="p")

    def test_unknown_tracing_settings_are_refused(self) -> None:
        expected = "mlflow_tracing knows sql_warehouse_id, uc_catalog, uc_schema, uc_table_prefix, not warehouse"
        self.assert_refused(expected, tellr.create, **CREATE, mlflow_tracing={"warehouse": "1"})


class DeploymentFiles(ProgramTest):
    def test_a_config_file_is_passed_on_with_its_environment(self) -> None:
        path = self.folder / "deployment.yaml"
        path.write_text("environments: {}\n")
        tellr.create(config_yaml_path=str(path), environment="production")
        self.assertEqual(self.flag("--config"), str(path))
        self.assertEqual(self.flag("--environment"), "production")
        self.assertIsNone(self.flag("--app-compute"))

    def test_tracing_settings_reach_the_program_in_a_file_that_goes_away(self) -> None:
        tellr.create(**CREATE, mlflow_tracing={"sql_warehouse_id": "abc", "uc_schema": "traces"})
        written = json.loads(self.call()["config"])
        tracing = {"sql_warehouse_id": "abc", "uc_schema": "traces"}
        self.assertEqual(written, {"environments": {self.flag("--environment"): {"mlflow_tracing": tracing}}})
        self.assertFalse((self.folder / str(self.flag("--config"))).exists())

    def test_so_do_variables_and_rights(self) -> None:
        rights = [{"group_name": "users", "permission_level": "CAN_USE"}]
        tellr.update("tellr", "/Workspace/Shared/tellr", "tellr-db", "app_data", env_vars={"N": 1}, permissions=rights)
        written = json.loads(self.call()["config"])["environments"][self.flag("--environment")]
        self.assertEqual(written, {"env_vars": {"N": "1"}, "permissions": rights})
        self.assertNotIn("1", self.call()["arguments"])

    def test_an_update_can_change_the_app_and_prune(self) -> None:
        tellr.update("tellr", "/Workspace/Shared/tellr", "tellr-db", "app_data", app_compute="LARGE", prune=True)
        self.assertEqual(self.flag("--app-compute"), "LARGE")
        self.assertIn("--prune", self.call()["arguments"])
        self.assertIsNone(self.flag("--description"))
