"""The database: there, at the right revision, its clock right, and at home."""

import time
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from nurture.doctor.case import Case
from nurture.doctor.finding import Finding, ok, problem, skipped, warning
from nurture.rules.dwelling import home_of, moved
from nurture.store import installation, migrate

MOST_APART = 5.0
"""Seconds that this machine's clock and the database's may differ."""


def database(case: Case) -> Iterator[Finding]:
    """Connect, and look at the schema and the clock."""
    try:
        with case.engine.connect() as db:
            yield _revision(db)
            yield _clock(db)
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield problem("database", f"it cannot be reached: {why}", "see to DATABASE_URL, or the server")


def is_ready(case: Case) -> bool:
    """Tell whether our tables can be looked at."""
    try:
        with case.engine.connect() as db:
            return migrate.revision(db) == migrate.newest()
    except SQLAlchemyError:
        return False


def _revision(db: Connection) -> Finding:
    found, wanted = migrate.revision(db), migrate.newest()
    if found == wanted:
        version = db.execute(text("SHOW server_version")).scalar_one()
        return ok("database", f"PostgreSQL {str(version).split()[0]}, at revision {found}")
    return problem(
        "database", f"it is at revision {found or 'none'}, this version wants {wanted}", "run `nurture db upgrade`"
    )


def _clock(db: Connection) -> Finding:
    before = time.time()
    there = float(db.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    apart = there - (before + time.time()) / 2
    if abs(apart) <= MOST_APART:
        return ok("time", f"this machine and the database differ by {abs(apart):.1f} s")
    which = "ahead of" if apart > 0 else "behind"
    return warning("time", f"the database's clock is {abs(apart):.0f} s {which} this machine's", "let both follow NTP")


def home(case: Case) -> Iterator[Finding]:
    """Look whether this database may send, without making it a home."""
    host = home_of(case.settings.base_url) if "BASE_URL" in case.settings.set_variables else None
    with case.engine.connect() as db:
        kept, here = installation.kept(db), installation.found(db, host)
    if kept is None:
        yield skipped("clone guard", "this database has not sent yet; it is at home where it first does")
        return
    why = moved(kept.dwelling, here)
    if why is None:
        yield ok("clone guard", "this database is at home here")
    else:
        yield problem(
            "clone guard",
            f"{why}: nothing is sent",
            "run `nurture db adopt`, once nothing sends out of the original any more",
        )
