"""The deployer's page as one file, with what a notebook tells it in its head."""

from __future__ import annotations

import html
import json
from importlib import resources
from typing import Any

from databricks_tellr.errors import DeploymentError

_PLACE = "<!-- embedding -->"
# the frame's calls go through the kernel: it needs no other way out
_NO_CALLS = """<meta http-equiv="Content-Security-Policy" content="connect-src 'none'">"""


def in_widget() -> str:
    """The page whose calls a widget carries."""
    return _with(_meta({"bridge": True}) + _NO_CALLS)


def alone(workspace: str | None, reason: str) -> str:
    """The page without a way to the kernel, and why it has none."""
    return _with(_meta({"workspace": workspace, "reason": reason}))


def _meta(embedding: dict[str, Any]) -> str:
    return f'<meta name="tellr-embedding" content="{html.escape(json.dumps(embedding))}">'


def _with(head: str) -> str:
    page = _read()
    if page.count(_PLACE) != 1:
        raise DeploymentError("the page of this package is damaged", hint="install the package again")
    return page.replace(_PLACE, head)


def _read() -> str:
    try:
        return resources.files("databricks_tellr").joinpath("page.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeploymentError(
            "this build of the package carries no page", hint="`cargo xtask dist` builds one that does"
        ) from None
