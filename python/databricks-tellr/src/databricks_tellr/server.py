"""A ``tellr ui`` of this process: it signs the page's calls, and ends with whoever started it."""

from __future__ import annotations

import atexit
import http.client
import json
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread, Timer
from typing import IO, Any
from urllib.parse import urlsplit

from databricks_tellr.errors import DeploymentError
from databricks_tellr.program import find

_START_DEADLINE = 90.0
_PATIENCE_AT_THE_END = 5.0
_CALL_DEADLINE = 200.0
_LARGEST_ANSWER = 64 * 1024 * 1024
_KEPT_LINES = 20
# what says something about a body; a sign-in is not the page's affair
_PASSED_ON = frozenset({"accept", "content-type"})
_PASSED_BACK = frozenset({"content-type", "date", "retry-after", "x-request-id"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Answer:
    """What the server answered to a call of the page."""

    status: int
    headers: dict[str, str]
    body: bytes


class Server:
    """The running program. Its secret and its cookie stay in here."""

    def __init__(self, child: subprocess.Popen[bytes], address: str, behind: str | None) -> None:
        self._child = child
        self._closing = Lock()
        parts = urlsplit(address)
        self._port = parts.port
        #: where a proxy shows the page, with the secret that lets one in
        self.behind = behind
        self._cookie = self._begin_session(parts.fragment.removeprefix("secret="))
        atexit.register(self.close)

    @classmethod
    def start(cls, variables: Mapping[str, str], flags: Sequence[str] = ()) -> Server:
        """Starts it, signed in as the variables say; raises :class:`DeploymentError` if it does not come up."""
        child = subprocess.Popen(
            [find(), "ui", "--no-browser", "--no-input", "--json", "--end-with-stdin", *flags],
            # nobody writes to it: it ends when this process does, and the program with it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(variables),
            # an interrupt of the notebook is not meant for it
            start_new_session=True,
        )
        try:
            said = _first_words(child)
            return cls(child, said["address"], said.get("behind"))
        except BaseException:
            _end(child)
            raise

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Makes a call for the page. Raises ``ValueError`` for what is no call, ``OSError`` or ``HTTPException`` where there
        is no answer."""
        if method not in _METHODS or not path.startswith("/"):
            raise ValueError(f"{method} {path} is not a call")
        passed = {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}
        return self._send(method, path, passed | {"Cookie": self._cookie}, body)[0]

    def close(self) -> None:
        """Ends the program."""
        with self._closing:
            atexit.unregister(self.close)
            _end(self._child)

    def _begin_session(self, secret: str) -> str:
        body = json.dumps({"secret": secret}).encode()
        answer, cookies = self._send("POST", "/session", {"Content-Type": "application/json"}, body)
        if answer.status != 204 or len(cookies) != 1:
            raise DeploymentError(f"tellr ui did not let this notebook in: it answered {answer.status}")
        return cookies[0].partition(";")[0]

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[Answer, list[str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_CALL_DEADLINE)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            content = response.read(_LARGEST_ANSWER + 1)
            if len(content) > _LARGEST_ANSWER:
                raise http.client.HTTPException("the answer is larger than a page reads")
            passed = {name.lower(): value for name, value in response.getheaders() if name.lower() in _PASSED_BACK}
            return Answer(response.status, passed, content), response.headers.get_all("Set-Cookie") or []
        finally:
            connection.close()


def _first_words(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What the program says once it serves, or its reason why it does not."""
    assert child.stdout is not None and child.stderr is not None
    last_words: deque[str] = deque(maxlen=_KEPT_LINES)
    Thread(target=_pass_on, args=(child.stderr, last_words), daemon=True).start()
    late = Timer(_START_DEADLINE, child.kill)
    late.start()
    try:
        said = _object(child.stdout.readline())
    finally:
        late.cancel()
    error = said.get("error")
    if isinstance(error, dict):
        raise DeploymentError(error.get("message", "tellr ui failed"), error.get("hint"))
    if "address" not in said:
        words = "".join(f"\n  {line}" for line in last_words)
        raise DeploymentError(f"tellr ui did not come up within {_START_DEADLINE:.0f} s{words}")
    return said


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _pass_on(stderr: IO[bytes], last_words: deque[str]) -> None:
    with stderr:
        for line in stderr:
            text = line.decode("utf-8", "replace").rstrip()
            last_words.append(text)
            print(text, file=sys.stderr, flush=True)


def _end(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
    try:
        child.wait(_PATIENCE_AT_THE_END)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
