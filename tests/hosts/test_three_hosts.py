"""Many machines: web and clock on one host, workers on others, the servers on one more; and a wire that breaks.

Hosts are network namespaces. A worker's host is cut off in the middle of a batch: packets vanish, no connection is
closed, no process dies. Then it comes back. Nothing is sent twice, nothing is lost, what nobody knows is bounded by the
connections of that worker; others take over what it held; and it works again without a restart.
"""

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from nurture.db import make_engine, transaction
from nurture.local.processes import Child, Children, children, search_path
from nurture.store.migrate import upgrade
from tests.hosts.network import Network, NoNetwork, network
from tests.hosts.servers import Reached, servers_on
from tests.workers.processes import add_due_leads, bring_slots_forward, write_workspace

LEADS = 1200
CONNECTIONS = 4
"""Of each worker to the mail server: at most so many mails may be unknown."""
SETTLED_WITHIN = 100.0
"""Seconds from the cut: a lease lasts 40, the server lets go of dead connections within 30, the clock looks each 2."""
FRONT, DATA = "front", "data"
WORKERS = ("one", "two")
COMMANDS: dict[str, tuple[str, ...]] = {
    "web": (sys.executable, "-m", "workers.web"),
    "clock": (sys.executable, "-m", "workers.clock"),
    "worker": (
        sys.executable, "-m", "dramatiq", "workers.actors", "--processes", "1", "--threads", "4",
        "--worker-shutdown-timeout", "25000", "--skip-logging",
    ),
}  # fmt: skip


