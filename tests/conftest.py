"""Real servers for every test that asks: one cluster a run, one database and one Valkey database a worker.

`DATABASE_URL` and `REDIS_URL` are used where they are set. Where servers cannot be had, tests fail; they do not skip.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings
from sqlalchemy import Engine

from nurture.db import make_engine
from nurture.local.servers import LocalServers, local_servers
from nurture.settings import database_address
from tests.databases import drop_databases, empty, make_database
from tests.leftovers import RUN, left_over_processes

# How long one example takes says nothing on a machine that runs other things.
settings.register_profile("nurture", deadline=None, max_examples=50)
settings.load_profile("nurture")

SHARED_DATA = Path(__file__).parents[2] / "shared/data"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = uuid.uuid4().hex[:12]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controller, after its workers: nothing that a test started may be alive."""
    if hasattr(session.config, "workerinput"):
        return
    if given := os.environ.get("DATABASE_URL"):
        drop_databases(given, os.environ[RUN])
    shutil.rmtree(_data_directory(), ignore_errors=True)
    if left := left_over_processes():
        session.config.get_terminal_writer().line(f"\nprocesses left behind: {'; '.join(left)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _data_directory() -> Path:
    return Path(tempfile.gettempdir()) / f"nurture-{os.environ[RUN]}"


@pytest.fixture(scope="session")
def servers() -> Iterator[LocalServers]:
    """Addresses of PostgreSQL and Valkey."""
    database, courier = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database and courier:
        yield LocalServers(database_address(database), courier)
        return
    with local_servers(_data_directory(), linger=False) as found:
        yield LocalServers(database or found.database_url, courier or found.redis_url)


@pytest.fixture(scope="session")
def db_url(servers: LocalServers, worker_id: str) -> str:
    """The address of this worker's own database, at the newest schema. What stands in it is anybody's."""
    return make_database(servers.database_url, os.environ[RUN], worker_id)


@pytest.fixture(scope="session")
def engine(db_url: str) -> Iterator[Engine]:
    """An engine on the worker's database, with room for tests of several threads."""
    engine = make_engine(db_url, pool_size=10, application="nurture-tests")
    yield engine
    engine.dispose()


@pytest.fixture
def clean_db(engine: Engine) -> Engine:
    """The worker's database with no row in it."""
    empty(engine)
    return engine


@pytest.fixture
def redis_url(servers: LocalServers, worker_id: str) -> str:
    """The address of a Valkey database of this worker's own, emptied."""
    base, _, number = servers.redis_url.rpartition("/")
    worker = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = f"{base}/{int(number or 0) + worker}" if number.isdigit() else f"{servers.redis_url}/{worker}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The path of a real data set by its name; the test is skipped where that data is not there."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"real data {name!r} is not beside the checkout (../shared/data/{name})")
        return path

    return find
