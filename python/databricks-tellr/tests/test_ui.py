"""Which way the page is shown, and what is said where it cannot be."""

from __future__ import annotations

import html
import inspect
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import databricks_tellr as tellr
from databricks_tellr import notebook, page, show

from tests.fake_ui import UiTest

TAGS = {"browserHostName": "dbc-1.cloud.databricks.com", "orgId": "123", "clusterId": "0101-abc"}
PAGE = "<head><!-- embedding --></head>"


def dbutils(tags: dict[str, str]) -> SimpleNamespace:
    context = SimpleNamespace(
        toJson=lambda: json.dumps({"tags": tags}),
        apiUrl=lambda: SimpleNamespace(get=lambda: "https://of.notebook"),
        apiToken=lambda: SimpleNamespace(get=lambda: "dapi-of-notebook"),
    )
    inner = SimpleNamespace(notebook=lambda: SimpleNamespace(getContext=lambda: context))
    return SimpleNamespace(notebook=SimpleNamespace(entry_point=SimpleNamespace(getDbutils=lambda: inner)))


class Notebook(UiTest):
    def setUp(self) -> None:
        super().setUp()
        self.shown: list[str] = []
        self.start(mock.patch.object(page, "_read", return_value=PAGE))
        self.globals = {"displayHTML": self.shown.append, "dbutils": dbutils(TAGS)}
        for name, value in self.globals.items():
            self.start(mock.patch.object(sys.modules["__main__"], name, value, create=True))
        self.addCleanup(self.close)

    def close(self) -> None:
        if show._last is not None:
            show._last.close()
            show._last = None

    def without_anywidget(self) -> None:
        self.start(mock.patch.object(show, "_has_anywidget", return_value=False))

    def refused(self, *args: Any, **kwargs: Any) -> tellr.DeploymentError:
        with self.assertRaises(tellr.DeploymentError) as caught:
            tellr.ui(*args, **kwargs)
        self.assertFalse(self.was_started())
        return caught.exception


class Arguments(Notebook):
    def test_they_are_those_of_the_other_functions(self) -> None:
        parameters = inspect.signature(tellr.ui).parameters.values()
        expected = ["mode", "client", "profile", "height", "local_wheel_path", "local_binary_path"]
        self.assertEqual([parameter.name for parameter in parameters], expected)

    def test_wrong_ones_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "mode is one of auto, widget, html, driver-proxy, not iframe"):
            tellr.ui("iframe")  # type: ignore[arg-type]
        with self.assertRaisesRegex(ValueError, "exclude each other"):
            tellr.ui(local_wheel_path="a.whl", local_binary_path="b")
        self.assertFalse(self.was_started())


class Html(Notebook):
    def test_without_anywidget_the_page_is_shown_alone_and_says_why(self) -> None:
        self.without_anywidget()
        self.assertEqual(tellr.ui().mode, "html")
        embedding = {"workspace": "https://dbc-1.cloud.databricks.com", "reason": "anywidget is not installed in this notebook"}


        content = html.escape(json.dumps(embedding))
        self.assertEqual(self.shown, [f'<head><meta name="tellr-embedding" content="{content}"></head>'])
        self.assertFalse(self.was_started())

    def test_no_host_name_becomes_markup(self) -> None:
        hostile = {"browserHostName": '"><script>alert(1)</script>'}
        with mock.patch.object(sys.modules["__main__"], "dbutils", dbutils(hostile)):
            tellr.ui("html")
        self.assertNotIn("<script", self.shown[0])

    def test_a_build_without_a_page_says_so(self) -> None:
        with mock.patch.object(page, "_read", side_effect=tellr.DeploymentError("carries no page")):
            self.assertIn("no page", self.refused("html").message)

    def test_elsewhere_it_stands_in_a_sandbox(self) -> None:
        displayed: list[Any] = []
        ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: None  # type: ignore[attr-defined]
        module.HTML, module.display = str, displayed.append  # type: ignore[attr-defined]
        with (
            mock.patch.dict(sys.modules, {"IPython": ipython, "IPython.display": module}),
            mock.patch.object(sys.modules["__main__"], "displayHTML", None),
        ):
            tellr.ui("html", height=500)
        self.assertRegex(displayed[0], r'^<iframe [^>]*sandbox="allow-scripts [^"]*" srcdoc="&lt;head&gt;')
        self.assertNotIn("allow-same-origin", displayed[0])
        self.assertIn("height:500px", displayed[0])


class Widget(Notebook):
    def test_it_needs_anywidget(self) -> None:
        self.without_anywidget()
        error = self.refused("widget")
        self.assertEqual(error.message, "anywidget is not installed in this notebook")
        self.assertIn("databricks-tellr[widget]", str(error.hint))

    def test_it_needs_a_kernel(self) -> None:
        with mock.patch.object(show, "_has_anywidget", return_value=True):
            self.assertIn("`tellr ui`", str(self.refused("widget").hint))


class DriverProxy(Notebook):
    def test_the_link_goes_through_the_workspace_to_the_driver(self) -> None:
        with mock.patch.dict(os.environ, {"DATABRICKS_RUNTIME_VERSION": "16.4"}):
            shown = tellr.ui("driver-proxy")
        self.assertEqual(shown.mode, "driver-proxy")
        arguments = self.arguments()
        flag = arguments.index("--listen")
        self.assertEqual(
            arguments[flag:],
            [
                "--listen",
                "0.0.0.0",
                "--behind",
                "https://dbc-1.cloud.databricks.com/driver-proxy/o/123/0101-abc/{port}/",
                "--behind",
                "https://dbc-dp-123.cloud.databricks.com/driver-proxy/o/123/0101-abc/{port}/",
            ],
        )
        self.assertRegex(self.shown[0], r'href="https://dbc-1\.cloud\.databricks\.com/driver-proxy/o/123/0101-abc/\d+/#secret=')
        self.assertEqual(self.environment()["DATABRICKS_TOKEN"], "dapi-of-notebook")
        shown.close()
        self.assertTrue(self.has_ended())

    def test_the_next_page_ends_the_one_before(self) -> None:
        tellr.ui("driver-proxy")
        tellr.ui("html")
        self.assertTrue(self.has_ended())

    def test_serverless_compute_has_none(self) -> None:
        for variables in ({"IS_SERVERLESS": "TRUE"}, {"DATABRICKS_RUNTIME_VERSION": "client.3.2"}):
            with mock.patch.dict(os.environ, variables):
                error = self.refused("driver-proxy")
            self.assertEqual(error.message, "serverless compute has no driver proxy")
            self.assertIn("tellr.ui()", str(error.hint))

    def test_nor_has_another_notebook(self) -> None:
        with mock.patch.object(sys.modules["__main__"], "dbutils", None):
            self.assertIn("no notebook on a classic cluster", self.refused("driver-proxy").message)

    def test_each_cloud_has_its_own_data_plane(self) -> None:
        for workspace, expected in [
            ("dbc-1.cloud.databricks.com", "dbc-dp-7405.cloud.databricks.com"),
            ("adb-7405.5.azuredatabricks.net", "adb-dp-7405.5.azuredatabricks.net"),
            ("7405.5.gcp.databricks.com", "dp-7405.5.gcp.databricks.com"),
            ("databricks.example.com", None),
        ]:
            self.assertEqual(notebook.Driver(workspace, "7405", "c")._data_plane(), expected)


class Files(Notebook):
    def test_everything_that_is_shown_lies_in_the_package(self) -> None:
        self.assertTrue((Path(show.__file__).parent / "widget.js").is_file())
