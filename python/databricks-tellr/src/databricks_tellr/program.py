"""Runs the ``tellr`` program as a child, prints its events and gives its result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections import deque
from importlib import metadata
from threading import Thread
from typing import IO, Any

from databricks_tellr.errors import DeploymentError

_PATIENCE_AFTER_INTERRUPT = 15.0
_PATIENCE_AFTER_TERMINATE = 5.0
_KEPT_LINES = 20


def run(arguments: list[str], variables: dict[str, str]) -> dict[str, Any]:
    """Runs ``tellr <arguments>`` and returns its result object; raises :class:`DeploymentError` if it fails."""
    child = subprocess.Popen(
        [find(), *arguments, "--json", "--events", "--no-input", "--yes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
        text=True,
        encoding="utf-8",
        errors="replace",
        # a terminal's Ctrl-C reaches this process only, which passes it on once
        start_new_session=True,
    )
    assert child.stdout is not None and child.stderr is not None
    last_words: deque[str] = deque(maxlen=_KEPT_LINES)
    reader = Thread(target=_pass_on, args=(child.stderr, last_words), daemon=True)
    reader.start()
    try:
        with child.stdout:
            result = _follow(child.stdout)
        code = child.wait()
    except BaseException:
        _stop(child)
        raise
    finally:
        reader.join(timeout=_PATIENCE_AFTER_TERMINATE)
    return _checked(result, code, last_words)


def find() -> str:
    """The path of the program that came with this package."""
    candidates = [*_installed_files(), os.path.join(sysconfig.get_path("scripts"), "tellr")]
    for path in candidates:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    found = shutil.which("tellr")
    if found is None:
        raise DeploymentError(
            "the tellr program of this package is not installed",
            hint="install the package again: pip install --force-reinstall databricks-tellr",
        )
    return found


def _installed_files() -> list[str]:
    """Where pip has put the program, whatever kind of installation this is."""
    try:
        files = metadata.files("databricks-tellr") or []
    except metadata.PackageNotFoundError:
        return []
    return [str(file.locate()) for file in files if file.name == "tellr"]


def _follow(stdout: IO[str]) -> dict[str, Any] | None:
    """Prints events as they come; the last object that is none is the result."""
    result = None
    for line in stdout:
        value = _object(line)
        if value is None:
            if line.strip():
                _say(line.rstrip())
        elif "event" in value:
            _show(value)
        else:
            result = value
    return result


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _show(event: dict[str, Any]) -> None:
    kind, message = event.get("event"), event.get("message", "")
    elapsed = f" ({event['elapsed_ms'] / 1000:.1f} s)" if "elapsed_ms" in event else ""
    if kind == "step_started":
        _say(event.get("title", event.get("step", "")))
    elif kind == "step_done":
        _say(f"  done: {message}{elapsed}")
    elif kind == "step_failed":
        # the reason comes with the exception
        _say(f"  failed{elapsed}")
    elif message:
        _say(f"  {message}{elapsed}")


def _checked(result: dict[str, Any] | None, code: int, last_words: deque[str]) -> dict[str, Any]:
    error = (result or {}).get("error")
    if isinstance(error, dict):
        message = error.get("message", "the deployment failed")
        raise DeploymentError(message, error.get("hint"), error.get("step"), error.get("field"))
    if code != 0 or result is None:
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        words = "".join(f"\n  {line}" for line in last_words)
        raise DeploymentError(f"the tellr program {ended} and gave no result{words}")
    if "url" in result:
        _say(f"{result.get('status', 'done')}: {result['url']}")
    return result


def _pass_on(stderr: IO[str], last_words: deque[str]) -> None:
    with stderr:
        for line in stderr:
            last_words.append(line.rstrip())
            print(line, end="", file=sys.stderr, flush=True)


def _say(line: str) -> None:
    print(line, flush=True)


def _stop(child: subprocess.Popen[str]) -> None:
    """Lets the program end in order, then makes it end."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(_PATIENCE_AFTER_INTERRUPT)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            child.wait(_PATIENCE_AFTER_TERMINATE)
        except subprocess.TimeoutExpired:
            pass
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
