"""The world that things are broken in: servers, processes, those who get mails and news, those who send events.

All of it is real and of its own, listens on the loopback, and ends with us, however we end. Business time is moved by
hand (`clock`), machine time is the machine's. One thread; faults are struck from it.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from bench.port import own_port
from chaos.business_clock import BusinessClock
from chaos.crew import ALWAYS, CLOCKS, WORKERS, Crew
from chaos.leads import add_leads
from chaos.receivers.manners import Manners, Rule
from chaos.receivers.start import Receiver, receiving
from chaos.servers import Servers, start_servers
from chaos.traffic import Traffic, start_traffic
from chaos.workspace import write_workspace
from nurture.db import make_engine, transaction
from nurture.local.processes import children, search_path
from nurture.local.server import LOOPBACK
from nurture.rules import breaker
from nurture.store import sending
from nurture.store.migrate import upgrade
from workers.nudge import KINDS, waiting_key

CONNECTIONS = 4
"""Of a worker to the mail server: so many mails can be unknown when it is killed."""
WRITE_KEY, API_KEY = "key-of-the-site", "key-of-the-crm"
SECRET = "whsec_" + "Y2hhb3MgY2hhb3MgY2hhb3MgY2hhb3MgY2hhb3M="
READY_WITHIN = 90.0
TICK = 0.25
UNHURRIED = Manners(rules=(Rule("kept", "hang", seconds=0.03),))
"""It has taken a mail for a moment before it says so: that is when a death is worst."""

_AGE = "UPDATE {table} SET leased_until = leased_until - interval '1 minute' WHERE leased_until IS NOT NULL"
_FORGET = text("UPDATE lease SET until = clock_timestamp() WHERE name = 'clock' AND holder LIKE ANY(:dead)")


@dataclass
class World:
    """Everything there is. Faults break it; `heal_all` of a round makes it whole.

    Attributes:
        folder: Logs, lists, mailboxes, the workspace, the servers' data: the evidence.
        sink: Takes mails by SMTP.
        esp: Takes mails over HTTP, as Postmark and Resend do; only used after `mail_through`.
        news: Takes webhooks.
        engine: Our own way to the database; nobody's connection is borrowed.
        may_be_unknown: How many mails may have been left unknown so far.
        leads: How many leads were added with a mail due.
    """

    folder: Path
    servers: Servers
    crew: Crew
    sink: Receiver
    esp: Receiver
    news: Receiver
    traffic: Traffic
    engine: Engine
    clock: BusinessClock
    may_be_unknown: int = 0
    leads: int = 0

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def base_url(self) -> str:
        return self.crew.environment["BASE_URL"]

    def add_leads(self, count: int) -> list[str]:
        """Leads whose first mail is due within the next day of business time; they also visit the site."""
        emails = add_leads(self.engine, self.leads + 1, count, self.clock.now)
        self.leads += count
        self.traffic.emails += emails
        return emails

    def mail_through(self, url: str) -> None:
        """Have the workers send by this `MAIL_URL` from now on: they are told to stop, and started again."""
        if self.crew.environment["MAIL_URL"] != url:
            self.crew.environment["MAIL_URL"] = url
            self.restart(*WORKERS)

    def age_leases(self) -> bool:
        """Let a minute of the database's time pass for all leases of mails and news; False while it is away."""
        try:
            with transaction(self.engine) as db:
                for table in ("delivery", "notice"):
                    db.execute(text(_AGE.format(table=table)))
        except DBAPIError:
            return False
        return True

    def forget_dead_leader(self) -> None:
        """Let the lease of a clock that was killed be over, which others would have to wait for."""
        dead = [f"%/{pid}/%" for pid in self.crew.killed]
        with contextlib.suppress(DBAPIError), transaction(self.engine) as db:
            db.execute(_FORGET, {"dead": dead})

    def forget_what_was_told(self) -> None:
        """Let those seconds pass in which a kind of work counts as told, though whoever heard it was killed."""
        with (
            contextlib.suppress(redis.RedisError),
            redis.Redis.from_url(self.servers.redis_url, socket_timeout=1, socket_connect_timeout=1) as client,
        ):
            client.delete(*map(waiting_key, KINDS))

    def resume_sending(self) -> None:
        """What an operator does once the mail server is well: `nurture deliveries sending --resume`."""
        with contextlib.suppress(DBAPIError), transaction(self.engine) as db:
            standing = sending.locked(db, "default")
            sending.resume(db, "default")
            if standing.breaker.state != "sending":
                sending.save(db, "default", breaker.resumed(standing.machine_now))

    def restart(self, *names: str) -> None:
        """Tell processes to stop, as a release does, and start them again."""
        self.crew.stop(*names)
        self.crew.start(*names)

    @property
    def usual_mail_url(self) -> str:
        return self.sink.mail_url(connections=CONNECTIONS)

    def wait_until_ready(self) -> None:
        """Wait until web takes requests.

        Raises:
            TimeoutError: It does not.
        """
        with httpx.Client(timeout=5, trust_env=False) as client:
            wait_for(lambda: _is_ready(client, f"{self.base_url}/readyz"), READY_WITHIN, "web to be ready")


