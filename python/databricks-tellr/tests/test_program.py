"""The protocol between the functions and the program."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from importlib import metadata
from unittest import TestCase, mock

import databricks_tellr as tellr
from databricks_tellr import program

from tests.fake_program import ProgramTest

RESULT = {"app_name": "tellr", "status": "deleted", "database_reset": False}


class Events(ProgramTest):
    def test_progress_is_printed_and_the_result_returned(self) -> None:
        self.plays(
            {"event": "step_started", "step": "app", "title": "Create the app tellr"},
            {"event": "progress", "step": "app", "message": "App compute is starting.", "elapsed_ms": 1234},
            {"event": "step_done", "step": "app", "message": "the app is active", "elapsed_ms": 2000},
            {"event": "something_new", "step": "app"},
            "a line that is not JSON",
            {"url": "https://tellr.example", "status": "created"},
        )
        self.assertEqual(tellr.delete("tellr"), {"url": "https://tellr.example", "status": "created"})
        expected = [
            "Create the app tellr",
            "  App compute is starting. (1.2 s)",
            "  done: the app is active (2.0 s)",
            "a line that is not JSON",
            "created: https://tellr.example",
        ]
        self.assertEqual(self.stdout.getvalue().splitlines(), expected)

    def test_warnings_of_the_program_are_passed_on(self) -> None:
        self.plays(RESULT, stderr=("warning: `x` in the deployment file has no effect",))
        tellr.delete("tellr")
        self.assertEqual(self.stderr.getvalue(), "warning: `x` in the deployment file has no effect\n")


class Failures(ProgramTest):
    def test_an_error_object_becomes_a_deployment_error(self) -> None:
        error = {"message": "App tellr exists", "hint": "use update", "step": "app", "field": "app_name"}
        self.plays({"event": "step_failed", "step": "app", "message": "x", "elapsed_ms": 10}, {"error": error}, code=1)
        with self.assertRaises(tellr.DeploymentError) as caught:
            tellr.delete("tellr")
        raised = caught.exception
        self.assertEqual((raised.message, raised.hint, raised.step, raised.field), tuple(error.values()))
        self.assertEqual(str(raised), "App tellr exists\nhint: use update")

    def test_what_the_error_lacks_is_none(self) -> None:
        self.plays({"error": {"message": "no"}}, code=1)
        with self.assertRaises(tellr.DeploymentError) as caught:
            tellr.delete("tellr")
        self.assertEqual((caught.exception.hint, caught.exception.step, caught.exception.field), (None, None, None))
        self.assertEqual(str(caught.exception), "no")

    def test_a_program_that_dies_without_a_result_is_reported_with_its_last_words(self) -> None:
        self.plays({"event": "step_started", "title": "x"}, stderr=("thread panicked",), code=101)
        with self.assertRaises(tellr.DeploymentError) as caught:
            tellr.delete("tellr")
        expected = "the tellr program ended with exit code 101 and gave no result\n  thread panicked"
        self.assertEqual(caught.exception.message, expected)

    def test_a_result_with_a_bad_exit_code_is_a_failure(self) -> None:
        self.plays(RESULT, code=1)
        with self.assertRaises(tellr.DeploymentError):
            tellr.delete("tellr")


class Interruption(ProgramTest):
    def test_an_interrupt_lets_the_program_end_in_order(self) -> None:
        self.plays({"event": "step_started", "title": "Wait"}, hangs=True)
        # a process started in the background of a shell ignores interrupts
        ours = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, ours)

        def interrupt() -> None:
            deadline = time.monotonic() + 30
            while not (self.folder / "waiting").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            # as Ctrl-C does: unlike _thread.interrupt_main() it ends a blocked read
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            tellr.delete("tellr")
        thread.join()
        self.assertTrue((self.folder / "interrupted").exists())


class Finding(TestCase):
    def test_the_installed_file_is_found_wherever_pip_has_put_it(self) -> None:
        class File:
            name = "tellr"

            def locate(self) -> str:
                return sys.executable

        with mock.patch.object(metadata, "files", return_value=[File()]):
            self.assertEqual(program.find(), sys.executable)

    def test_a_missing_program_is_reported(self) -> None:
        with (
            mock.patch.object(metadata, "files", side_effect=metadata.PackageNotFoundError),
            mock.patch.object(program.sysconfig, "get_path", return_value="/nowhere"),
            mock.patch.dict(os.environ, {"PATH": "/nowhere"}),
            self.assertRaises(tellr.DeploymentError) as caught,
        ):
            program.find()
        self.assertIn("pip install", str(caught.exception.hint))
