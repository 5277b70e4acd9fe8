"""Every scene, played once for all tests that look at it."""

import pytest
from sqlalchemy import Engine

from nurture.app import real_clock
from nurture.workspace import Workspace, load_workspace
from tests.clients.playing import NO_NODE, ROOT, THERE, Outcome, play
from tests.clients.scenes import NODE, Author
from tests.databases import empty


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    """The shipped example."""
    return load_workspace(ROOT)


@pytest.fixture(scope="session")
def played(
    engine: Engine, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Outcome]:
    """What became of every scene, by its name and its client.

    All of them play at once, on an empty database, for most of their time is waiting: clients take theirs before they
    try again.
    """
    empty(engine)
    scenes = Author(real_clock()).all(THERE)
    return play(engine, workspace, tmp_path_factory.mktemp("clients"), scenes)


@pytest.fixture
def of(played: dict[tuple[str, str], Outcome], client: str, scene: str) -> Outcome:
    """What became of this test's scene with this test's client."""
    if client in NODE and NO_NODE:
        pytest.skip(NO_NODE)
    return played[scene, client]
