"""What the guide says was tried is what plays here, and it can be set up as the guide says."""

import json
import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.clients.playing import HERE, ROOT
from tests.clients.scenes import PYTHON

TABLE = (ROOT / "docs/events.md").read_text().partition("### What clients do when something goes wrong")[2]
TRIED = dict(re.findall(r"^\| `([^`]+)` \| (\d[\d.]*\d)", TABLE.partition("\n## ")[0], re.MULTILINE))
FOR_NODE = json.loads((HERE / "package.json").read_text())["dependencies"]
FOR_PYTHON = ("segment-analytics-python", "rudder-sdk-python", "customerio-cdp-analytics")


def test_the_guide_has_every_client() -> None:
    assert TRIED.keys() == {*FOR_NODE, *FOR_PYTHON}


@pytest.mark.parametrize("client", [*FOR_NODE, *FOR_PYTHON])
def test_the_guide_names_the_version_that_plays(client: str) -> None:
    assert TRIED[client] == (FOR_NODE[client] if client in FOR_NODE else version(client))


@pytest.mark.parametrize("client", PYTHON)
def test_importing_a_client_warns_of_nothing(client: str) -> None:
    module = client.removesuffix("-python") + ".analytics"
    done = subprocess.run([sys.executable, "-W", "error", "-c", f"import {module}"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
