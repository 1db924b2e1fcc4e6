"""A stand-in for the ``tellr`` program that speaks its protocol: it records how it was called and plays a script."""

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
import json, os, sys, time
from pathlib import Path
folder = Path(__file__).parent
config = sys.argv[sys.argv.index("--config") + 1] if "--config" in sys.argv else None
call = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "stdin": sys.stdin.read(),
         "config": Path(config).read_text() if config else None}}
(folder / "call.json").write_text(json.dumps(call))
script = json.loads((folder / "script.json").read_text())
for line in script["stderr"]:
    print(line, file=sys.stderr, flush=True)
for line in script["stdout"]:
    print(line if isinstance(line, str) else json.dumps(line), flush=True)
if script["hangs"]:
    import signal
    def interrupted(number, frame):
        (folder / "interrupted").write_text("yes")
        sys.exit(1)
    signal.signal(signal.SIGINT, interrupted)
    (folder / "waiting").write_text("yes")
    signal.pause()
sys.exit(script["code"])
'''


class ProgramTest(unittest.TestCase):
    """Runs with the stand-in as the program and with a bare environment."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tellr-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        program = self.folder / "tellr"
        program.write_text(_SOURCE.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.plays({"app_name": "tellr", "status": "deleted", "database_reset": False})
        bare = {"PATH": os.environ["PATH"], "HOME": folder.name, "DATABRICKS_HOST": "https://from.environment"}
        self._start(mock.patch.dict(os.environ, bare, clear=True))
        self._start(mock.patch("databricks_tellr.program.find", return_value=str(program)))
        self.stdout, self.stderr = StringIO(), StringIO()
        for redirection in (redirect_stdout(self.stdout), redirect_stderr(self.stderr)):
            redirection.__enter__()
            self.addCleanup(redirection.__exit__, None, None, None)

    def _start(self, patch: Any) -> None:
        patch.start()
        self.addCleanup(patch.stop)

    def plays(self, *stdout: Any, stderr: tuple[str, ...] = (), code: int = 0, hangs: bool = False) -> None:
        script = {"stdout": stdout, "stderr": stderr, "code": code, "hangs": hangs}
        (self.folder / "script.json").write_text(json.dumps(script))

    def call(self) -> dict[str, Any]:
        return json.loads((self.folder / "call.json").read_text())

    def was_called(self) -> bool:
        return (self.folder / "call.json").exists()

    def flag(self, name: str) -> str | None:
        arguments = self.call()["arguments"]
        return arguments[arguments.index(name) + 1] if name in arguments else None
