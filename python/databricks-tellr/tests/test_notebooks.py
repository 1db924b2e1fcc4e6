"""The notebooks that show each way: the same cells in both formats, and calls that the functions take."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import get_args
from unittest import TestCase

import databricks_tellr as tellr
from databricks_tellr import show

_PACKAGE = Path(__file__).parent.parent
_SOURCE = _PACKAGE / "deploy_tellr.py"
_JUPYTER = _PACKAGE.parent.parent / "docs" / "deploy-tellr.ipynb"


def cells_of_source() -> list[tuple[str, str]]:
    """Kind and text of each cell of the format that Databricks keeps in files."""
    first, _, rest = _SOURCE.read_text(encoding="utf-8").partition("\n")
    assert first == "# Databricks notebook source"
    cells = []
    for cell in rest.split("# COMMAND ----------"):
        lines = [line.removeprefix("# MAGIC").removeprefix(" ") if line.startswith("# MAGIC") else line for line in cell.split("\n")]
        text = "\n".join(lines).strip("\n")
        is_text = text.startswith("%md\n")
        cells.append(("markdown", text.removeprefix("%md\n")) if is_text else ("code", text))
    return cells


def cells_of_jupyter() -> list[tuple[str, str]]:
    notebook = json.loads(_JUPYTER.read_text(encoding="utf-8"))
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


class Notebooks(TestCase):
    def test_both_formats_hold_the_same_cells(self) -> None:
        self.assertEqual(cells_of_jupyter(), cells_of_source())

    def test_no_output_is_kept(self) -> None:
        notebook = json.loads(_JUPYTER.read_text(encoding="utf-8"))
        self.assertFalse(any(cell.get("outputs") for cell in notebook["cells"]))

    def test_every_call_fits_its_function(self) -> None:
        code = "\n".join(text for kind, text in cells_of_source() if kind == "code" and not text.startswith("%"))
        modes = set()
        for node in ast.walk(ast.parse(code)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            holder = tellr if ast.unparse(node.func.value) == "tellr" else show.Shown
            arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
            function = getattr(holder, node.func.attr)
            inspect.signature(function).bind(*(["self"] if holder is show.Shown else []), **arguments)
            if function is tellr.ui:
                modes.add(arguments.get("mode", "auto"))
        self.assertEqual(modes, set(get_args(show.Mode)) - {"widget"})
