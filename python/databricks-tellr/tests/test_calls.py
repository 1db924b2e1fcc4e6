"""Messages of the widget: in parts, beside each other, and whatever else may come."""

from __future__ import annotations

import random
import threading
import unittest
from typing import Any

from databricks_tellr import calls
from databricks_tellr.calls import PART, Calls
from databricks_tellr.server import Answer


class Server:
    """Answers with the body that it was sent, once it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.seen: list[tuple[str, str, dict[str, str], int]] = []

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.seen.append((method, path, headers, len(body)))
        self.may_answer.wait(30)
        if path == "/broken":
            raise ConnectionRefusedError("nobody listens")
        return Answer(200, {"content-type": "x/y"}, body)


class CallsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = Server()
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.arrived = threading.Condition()
        self.calls = Calls(self.server, lambda: b"<html>", self.send)
        self.addCleanup(self.calls.close)
        self.addCleanup(self.server.may_answer.set)

    def send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        with self.arrived:
            self.sent.append((message, buffers))
            self.arrived.notify_all()

    def of(self, id: str) -> list[tuple[dict[str, Any], list[bytes]]]:
        return [(message, buffers) for message, buffers in self.sent if message["id"] == id]

    def answer(self, id: str) -> tuple[dict[str, Any], bytes]:
        def is_whole() -> bool:
            messages = self.of(id)
            return bool(messages) and ("error" in messages[0][0] or len(messages) == messages[0][0]["parts"])

        with self.arrived:
            self.assertTrue(self.arrived.wait_for(is_whole, timeout=30), f"no answer to {id}: {self.sent}")
            return self.of(id)[0][0], b"".join(buffer for _, buffers in self.of(id) for buffer in buffers)

    def ask(self, id: str, body: bytes = b"", path: str = "/a") -> None:
        parts = [body[start : start + PART] for start in range(0, len(body), PART)] or [b""]
        for number, part in enumerate(parts):
            message: dict[str, Any] = {"type": "call", "id": id, "part": number, "parts": len(parts)}
            if number == 0:
                message |= {"method": "POST", "path": path, "headers": {"accept": "*/*"}}
            self.calls.receive(message, [memoryview(part)])


class Parts(CallsTest):
    def test_a_call_and_its_answer_go_in_parts_that_notebooks_pass_on(self) -> None:
        body = random.Random(1).randbytes(3 * PART + 17)
        self.ask("a-1", body)
        head, content = self.answer("a-1")
        self.assertEqual((head["status"], head["headers"]), (200, {"content-type": "x/y"}))
        self.assertTrue(content == body)
        self.assertEqual(len(self.of("a-1")), 4)
        self.assertTrue(all(len(buffers[0]) <= PART for _, buffers in self.of("a-1")))
        self.assertEqual(self.server.seen, [("POST", "/a", {"accept": "*/*"}, len(body))])

    def test_the_page_is_sent_in_the_same_way(self) -> None:
        self.calls.receive({"type": "page", "id": "v-1"}, [])
        head, content = self.answer("v-1")
        self.assertEqual((head["status"], content), (200, b"<html>"))

    def test_calls_go_on_beside_each_other(self) -> None:
        self.server.may_answer.clear()
        self.ask("slow", b"1")
        with self.arrived:
            self.assertEqual(self.sent, [])
        self.calls.receive({"type": "page", "id": "quick"}, [])
        self.answer("quick")
        self.server.may_answer.set()
        self.assertEqual(self.answer("slow")[1], b"1")

    def test_parts_of_several_calls_may_be_mixed(self) -> None:
        one, two = b"1" * (PART + 1), b"2" * (PART + 2)
        for number in range(2):
            for id, body in (("one", one), ("two", two)):
                head = {"method": "PUT", "path": "/x", "headers": {}} if number == 0 else {}
                message = {"type": "call", "id": id, "part": number, "parts": 2, **head}
                self.calls.receive(message, [body[number * PART : (number + 1) * PART]])
        self.assertEqual(self.answer("one")[1], one)
        self.assertEqual(self.answer("two")[1], two)

    def test_where_no_answer_comes_the_reason_does(self) -> None:
        self.ask("a", path="/broken")
        self.assertIn("nobody listens", self.answer("a")[0]["error"])


class Hostile(CallsTest):
    def test_what_is_no_message_is_dropped(self) -> None:
        for message in [
            None,
            [],
            "call",
            {},
            {"type": "call"},
            {"type": "call", "id": 1},
            {"type": "call", "id": ""},
            {"type": "call", "id": "a b"},
            {"type": "call", "id": "x" * 65},
            {"type": "answer", "id": "a", "status": 200},
            {"type": "other", "id": "a"},
        ]:
            self.calls.receive(message, [])
        self.assertEqual((self.sent, self.server.seen), ([], []))

    def test_a_malformed_call_is_refused_and_not_made(self) -> None:
        head = {"type": "call", "id": "a", "method": "GET", "path": "/", "headers": {}, "part": 0, "parts": 1}
        for change in [
            {"method": 1},
            {"path": None},
            {"headers": []},
            {"parts": 0},
            {"parts": -1},
            {"parts": "1"},
            {"parts": 10**9},
            {"part": 1},
            {"part": None},
        ]:
            self.sent.clear()
            self.calls.receive({**head, **change}, [])
            self.assertIn("error", self.answer("a")[0], change)
        self.sent.clear()
        self.calls.receive(head, [b"1", b"2"])
        self.assertIn("error", self.answer("a")[0])
        self.sent.clear()
        self.calls.receive(head, [b"1" * (PART + 1)])
        self.assertIn("error", self.answer("a")[0])
        self.assertEqual(self.server.seen, [])

    def test_a_part_that_is_missing_ends_the_call(self) -> None:
        head = {"type": "call", "id": "a", "method": "GET", "path": "/", "headers": {}, "part": 0, "parts": 3}
        self.calls.receive(head, [b"1"])
        self.calls.receive({"type": "call", "id": "a", "part": 2, "parts": 3}, [b"3"])
        self.assertIn("missing", self.answer("a")[0]["error"])
        self.sent.clear()
        self.calls.receive({"type": "call", "id": "a", "part": 1, "parts": 3}, [b"2"])
        self.assertIn("error", self.answer("a")[0])
        self.assertEqual(self.server.seen, [])

    def test_calls_that_are_never_finished_do_not_pile_up(self) -> None:
        for number in range(1000):
            head = {"type": "call", "id": f"n-{number}", "method": "GET", "path": "/", "headers": {}}
            self.calls.receive({**head, "part": 0, "parts": 2}, [b"1" * 1000])
        self.assertEqual(len(self.calls._unfinished), calls._MOST_UNFINISHED)

    def test_more_calls_than_can_wait_are_refused(self) -> None:
        self.server.may_answer.clear()
        for number in range(calls._WORKERS + calls._MOST_WAITING + 10):
            self.ask(f"n-{number}")
        with self.arrived:
            refused = [message for message, _ in self.sent]
        self.assertGreaterEqual(len(refused), 10)
        self.assertTrue(all("are waiting" in message["error"] for message in refused), refused)
        self.server.may_answer.set()
        self.answer("n-0")
