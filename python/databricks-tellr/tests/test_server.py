"""The program behind the page: how it is started, called and ended."""

from __future__ import annotations

import json
import os
from http.client import HTTPException

import databricks_tellr as tellr
from databricks_tellr.server import Server

from tests.fake_ui import UiTest

SECRET = "dapi-very-secret"


class Start(UiTest):
    def test_the_sign_in_reaches_it_by_its_environment_only(self) -> None:
        server = Server.start({**os.environ, "DATABRICKS_TOKEN": SECRET}, ["--binary", "tellr-app"])
        self.addCleanup(server.close)
        self.assertEqual(self.environment()["DATABRICKS_TOKEN"], SECRET)
        expected = ["ui", "--no-browser", "--no-input", "--json", "--end-with-stdin", "--binary", "tellr-app"]
        self.assertEqual(self.arguments(), expected)

    def test_its_own_reason_becomes_the_error(self) -> None:
        self.says(json.dumps({"error": {"message": "no sign-in", "hint": "set DATABRICKS_TOKEN"}}))
        with self.assertRaises(tellr.DeploymentError) as caught:
            Server.start(os.environ)
        self.assertEqual((caught.exception.message, caught.exception.hint), ("no sign-in", "set DATABRICKS_TOKEN"))

    def test_one_that_dies_without_a_word_is_reported(self) -> None:
        self.says("", stderr=("thread panicked",), code=101)
        with self.assertRaisesRegex(tellr.DeploymentError, "did not come up"):
            Server.start(os.environ)

    def test_it_ends_when_it_is_closed_and_that_may_be_twice(self) -> None:
        server = Server.start(os.environ)
        server.close()
        self.assertTrue(self.has_ended())
        server.close()
        with self.assertRaises(OSError):
            server.call("GET", "/tellr/context", {}, b"")


class Call(UiTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = Server.start(os.environ)
        self.addCleanup(self.server.close)

    def test_the_cookie_goes_along_and_comes_not_back(self) -> None:
        answer = self.server.call("GET", "/tellr/context", {}, b"")
        self.assertEqual(answer.status, 200)
        seen = json.loads(answer.body)
        self.assertEqual(seen["headers"]["Cookie"], "tellr_ui=the-cookie")
        self.assertNotIn("set-cookie", answer.headers)
        self.assertNotIn("the-secret", answer.body.decode())

    def test_only_headers_about_bodies_pass(self) -> None:
        headers = {"content-type": "text/plain", "Authorization": "Bearer x", "Cookie": "mine", "Host": "evil.example"}
        answer = self.server.call("POST", "/api/2.0/apps?x=1", headers, b"abc")
        seen = json.loads(answer.body)
        self.assertEqual((seen["method"], seen["path"], seen["size"]), ("POST", "/api/2.0/apps?x=1", 3))
        self.assertNotIn("Authorization", seen["headers"])
        self.assertEqual(seen["headers"]["Cookie"], "tellr_ui=the-cookie")
        self.assertTrue(seen["headers"]["Host"].startswith("127.0.0.1:"))
        self.assertEqual(seen["headers"]["content-type"], "text/plain")

    def test_what_is_no_call_is_refused(self) -> None:
        for method, path in [
            ("CONNECT", "/"),
            ("GET", "http://evil.example/"),
            ("GET", "//evil.example\r\nX: y"),
            ("GET", "/a b"),
            ("GET\r\nX: y", "/"),
            ("get", "/"),
        ]:
            with self.subTest(method=method, path=path), self.assertRaises((ValueError, HTTPException)):
                self.server.call(method, path, {}, b"")
        with self.assertRaises(ValueError):
            self.server.call("POST", "/", {"content-type": "a\r\nX: y"}, b"")

    def test_a_refusal_is_an_answer(self) -> None:
        self.assertEqual(self.server.call("GET", "/nothing", {}, b"").status, 404)
