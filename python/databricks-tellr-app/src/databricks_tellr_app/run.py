"""Starts the native program ``tellr-app`` of this package the way the Python original was started.

``init_database()`` prepares the database, ``python -m databricks_tellr_app.run`` becomes the server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

PROGRAM = "tellr-app"


def find_program() -> Path:
    """Gives the path of ``tellr-app`` in the environment that holds this package.

    The folder of scripts need not be on the ``PATH``. Where pip installed for one user or into a target folder, it is
    another folder than that of the interpreter's own scripts.
    """
    candidates = [Path(sysconfig.get_path("scripts"), PROGRAM)]
    if "posix_user" in sysconfig.get_scheme_names():
        candidates.append(Path(sysconfig.get_path("scripts", "posix_user"), PROGRAM))
    candidates.append(Path(__file__).resolve().parents[1] / "bin" / PROGRAM)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    searched = ", ".join(str(candidate.parent) for candidate in candidates)
    raise FileNotFoundError(
        f"{PROGRAM} is in none of {searched}. "
        "The installation is damaged: pip install --force-reinstall databricks-tellr-app"
    )


def init_database() -> None:
    """Prepares the database: schema, migrations, encryption key.

    Safe to call any number of times and from several instances at once. Raises ``SystemExit(1)`` after a failure, whose
    reason ``tellr-app`` has printed, so that a shell's ``&&`` doesn't go on to the server.
    """
    completed = subprocess.run([find_program(), "init-db"], check=False)
    if completed.returncode != 0:
        raise SystemExit(1)


def main() -> NoReturn:
    """Becomes the server: the process is replaced, so the platform's signals reach it."""
    program = find_program()
    # what Python has printed so far would be lost with its buffers
    sys.stdout.flush()
    os.execv(program, [PROGRAM, "serve", *sys.argv[1:]])


if __name__ == "__main__":
    main()
