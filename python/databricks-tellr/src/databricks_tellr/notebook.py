"""What a Databricks notebook tells about itself."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from databricks_tellr.errors import DeploymentError

_WITHOUT = "use tellr.ui() with widgets, or tellr.create(...)"


def named(name: str) -> Any | None:
    """A global of the notebook such as ``dbutils``, which is none of this package's modules."""
    found = getattr(sys.modules.get("__main__"), name, None)
    if found is None and "IPython" in sys.modules:
        shell = sys.modules["IPython"].get_ipython()
        found = shell.user_ns.get(name) if shell is not None else None
    return found


def has_kernel() -> bool:
    """Whether this runs in a kernel that exchanges messages with a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


@dataclass(frozen=True)
class Driver:
    """The machine of a classic cluster that this notebook runs on."""

    workspace: str
    organisation: str
    cluster: str

    @classmethod
    def here(cls) -> Driver:
        """Raises :class:`DeploymentError` where there is none that a proxy stands before."""
        if _is_serverless():
            raise DeploymentError("serverless compute has no driver proxy", hint=_WITHOUT)
        tags = _tags()
        try:
            return cls(tags["browserHostName"], tags["orgId"], tags["clusterId"])
        except KeyError as missing:
            raise DeploymentError(
                f"this is no notebook on a classic cluster of Databricks: its context has no {missing}", hint=_WITHOUT
            ) from None

    def addresses(self) -> list[str]:
        """Where the proxy shows a server of this machine; ``{port}`` stands for its port. The workspace's own address leads
        to that of the data plane, whose name depends on the cloud."""
        path = f"/driver-proxy/o/{self.organisation}/{self.cluster}/{{port}}/"
        return [f"https://{host}{path}" for host in (self.workspace, self._data_plane()) if host is not None]

    def _data_plane(self) -> str | None:
        organisation = self.organisation
        if not organisation.isascii() or not organisation.isdigit():
            return None
        if self.workspace.endswith(".azuredatabricks.net"):
            return f"adb-dp-{organisation}.{int(organisation) % 20}.azuredatabricks.net"
        if self.workspace.endswith(".gcp.databricks.com"):
            return f"dp-{organisation}.{int(organisation) % 10}.gcp.databricks.com"
        if self.workspace.endswith(".cloud.databricks.com"):
            return f"dbc-dp-{organisation}.cloud.databricks.com"
        return None


def workspace() -> str | None:
    """The address of this notebook's workspace as its browser knows it."""
    host = _tags().get("browserHostName")
    return f"https://{host}" if host else os.environ.get("DATABRICKS_HOST")


def _is_serverless() -> bool:
    runtime = os.environ.get("DATABRICKS_RUNTIME_VERSION", "")
    return os.environ.get("IS_SERVERLESS", "").lower() == "true" or runtime.startswith("client.")


def _tags() -> dict[str, str]:
    dbutils = named("dbutils")
    if dbutils is None:
        return {}
    try:
        context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
        tags = json.loads(context.toJson())["tags"]
        return {name: str(value) for name, value in tags.items()}
    except Exception:  # py4j and its wrappers raise what they like; a notebook without tags says nothing
        return {}