@contextlib.contextmanager
def open_world(folder: Path, begins_at: datetime) -> Iterator[World]:
    """A whole world with nobody in it. At the end nothing of it runs; its folder stays."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    with contextlib.ExitStack() as stack:
        servers = start_servers(folder / "servers")
        stack.callback(servers.stop)
        engine = make_engine(servers.database_url, pool_size=2, application="chaos")
        stack.callback(engine.dispose)
        upgrade(engine)
        clock = BusinessClock(engine, begins_at, begins_at)
        clock.set(begins_at)
        sink = stack.enter_context(receiving("smtp", folder / "smtp", UNHURRIED))
        esp = stack.enter_context(receiving("esp", folder / "esp"))
        news = stack.enter_context(receiving("news", folder / "news", UNHURRIED))
        ours = stack.enter_context(children(folder / "log"))
        workspace = write_workspace(folder / "workspace")
        environment = _environment(folder, workspace, servers, sink, news)
        crew = Crew(ours, environment)
        traffic = start_traffic(ours, folder / "senders", environment["BASE_URL"], WRITE_KEY)
        world = World(folder, servers, crew, sink, esp, news, traffic, engine, clock)
        crew.start(*ALWAYS)
        world.wait_until_ready()
        yield world


def _environment(folder: Path, workspace: Path, servers: Servers, sink: Receiver, news: Receiver) -> dict[str, str]:
    """All that the processes are told; nothing of ours gets to them by chance."""
    port = own_port()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": search_path(),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "MAIL_URL": sink.mail_url(connections=CONNECTIONS),
        "BASE_URL": f"http://{LOOPBACK}:{port}",
        "HOST": LOOPBACK,
        "PORT": str(port),
        "SECRET_KEY": "a secret of a chaos that is long enough",
        "WRITE_KEY": WRITE_KEY,
        "API_KEY": API_KEY,
        "API_RATE": "0",
        "HANDOFF_WEBHOOK_URL": f"http://{LOOPBACK}:{news.port}/news",
        "HANDOFF_WEBHOOK_SECRET": SECRET,
        "NURTURE_WORKSPACE": str(workspace),
        "NURTURE_DATA": str(folder / "data"),
        "NURTURE_STEPPED_CLOCK": "1",
        "NURTURE_TICK": str(TICK),
        "LOG_LEVEL": "INFO",
    }


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


def wait_for(what: Callable[[], bool], seconds: float, of: str) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: It is not so in time.
    """
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {of}")
        time.sleep(0.02)


__all__ = ["CLOCKS", "CONNECTIONS", "WORKERS", "World", "open_world", "wait_for"]
