"""Sign-in reaches the program through its environment and nowhere else."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from unittest import mock

import databricks_tellr as tellr

from tests.fake_program import ProgramTest

SECRET = "dapi-very-secret"


def client(authorization: str) -> SimpleNamespace:
    config = SimpleNamespace(host="https://of.client", authenticate=lambda: {"Authorization": authorization})
    return SimpleNamespace(config=config)


def notebook(token: str | None) -> SimpleNamespace:
    def get_token() -> str:
        if token is None:
            raise RuntimeError("not allowed here")
        return token

    context = SimpleNamespace(
        apiUrl=lambda: SimpleNamespace(get=lambda: "https://of.notebook"),
        apiToken=lambda: SimpleNamespace(get=get_token),
    )
    inner = SimpleNamespace(notebook=lambda: SimpleNamespace(getContext=lambda: context))
    return SimpleNamespace(notebook=SimpleNamespace(entry_point=SimpleNamespace(getDbutils=lambda: inner)))


class SignIn(ProgramTest):
    def databricks(self) -> dict[str, str]:
        return {name: value for name, value in self.call()["environment"].items() if name.startswith("DATABRICKS_")}

    def test_the_environment_is_left_as_it_is(self) -> None:
        tellr.delete("tellr")
        self.assertEqual(self.databricks(), {"DATABRICKS_HOST": "https://from.environment"})

    def test_a_clients_host_and_token_replace_every_other_sign_in(self) -> None:
        with mock.patch.dict(os.environ, {"DATABRICKS_CLIENT_ID": "x", "DATABRICKS_CONFIG_PROFILE": "y"}):
            tellr.delete("tellr", client=client(f"Bearer {SECRET}"))  # type: ignore[arg-type]
        self.assertEqual(self.databricks(), {"DATABRICKS_HOST": "https://of.client", "DATABRICKS_TOKEN": SECRET})
        self.assertNotIn(SECRET, " ".join(self.call()["arguments"]) + self.stdout.getvalue() + self.stderr.getvalue())

    def test_a_client_without_a_token_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "does not sign in with a token"):
            tellr.delete("tellr", client=client("Basic abc"))  # type: ignore[arg-type]
        self.assertFalse(self.was_called())

    def test_a_profile_replaces_every_other_sign_in(self) -> None:
        with mock.patch.dict(os.environ, {"DATABRICKS_TOKEN": SECRET, "DATABRICKS_CONFIG_FILE": "/f"}):
            tellr.delete("tellr", profile="work")
        self.assertEqual(
            self.databricks(), {"DATABRICKS_CONFIG_FILE": "/f", "DATABRICKS_CONFIG_PROFILE": "work"}
        )

    def test_a_notebook_signs_in_by_itself(self) -> None:
        main = sys.modules["__main__"]
        with (
            mock.patch.dict(os.environ, {"DATABRICKS_RUNTIME_VERSION": "16.4"}),
            mock.patch.object(main, "dbutils", notebook(SECRET), create=True),
        ):
            tellr.delete("tellr")
        self.assertEqual(self.databricks()["DATABRICKS_HOST"], "https://of.notebook")
        self.assertEqual(self.databricks()["DATABRICKS_TOKEN"], SECRET)

    def test_a_notebook_that_gives_no_token_falls_back_to_the_environment_and_says_so(self) -> None:
        main = sys.modules["__main__"]
        with (
            mock.patch.dict(os.environ, {"DATABRICKS_RUNTIME_VERSION": "16.4"}),
            mock.patch.object(main, "dbutils", notebook(None), create=True),
        ):
            tellr.delete("tellr")
        self.assertEqual(self.databricks()["DATABRICKS_HOST"], "https://from.environment")
        self.assertIn("not allowed here", self.stderr.getvalue())

    def test_a_token_in_the_environment_wins_over_the_notebook(self) -> None:
        main = sys.modules["__main__"]
        with (
            mock.patch.dict(os.environ, {"DATABRICKS_RUNTIME_VERSION": "16.4", "DATABRICKS_TOKEN": "mine"}),
            mock.patch.object(main, "dbutils", notebook(SECRET), create=True),
        ):
            tellr.delete("tellr")
        self.assertEqual(self.databricks()["DATABRICKS_TOKEN"], "mine")
