"""The page as a widget: a frame in the notebook, whose calls the kernel makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from databricks_tellr import page
from databricks_tellr.calls import Calls
from databricks_tellr.server import Server


class DeployerWidget(anywidget.AnyWidget):
    """Shows the page; ``close()`` ends the program behind it."""

    _esm = Path(__file__).parent / "widget.js"
    #: pixels; ``None`` follows the page
    height = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, server: Server, height: int | None) -> None:
        super().__init__(height=height)
        self._server = server
        self._calls = Calls(server, lambda: page.in_widget().encode(), self.send)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Ends the program and takes the page out of the notebook."""
        self._calls.close()
        self._server.close()
        super().close()

    def _receive(self, _: Any, message: Any, buffers: list[Any]) -> None:
        self._calls.receive(message, buffers)
