"""How the program signs in: variables of its environment, so that no secret is ever an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from databricks_tellr import notebook

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


def environment_for(client: WorkspaceClient | None, profile: str | None) -> dict[str, str]:
    """The variables for the program: those of this process, with the sign-in that was asked for."""
    if client is not None and profile is not None:
        raise ValueError("client and profile exclude each other: a client has its sign-in already")
    if client is not None:
        return _with_token(os.environ, *_sign_in_of(client))
    if profile is not None:
        return _without_sign_in(os.environ) | {"DATABRICKS_CONFIG_PROFILE": profile}
    if _is_notebook(os.environ):
        sign_in = _sign_in_of_notebook()
        if sign_in is not None:
            return _with_token(os.environ, *sign_in)
    return dict(os.environ)


def _sign_in_of(client: WorkspaceClient) -> tuple[str, str]:
    header = client.config.authenticate().get("Authorization", "")
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise ValueError("the client does not sign in with a token: use a token, OAuth or a profile")
    return client.config.host, token


def _is_notebook(variables: Mapping[str, str]) -> bool:
    """Whether this is a notebook whose environment names no other way to sign in."""
    ways = ("DATABRICKS_TOKEN", "DATABRICKS_CLIENT_SECRET", "DATABRICKS_CONFIG_PROFILE")
    return "DATABRICKS_RUNTIME_VERSION" in variables and not any(way in variables for way in ways)


def _sign_in_of_notebook() -> tuple[str, str] | None:
    """Host and token of the notebook that this runs in, or nothing where the notebook does not give them."""
    dbutils = notebook.named("dbutils")
    if dbutils is None:
        return None
    try:
        context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
        return context.apiUrl().get(), context.apiToken().get()
    except Exception as error:  # py4j and its wrappers raise what they like
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        print(f"the notebook gives no sign-in ({reason}); looking at the environment", file=sys.stderr, flush=True)
        return None


def _with_token(variables: Mapping[str, str], host: str, token: str) -> dict[str, str]:
    return _without_sign_in(variables) | {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": token}


def _without_sign_in(variables: Mapping[str, str]) -> dict[str, str]:
    """Without what else could sign in: two ways at once are an error."""
    keep = {"DATABRICKS_CONFIG_FILE", "DATABRICKS_RUNTIME_VERSION"}
    return {name: value for name, value in variables.items() if not name.startswith("DATABRICKS_") or name in keep}
