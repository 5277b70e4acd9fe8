"""A data directory with a cluster in it, made once a worker: `initdb` takes a second, a start a quarter of one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nurture.local.servers import local_servers
from tests.local.command import alive, all_gone


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("servers") / "data"
    with local_servers(data, linger=False):
        pass
    return data


@pytest.fixture
def data(_cluster: Path) -> Iterator[Path]:
    """A data directory whose servers do not run, and do not after the test."""
    assert not alive(_cluster)
    yield _cluster
    (_cluster / "hurry").touch()
    if not all_gone(_cluster, within=10):
        for process in alive(_cluster):
            os.kill(process.pid, signal.SIGKILL)
        pytest.fail("servers were left behind")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A data directory that does not exist yet."""
    yield tmp_path / "data"
    if (tmp_path / "data").exists():
        (tmp_path / "data/hurry").touch()
    assert all_gone(tmp_path / "data", within=10)
