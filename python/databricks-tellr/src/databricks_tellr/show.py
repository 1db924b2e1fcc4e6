"""``ui``: the deployer's page in a notebook."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from databricks_tellr import notebook, page
from databricks_tellr.authentication import environment_for
from databricks_tellr.errors import DeploymentError
from databricks_tellr.server import Server

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

Mode = Literal["auto", "widget", "html", "driver-proxy"]

_HEIGHT = 900
_NO_ANYWIDGET = "anywidget is not installed in this notebook"
_INSTALL = '%pip install "databricks-tellr[widget]", then restart Python'
# a popup is the deployed app in its own window; without `allow-same-origin` the page reaches nothing of the notebook
_SANDBOX = "allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox"


class Shown:
    """A page that was shown. It ends with the notebook's kernel, when :func:`ui` is called again, or by :meth:`close`."""

    def __init__(self, mode: str, close: Callable[[], None]) -> None:
        #: in which way it was shown
        self.mode = mode
        self._close: Callable[[], None] | None = close

    def close(self) -> None:
        """Ends the program behind the page, if there is one."""
        close, self._close = self._close, None
        if close is not None:
            close()

    def __repr__(self) -> str:
        return f"<tellr.ui: {self.mode}>"


_last: Shown | None = None


def ui(
    mode: Mode = "auto",
    client: WorkspaceClient | None = None,
    profile: str | None = None,
    *,
    height: int | None = None,
    local_wheel_path: str | None = None,
    local_binary_path: str | None = None,
) -> Shown:
    """Shows the deployer's page in the notebook: what is there, a form, the plan, its progress, the result.

    :param mode: ``widget``: as an anywidget; the kernel makes the page's calls with this notebook's sign-in, which the page never
        sees. ``driver-proxy``: on a classic cluster, as a link to ``tellr ui`` on the driver. ``html``: the page alone, by
        ``displayHTML``; it can only do what the browser and the workspace let it, and says what that is. ``auto``: as a widget
        where anywidget is installed, else ``html``.
    :param client: a ``WorkspaceClient`` whose host and sign-in are used.
    :param profile: a profile of ``~/.databrickscfg``.
    :param height: pixels; without it the page is as high as what it shows.
    :param local_wheel_path: a wheel of ``databricks-tellr-app`` that the page offers as what is deployed.
    :param local_binary_path: the program ``tellr-app`` that the page offers as what is deployed.
    :returns: what was shown; its ``close()`` ends it. The page of an earlier call is ended.
    :raises ValueError: arguments exclude each other, or the mode is unknown.
    :raises DeploymentError: the page cannot be shown in this way; the error says what to do.
    """
    global _last
    if mode not in get_args(Mode):
        raise ValueError(f"mode is one of {', '.join(get_args(Mode))}, not {mode}")
    if local_wheel_path is not None and local_binary_path is not None:
        raise ValueError("local_wheel_path and local_binary_path exclude each other")
    offered = {"--wheel": local_wheel_path, "--binary": local_binary_path}
    flags = [text for flag, path in offered.items() if path is not None for text in (flag, str(path))]
    if _last is not None:
        _last.close()
        _last = None
    if mode == "driver-proxy":
        _last = _by_driver_proxy(client, profile, flags)
    elif mode == "widget" or (mode == "auto" and _has_anywidget() and notebook.has_kernel()):
        _last = _as_widget(client, profile, flags, height)
    else:
        _last = _as_html(height)
    return _last


def _has_anywidget() -> bool:
    return importlib.util.find_spec("anywidget") is not None


def _as_widget(client: WorkspaceClient | None, profile: str | None, flags: Sequence[str], height: int | None) -> Shown:
    if not _has_anywidget():
        raise DeploymentError(_NO_ANYWIDGET, hint=_INSTALL)
    if not notebook.has_kernel():
        raise DeploymentError("a widget needs a notebook", hint="elsewhere, run `tellr ui` in a terminal")
    from IPython.display import display

    from databricks_tellr.widget import DeployerWidget

    # before the program is started: a build without a page has nothing to show
    page.in_widget()
    server = Server.start(environment_for(client, profile), flags)
    try:
        widget = DeployerWidget(server, height)
        display(widget)
    except BaseException:
        server.close()
        raise
    return Shown("widget", widget.close)


def _as_html(height: int | None) -> Shown:
    reason = "the page was asked for as HTML" if _has_anywidget() else f"{_NO_ANYWIDGET}"
    _show_html(page.alone(notebook.workspace(), reason), height or _HEIGHT)
    return Shown("html", lambda: None)


def _by_driver_proxy(client: WorkspaceClient | None, profile: str | None, flags: Sequence[str]) -> Shown:
    addresses = notebook.Driver.here().addresses()
    # the proxy comes from another machine; who is let in is decided by name, origin and secret
    flags = [*flags, "--listen", "0.0.0.0", *(text for address in addresses for text in ("--behind", address))]
    server = Server.start(environment_for(client, profile), flags)
    assert server.behind is not None
    address = html.escape(server.behind)
    _show_html(f'<p><a href="{address}" target="_blank" rel="noreferrer">Open Tellr\'s deployer</a></p>', 60)
    print("The link lets in whoever has it and may attach to this cluster. close() ends it; so does the end of the notebook.")
    return Shown("driver-proxy", server.close)


def _show_html(document: str, height: int) -> None:
    display_html: Any = notebook.named("displayHTML")
    if display_html is not None:
        display_html(document)
        return
    try:
        from IPython.display import HTML, display
    except ImportError:
        raise DeploymentError("the page needs a notebook", hint="elsewhere, run `tellr ui` in a terminal") from None
    # other notebooks put it into their own page, where it has no business
    frame = f'<iframe title="Tellr deployer" sandbox="{_SANDBOX}" srcdoc="{html.escape(document)}"'
    display(HTML(f'{frame} style="width:100%;height:{height}px;border:0"></iframe>'))