@dataclass
class Hosts:
    """The installation, and the eyes of its operator, who sits on the servers' host."""

    network: Network
    reached: Reached
    engine: Engine
    workers: dict[str, Child]

    def rows(self, query: str, **values: Any) -> list[Any]:
        with self.network.inside(DATA), transaction(self.engine) as db:
            return list(db.execute(text(query), values).all())

    def states(self) -> Counter[str]:
        return Counter(dict(self.rows("SELECT state, count(*) FROM delivery GROUP BY 1")))

    def get(self, path: str, **headers: str) -> httpx.Response:
        with self.network.inside(DATA):
            return httpx.get(f"http://{self.network.address(FRONT)}:8000{path}", headers=headers, timeout=20)

    def scraped(self, name: str, **labels: str) -> float | None:
        """A number of `/metrics`, asked of the web's host."""
        response = self.get("/metrics", authorization="Bearer ak")
        assert response.status_code == 200, response.text
        found = [
            sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        return found[0] if found else None

    def track(self, *messages: str) -> None:
        batch = [{"type": "track", "event": "Looked", "userId": "jo", "messageId": message} for message in messages]
        with self.network.inside(DATA):
            url = f"http://{self.network.address(FRONT)}:8000/v1/batch"
            assert httpx.post(url, json={"writeKey": "wk", "batch": batch}, timeout=20).status_code == 200


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with ExitStack() as stack:
        try:
            net = stack.enter_context(network(FRONT, *WORKERS, DATA))
        except NoNetwork as error:
            pytest.skip(str(error))
        reached = stack.enter_context(servers_on(net, DATA, tmp_path / "servers"))
        engine = make_engine(reached.database_url, pool_size=2, application="nurture-tests")
        stack.callback(engine.dispose)
        with net.inside(DATA):
            upgrade(engine)
            add_due_leads(engine, LEADS)
        ours = stack.enter_context(children(tmp_path / "log"))
        workspace = write_workspace(tmp_path / "workspace")
        for kind in ("web", "clock"):
            start(net, ours, reached, workspace, FRONT, kind)
        workers = {host: start(net, ours, reached, workspace, host, "worker") for host in WORKERS}
        yield Hosts(net, reached, engine, workers)


def start(net: Network, ours: Children, reached: Reached, workspace: Path, host: str, kind: str) -> Child:
    """A process on a host, in a working directory of that host's own, with its own copy of the workspace."""
    place = workspace.parent / host
    if not place.exists():
        shutil.copytree(workspace, place)
    environment = {
        **os.environ, "DATABASE_URL": reached.database_url, "REDIS_URL": reached.redis_url,
        "MAIL_URL": f"{reached.mail_url}?connections={CONNECTIONS}", "BASE_URL": "http://nurture.example",
        "SECRET_KEY": "a secret for tests that is long enough", "WRITE_KEY": "wk", "API_KEY": "ak", "PORT": "8000",
        "NURTURE_WORKSPACE": str(place), "NURTURE_DATA": str(place / ".nurture"), "PYTHONPATH": search_path(),
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    with net.inside(host):
        return ours.start(f"{kind}-{host}", COMMANDS[kind], environment)


def wait(hosts: Hosts, seconds: float, what: str, until: Callable[[], bool]) -> float:
    """Wait for something; gives how long it took."""
    began = time.monotonic()
    while not until():
        logs = {child.name: child.log.read_text()[-1500:] for child in hosts.workers.values()}
        assert time.monotonic() - began < seconds, f"{what}: {hosts.states()}; {logs}"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_a_worker_host_is_cut_off_in_mid_batch_and_comes_back(hosts: Hosts, capsys: pytest.CaptureFixture[str]) -> None:
    taken = hosts.reached.taken

    def all_queued() -> bool:
        with hosts.network.inside(DATA):
            bring_slots_forward(hosts.engine)
        return sum(hosts.states().values()) == LEADS

    wait(hosts, 90, "both workers send", lambda: all_queued() and min(map(taken.of, WORKERS)) >= 20)
    hosts.network.cut_off("one")
    cut_at, sent_before = time.monotonic(), taken.of("one")
    hosts.track("during-1", "during-2")

    def settled() -> bool:
        states = hosts.states()
        return states["sent"] + states["unknown"] == LEADS

    wait(hosts, SETTLED_WITHIN, "the other worker takes over", settled)
    took = time.monotonic() - cut_at
    assert taken.of("one") <= sent_before + CONNECTIONS, "the host was not cut off"
    wait(hosts, 60, "one worker is missed", lambda: hosts.scraped("nurture_processes", kind="worker") == 1)
    audit(hosts)

    hosts.network.join_again("one")
    assert all(child.process.poll() is None for child in hosts.workers.values())
    wait(hosts, 60, "the cut-off worker is seen again", lambda: hosts.scraped("nurture_processes", kind="worker") == 2)
    before = taken.of("one")
    with hosts.network.inside(DATA), transaction(hosts.engine) as db:
        db.execute(text("UPDATE delivery SET sent_at = sent_at - interval '30 days', local_on = local_on - 30"))
        db.execute(text("UPDATE enrollment SET due_at = now() - interval '1 minute'"))

    def second_mails() -> bool:
        with hosts.network.inside(DATA):
            bring_slots_forward(hosts.engine)
        return taken.of("one") >= before + 20 and hosts.states()["sent"] + hosts.states()["unknown"] == 2 * LEADS

    wait(hosts, 120, "the worker that was cut off sends again", second_mails)
    audit(hosts)
    assert hosts.rows("SELECT count(*) FROM event WHERE message_id LIKE 'during-%'")[0][0] == 2
    assert all(child.process.poll() is None for child in hosts.workers.values()), "no worker was started anew"
    with capsys.disabled():
        whence = dict(Counter(host for _, host in taken.mails))
        sys.stdout.write(f"\nsettled {took:.0f} s after the cut; {dict(hosts.states())}; taken from {whence}\n")


def audit(hosts: Hosts) -> None:
    """Each lead got a step once at most; what is sent was taken; what nobody knows is within the bound."""
    mails = Counter(recipient for recipient, _ in hosts.reached.taken.mails)
    for email, sent, unknown in hosts.rows(
        """
        SELECT l.email, count(*) FILTER (WHERE d.state = 'sent'), count(*) FILTER (WHERE d.state = 'unknown')
        FROM delivery d JOIN lead l ON l.id = d.lead_id GROUP BY l.email
        """
    ):
        assert sent <= mails[email] <= sent + unknown, f"{email}: {sent} sent, {unknown} unknown, {mails[email]} taken"
    assert hosts.states()["unknown"] <= CONNECTIONS
    assert hosts.rows("SELECT count(*) FROM delivery WHERE state = 'failed'")[0][0] == 0
