"""A stand-in for ``tellr ui``: says where it is, lets in who knows its secret, and answers with what it was sent."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

_SOURCE = '''#!{python}
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(__file__).parent
(folder / "call.json").write_text(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}))
script = json.loads((folder / "script.json").read_text())
for line in script["stderr"]:
    print(line, file=sys.stderr, flush=True)
if script["says"] is not None:
    print(script["says"], flush=True)
    sys.exit(script["code"])

class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/session":
            is_right = json.loads(body) == {{"secret": "the-secret"}}
            self.send_response(204 if is_right else 403)
            self.send_header("Set-Cookie", "tellr_ui=the-cookie; Path=/; HttpOnly")
            self.end_headers()
            return
        seen = {{"method": self.command, "path": self.path, "headers": dict(self.headers), "size": len(body)}}
        answer = json.dumps(seen).encode()
        self.send_response(404 if self.path == "/nothing" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "another=cookie")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = server.server_address[1]
behind = sys.argv[sys.argv.index("--behind") + 1] if "--behind" in sys.argv else None
behind = behind and behind.replace("{{port}}", str(port)) + "#secret=the-secret"
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({{"address": f"http://127.0.0.1:{{port}}/#secret=the-secret", "behind": behind}}), flush=True)
sys.stdin.read()
(folder / "ended").write_text("yes")
'''


class UiTest(unittest.TestCase):
    """Runs with the stand-in as the program and with a bare environment."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tellr-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        program = self.folder / "tellr"
        program.write_text(_SOURCE.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.says(None)
        bare = {"PATH": os.environ["PATH"], "HOME": folder.name, "DATABRICKS_HOST": "https://from.environment"}
        self.start(mock.patch.dict(os.environ, bare, clear=True))
        self.start(mock.patch("databricks_tellr.server.find", return_value=str(program)))
        self.stdout, self.stderr = StringIO(), StringIO()
        for redirection in (redirect_stdout(self.stdout), redirect_stderr(self.stderr)):
            redirection.__enter__()
            self.addCleanup(redirection.__exit__, None, None, None)

    def start(self, patch: Any) -> Any:
        self.addCleanup(patch.stop)
        return patch.start()

    def says(self, words: str | None, *, stderr: tuple[str, ...] = (), code: int = 1) -> None:
        """What it says instead of serving."""
        (self.folder / "script.json").write_text(json.dumps({"says": words, "stderr": stderr, "code": code}))

    def arguments(self) -> list[str]:
        return json.loads((self.folder / "call.json").read_text())["arguments"]

    def environment(self) -> dict[str, str]:
        return json.loads((self.folder / "call.json").read_text())["environment"]

    def was_started(self) -> bool:
        return (self.folder / "call.json").exists()

    def has_ended(self) -> bool:
        return (self.folder / "ended").exists()
