"""PostgreSQL and Valkey to measure on: the embedded ones with the settings that people get, fsync on and seen to be on.

PostgreSQL also counts what each statement costs (`pg_stat_statements`) where that extension is there; ours and every
floor bear it alike. A run of many measures starts them once, and each measure has a database of its own in them.
"""

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from nurture.db import make_engine
from nurture.local.account import server_account
from nurture.local.binaries import find_binaries
from nurture.local.postgres import USER, Postgres, database_url
from nurture.local.servers import LocalServers
from nurture.local.valkey import Valkey, redis_url
from nurture.settings import DEMO_DATABASE
from nurture.store.migrate import newest, upgrade

SHARED = "NURTURE_BENCH_SERVERS"
"""Variable by which a run tells its measures where the servers are."""
COUNTING = ("pg_stat_statements", "pg_walinspect")
PASSWORD = "bench"
TEMPLATE = f"nurture_bench_{newest()}"
ONE_AT_A_TIME = 0x62656E6368
"""Key of the advisory lock ("bench") under which the template is made: measures may begin at the same time."""
DROPS_WITHIN = 15.0


class Servers(LocalServers):
    """Where they are: an emptied database at the newest schema, and Valkey."""

    @property
    def plain_url(self) -> str:
        """The address of the database as psycopg and libpq take it."""
        return self.database_url.replace("+psycopg", "")


@contextmanager
def servers(*, empty: bool = False) -> Iterator[Servers]:
    """Servers with a new database: at the newest schema, or (`empty`) without any table of ours.

    Started for this block, unless a run of many measures has started them already; the database goes with the block.
    """
    with running() as them, database(them, empty=empty) as found:
        yield found


@contextmanager
def running() -> Iterator[Servers]:
    """The servers themselves: those of a run of many measures, else started for this block."""
    if said := os.environ.get(SHARED):
        yield Servers(**json.loads(said))
        return
    with started() as them:
        yield them


@contextmanager
def started() -> Iterator[Servers]:
    """Start both, and stop both at the end, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="nurture-bench-", ignore_cleanup_errors=True) as made:
        place, binaries = Path(made), find_binaries()
        place.chmod(0o755)  # the account that PostgreSQL runs under has to pass
        account = server_account(place, (binaries.postgres, binaries.initdb, binaries.valkey))
        postgres = CountingPostgres(place / "postgres", account, binaries, PASSWORD)
        valkey = Valkey(place / "valkey", account, binaries.valkey, PASSWORD)
        try:
            valkey.start()
            postgres.start()
            yield Servers(database_url(postgres.port, PASSWORD), redis_url(valkey.port, PASSWORD))
        finally:
            valkey.stop()
            postgres.stop()


def shared(them: Servers) -> dict[str, str]:
    """The environment in which measures use these servers."""
    return {SHARED: json.dumps(asdict(them))}


class CountingPostgres(Postgres):
    """The embedded PostgreSQL; its role may also read what statements cost, and ask for a checkpoint."""

    def command(self, port: int) -> list[str | Path]:
        """With the library that counts, where there is one."""
        counts = ["-c", f"shared_preload_libraries={COUNTING[0]}"] if self._counts() else []
        return [*super().command(port), *counts]

    def _make_cluster(self) -> None:
        super()._make_cluster()
        self._tell(
            self.data,
            f"GRANT pg_monitor, pg_read_server_files, pg_checkpoint TO {USER}",
            f"GRANT SET ON PARAMETER session_replication_role TO {USER}",
        )
        if self._counts():
            said = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n\n" for name in COUNTING)
            alone: list[str | Path] = [
                self._binaries.postgres,
                "--single",
                "-j",
                "-D",
                self.data,
                "-c",
                "exit_on_error=on",
            ]
            self._run([*alone, "template1"], said)

    def _counts(self) -> bool:
        shares = self._binaries.postgres.parent.parent / "share"
        return any(shares.rglob(f"{COUNTING[0]}.control"))


@contextmanager
def database(them: Servers, *, empty: bool = False) -> Iterator[Servers]:
    """Another new database on servers that run, dropped at the end of the block."""
    name = f"{DEMO_DATABASE}_bench_{os.getpid()}_{time.monotonic_ns()}"  # so that its clock may be stepped
    with psycopg.connect(them.plain_url, autocommit=True) as db:
        see_that_it_is_durable(db)
        if not empty:
            _make_template(db, them)
        db.execute(f'CREATE DATABASE "{name}" TEMPLATE {"template1" if empty else TEMPLATE}')
        try:
            yield Servers(_address(them, name), them.redis_url)
        finally:
            drop(db, name)


def drop(db: psycopg.Connection, name: str) -> None:
    """Drop a database; where that cannot be done in some seconds, say so and leave it, for its figures are taken.

    An autovacuum may be at it, which belongs to the superuser: our role may not end it by FORCE, but a drop without
    asks it to stop by itself.
    """
    until = time.monotonic() + DROPS_WITHIN
    for force in itertools.cycle((" WITH (FORCE)", "")):
        try:
            db.execute(f'DROP DATABASE IF EXISTS "{name}"{force}')
            return
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse) as error:
            if time.monotonic() > until:
                print(f"   {name} is left: {error.diag.message_primary}", file=sys.stderr, flush=True)
                return
            time.sleep(0.2)
        except psycopg.OperationalError as error:
            print(f"   {name} is left: {error}", file=sys.stderr, flush=True)
            return


def _make_template(db: psycopg.Connection, them: Servers) -> None:
    db.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    if not db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
        db.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}_draft")
        db.execute(f"CREATE DATABASE {TEMPLATE}_draft TEMPLATE template1")
        engine = make_engine(_address(them, f"{TEMPLATE}_draft"), pool_size=1)
        upgrade(engine)
        engine.dispose()
        db.execute(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}")
    db.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def see_that_it_is_durable(db: psycopg.Connection) -> None:
    """Stop where what is committed could be lost: no figure of such a server is worth anything."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        said = db.execute(f"SHOW {name}").fetchone()
        if said != ("on",):
            raise SystemExit(f"{name} is {said and said[0]}: this is no way to measure")


def _address(them: Servers, name: str) -> str:
    return make_url(them.database_url).set(database=name).render_as_string(hide_password=False)
