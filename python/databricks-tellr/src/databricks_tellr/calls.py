"""Calls of a page in a notebook's output, as messages of a widget: read, carried out beside each other, answered.

A call comes as ``{"type": "call", "id", "part", "parts"}`` with at most one buffer; the first part also names ``method``,
``path`` and ``headers``. The answer goes back as ``{"type": "answer", "id", "part", "parts"}``, whose first part has ``status``
and ``headers``, or as ``{"type": "answer", "id", "error"}``. Bodies are sent in parts because notebooks limit what one message
may hold (5 MB on Databricks). ``{"type": "page", "id"}`` asks for the page itself and is answered in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any, Protocol

from databricks_tellr.server import Answer

#: bytes of a body in one message
PART = 1024 * 1024
#: bytes of a call's body: an upload of 10 MiB, in base64 if need be
LARGEST_BODY = 16 * 1024 * 1024
_MOST_PARTS = LARGEST_BODY // PART
_MOST_UNFINISHED = 16
_MOST_WAITING = 64
_WORKERS = 8
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class _Server(Protocol):
    def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer: ...


@dataclass
class _Call:
    id: str
    parts: int
    method: str
    path: str
    headers: dict[str, str]
    bodies: list[bytes] = field(default_factory=list)


class Calls:
    """Takes the messages of one widget. ``send`` takes a message and its buffers; it is called from several threads."""

    def __init__(self, server: _Server, page: Callable[[], bytes], send: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        self._server, self._page, self._send = server, page, send
        self._sending = Lock()
        self._unfinished: dict[str, _Call] = {}
        self._waiting: Queue[_Call | None] = Queue(_MOST_WAITING)
        # daemons: a call that hangs does not keep the kernel from ending
        self._workers = [Thread(target=self._work, daemon=True, name="tellr-call") for _ in range(_WORKERS)]
        for worker in self._workers:
            worker.start()

    def receive(self, message: Any, buffers: list[Any]) -> None:
        """Takes one message. What is no message of the page is dropped."""
        if not isinstance(message, dict):
            return
        id = message.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            return
        try:
            if message.get("type") == "page":
                self._answer(id, Answer(200, {"content-type": "text/html"}, self._page()))
            elif message.get("type") == "call":
                self._take(id, message, buffers)
        except (ValueError, OSError) as error:
            self._unfinished.pop(id, None)
            self._refuse(id, str(error))

    def close(self) -> None:
        """Lets the threads end."""
        for _ in self._workers:
            try:
                self._waiting.put_nowait(None)
            except Full:
                return

    def _take(self, id: str, message: dict[str, Any], buffers: list[Any]) -> None:
        call = self._unfinished.pop(id, None)
        if call is None:
            call = _begin(id, message)
        if message.get("part") != len(call.bodies) or message.get("parts") != call.parts or len(buffers) > 1:
            raise ValueError("a part of the call is missing")
        body = b"".join(bytes(buffer) for buffer in buffers)
        if len(body) > PART:
            raise ValueError(f"a part has more than {PART} bytes")
        call.bodies.append(body)
        if len(call.bodies) == call.parts:
            self._queue(call)
            return
        if len(self._unfinished) == _MOST_UNFINISHED:
            # a page that was closed in the middle does not come back
            self._unfinished.pop(next(iter(self._unfinished)))
        self._unfinished[id] = call

    def _queue(self, call: _Call) -> None:
        try:
            self._waiting.put_nowait(call)
        except Full:
            raise ValueError(f"more than {_MOST_WAITING} calls are waiting") from None

    def _work(self) -> None:
        while (call := self._waiting.get()) is not None:
            try:
                self._answer(call.id, self._server.call(call.method, call.path, call.headers, b"".join(call.bodies)))
            except (ValueError, OSError, HTTPException) as error:
                self._refuse(call.id, f"the server of this notebook gave no answer: {error}")

    def _answer(self, id: str, answer: Answer) -> None:
        parts = [answer.body[start : start + PART] for start in range(0, len(answer.body), PART)] or [b""]
        for number, part in enumerate(parts):
            message = {"type": "answer", "id": id, "part": number, "parts": len(parts)}
            if number == 0:
                message |= {"status": answer.status, "headers": answer.headers}
            self._say(message, [part])

    def _refuse(self, id: str, reason: str) -> None:
        self._say({"type": "answer", "id": id, "error": reason}, [])

    def _say(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        with self._sending:
            self._send(message, buffers)


def _begin(id: str, message: dict[str, Any]) -> _Call:
    method, path, headers, parts = (message.get(name) for name in ("method", "path", "headers", "parts"))
    if not isinstance(method, str) or not isinstance(path, str) or not isinstance(headers, dict):
        raise ValueError("a call needs method, path and headers")
    if not isinstance(parts, int) or parts < 1:
        raise ValueError("a call needs at least one part")
    if parts > _MOST_PARTS:
        raise ValueError(f"the body of a call may have {LARGEST_BODY} bytes")
    return _Call(id, parts, method, path, {str(name): str(value) for name, value in headers.items()})
