"""A notebook for tests: runs a cell in a kernel of its own and shows the widget that it displays.

Stands where JupyterLab stands: it knows the kernel's messages and nothing of what is in them. Prints its address once the cell
has run. Every message in either direction is written to the file of the first argument.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketHandler

VIEW = "application/vnd.jupyter.widget-view+json"
DEADLINE = 120


class Kernel:
    """A kernel and the widget that its cell has displayed."""

    def __init__(self, record: Path) -> None:
        # by default all kernels that are started in a folder share its sockets
        self.sockets = TemporaryDirectory(prefix="tellr-kernel-")
        self.manager = AsyncKernelManager(transport="ipc", ip=f"{self.sockets.name}/socket")
        self.record = record.open("wb")
        self.states: dict[str, dict[str, Any]] = {}
        self.shown: str | None = None
        self.output = ""
        self.page: Page | None = None

    async def run(self, cell: str) -> None:
        await self.manager.start_kernel(env=dict(os.environ))
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=DEADLINE)
        asked = self.client.execute(cell)
        while True:
            message = await self.client.get_iopub_msg(timeout=DEADLINE)
            self.take(message)
            is_ours = message["parent_header"].get("msg_id") == asked
            if is_ours and message["msg_type"] == "error":
                sys.exit("\n".join(message["content"]["traceback"]))
            if is_ours and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return

    async def listen(self) -> None:
        while True:
            self.take(await self.client.get_iopub_msg(timeout=None))

    def take(self, message: dict[str, Any]) -> None:
        content, buffers = message["content"], [bytes(buffer) for buffer in message["buffers"]]
        self.keep(content, buffers)
        if message["msg_type"] == "comm_open":
            self.states[content["comm_id"]] = content["data"]["state"]
        elif message["msg_type"] == "display_data":
            self.shown = content["data"].get(VIEW, {}).get("model_id", self.shown)
            self.output = content["data"].get("text/html", self.output)
        elif message["msg_type"] == "comm_msg" and content["comm_id"] == self.shown and self.page is not None:
            if content["data"]["method"] == "custom":
                self.page.write_message(pack(content["data"]["content"], buffers), binary=True)

    def send(self, content: Any, buffers: list[bytes]) -> None:
        data = {"comm_id": self.shown, "data": {"method": "custom", "content": content}}
        self.keep(data, buffers)
        session = self.client.session
        session.send(self.client.shell_channel.socket, session.msg("comm_msg", data), buffers=buffers)

    def keep(self, content: Any, buffers: list[bytes]) -> None:
        self.record.write(json.dumps(content, default=str).encode() + b"".join(buffers) + b"\n")
        self.record.flush()


def pack(content: Any, buffers: list[bytes]) -> bytes:
    """Length of the head, head, buffers; the head knows how long each buffer is."""
    head = json.dumps({"content": content, "lengths": [len(buffer) for buffer in buffers]}).encode()
    return struct.pack(">I", len(head)) + head + b"".join(buffers)


def unpack(data: bytes) -> tuple[Any, list[bytes]]:
    start = 4 + struct.unpack_from(">I", data)[0]
    head = json.loads(data[4:start])
    buffers = []
    for length in head["lengths"]:
        buffers.append(data[start : start + length])
        start += length
    return head["content"], buffers


class Page(WebSocketHandler):
    """The notebook's page."""

    def initialize(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def open(self, *_: str, **__: str) -> None:
        self.kernel.page = self

    def on_message(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        self.kernel.send(*unpack(message))


class Widget(RequestHandler):
    """The script of the widget, as the kernel has given it, or the output that is none."""

    def initialize(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def get(self, what: str) -> None:
        state = self.kernel.states.get(self.kernel.shown or "", {})
        if what == "esm.js":
            self.set_header("content-type", "text/javascript")
            self.write(state["_esm"])
        elif what == "state.json":
            self.write({name: value for name, value in state.items() if not name.startswith("_")})
        else:
            self.write(self.kernel.output)


async def main(record: str, folder: str, cell: str) -> None:
    kernel = Kernel(Path(record))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        await kernel.run(cell)
        files = {"path": folder, "default_filename": "notebook.html"}
        routes = [
            ("/kernel", Page, {"kernel": kernel}),
            ("/(esm.js|state.json|output.html)", Widget, {"kernel": kernel}),
            ("/(.*)", StaticFileHandler, files),
        ]
        server = HTTPServer(Application(routes, websocket_max_message_size=5 * 1024 * 1024))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/", flush=True)
        listening = asyncio.create_task(kernel.listen())
        await stop.wait()
        listening.cancel()
    finally:
        await kernel.manager.shutdown_kernel(now=True)


asyncio.run(main(*sys.argv[1:]))
