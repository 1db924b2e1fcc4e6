"""Puts Tellr into a Databricks workspace, from a notebook or any Python program.

The work is done by the ``tellr`` program of this package; these functions start it, print what it reports and return
what it gives back. They must not know the platform: calls, checks and rules belong to the program.
"""

from importlib import metadata

from databricks_tellr.deploy import create, delete, update
from databricks_tellr.errors import DeploymentError
from databricks_tellr.show import ui

__all__ = ["DeploymentError", "create", "delete", "ui", "update"]

try:
    __version__ = metadata.version("databricks-tellr")
except metadata.PackageNotFoundError:  # used from its sources
    __version__ = "0+unknown"
