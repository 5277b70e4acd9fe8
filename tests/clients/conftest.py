"""Every scene, played once for all tests that look at it, whichever worker runs them."""

import fcntl
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Engine

from nurture.app import real_clock
from nurture.workspace import Workspace, load_workspace
from tests.clients.playing import NO_NODE, ROOT, THERE, Outcome, play
from tests.clients.scenes import NODE, Author
from tests.databases import empty

Played = TypeVar("Played")
Once = Callable[[str, Callable[[], Played]], Played]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once[Played]:
    """Gives what a function gives, under a name: the first worker that asks calls it, the others get what it gave."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def get(name: str, make: Callable[[], Played]) -> Played:
        kept = shared / f"{name}.pickle"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_bytes(pickle.dumps(make()))
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]

    return get


@pytest.fixture(scope="session")
def workspace() -> Workspace:
    """The shipped example."""
    return load_workspace(ROOT)


@pytest.fixture(scope="session")
def played(
    once: Once[dict[tuple[str, str], Outcome]],
    engine: Engine,
    workspace: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], Outcome]:
    """What became of every scene, by its name and its client.

    All of them play at once, on an empty database, for most of their time is waiting: clients take theirs before they
    try again.
    """

    def make() -> dict[tuple[str, str], Outcome]:
        empty(engine)
        return play(engine, workspace, tmp_path_factory.mktemp("clients"), Author(real_clock()).all(THERE))

    return once("clients", make)


@pytest.fixture
def of(played: dict[tuple[str, str], Outcome], client: str, scene: str) -> Outcome:
    """What became of this test's scene with this test's client."""
    if client in NODE and NO_NODE:
        pytest.skip(NO_NODE)
    return played[scene, client]
