"""Adopt the workspace's files as they are now: note their versions, and decide again what changed files concern."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Connection, text

from nurture.app import App
from nurture.db import transaction
from nurture.flows.deadlines import set_all_deadlines, some_lack_deadlines
from nurture.flows.rescore import AGREEMENT, aim_of
from nurture.rules import succession
from nurture.store import counts, due, matchers, scores, set_aside, versions, walks

BATCH = 2000
"""Leads a transaction that are woken."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """Which files changed, and how many enrollments are decided again because of that.

    `rescored` says what the workers do about all leads: `events` (count anew), `grades`, `scores`.
    """

    files: tuple[str, ...] = ()
    woken: int = 0
    rescored: frozenset[str] = frozenset()


def adopt(app: App, now: datetime) -> Adopted:
    """Compare with what was adopted last; harmless when nothing changed or two do it at once.

    A changed campaign wakes its own enrollments; a changed agreement wakes all, for limits, holidays and the company's
    zone may be others now. Where grades, points or what is counted follow from what changed, the workers are left to go
    through all leads (`flows.rescore`). Nobody is handed over by a changed file. What sales owes on open handoffs goes
    by the agreement as it is now.
    """
    scores.know_decays(app.engine, app.agreement)
    woken = _wake(app, now)
    with transaction(app.engine) as db:
        db.execute(text("SELECT pg_advisory_xact_lock(hashtext('nurture.adopt'))"))
        rescored = _adopt_agreement(db, app, now)
        changed = _changed(app, versions.adopted(db))
        if changed:
            after = app.workspace.versions
            contents = {name: (after.get(name, ""), _text(app, name)) for name in changed}
            versions.adopt(db, contents, now)
            set_aside.wake(db, now)  # perhaps just this was mended
    if changed or rescored:
        log.info("adopted files", extra={"files": len(changed), "woken": woken, "rescored": sorted(rescored)})
    if AGREEMENT in changed or some_lack_deadlines(app):
        set_all_deadlines(app, now)
    if rescored:
        app.nudge("rescore")
    return Adopted(tuple(changed), woken, rescored)


def concerned(app: App, changed: Iterable[str]) -> frozenset[str]:
    """The campaigns whose enrollments are decided again because of changed files; the agreement concerns all."""
    names = frozenset(changed)
    campaigns = {PurePosixPath(name).stem for name in names if PurePosixPath(name).parent.name == "campaigns"}
    return frozenset(campaigns | app.book.campaigns.keys() if AGREEMENT in names else campaigns)


def _wake(app: App, now: datetime, *, most: int = BATCH) -> int:
    """Have the leads that changed files concern decided again, a batch a transaction, locked in order as by everybody.

    Before the files count as adopted: whoever dies amid this does it again.
    """
    with transaction(app.engine) as db:
        before = versions.adopted(db)
    campaigns = sorted(concerned(app, _changed(app, before))) if before else []
    woken = after_id = 0
    while campaigns:
        with transaction(app.engine) as db:
            ids = due.lock_enrolled(db, campaigns, after_id, most)
            if not ids:
                break
            woken += due.wake(db, ids, campaigns, now)
            after_id = ids[-1]
    return woken


def _changed(app: App, before: Mapping[str, str]) -> list[str]:
    """The files that are others than before, or are gone."""
    after = dict(app.workspace.versions)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _adopt_agreement(db: Connection, app: App, now: datetime) -> frozenset[str]:
    """Note what is counted and what grades and scores rest on; gives what has to be done to all leads."""
    walk = walks.hold(db, walks.AGREEMENT)  # before what is counted: that is the order in which workers lock
    agreement = app.agreement
    counted, basis = matchers.load(db), matchers.basis(db)
    fresh = basis is None and counts.no_events(db)
    next_counted = succession.adopted(agreement, counted, nothing_to_count=fresh)
    fit, worth = succession.fit_basis(agreement), succession.worth_basis(agreement)
    if next_counted != counted or basis is None or (basis.fit, basis.worth) != (fit, worth):
        matchers.save(db, next_counted, now)
        matchers.save_basis(db, fit=fit, worth=worth)
    parts = {
        "events": bool(next_counted.counting - counted.counting),
        "grades": basis is not None and basis.fit != fit,
        "scores": basis is not None and basis.worth != worth,
    }
    wanted = frozenset(part for part, is_wanted in parts.items() if is_wanted)
    if wanted:
        left = frozenset(walk.parts) if walk is not None else frozenset()
        if not next_counted.counting:
            left -= {"events"}
        walks.begin(db, walks.AGREEMENT, aim=aim_of(app), parts=wanted | left, now=now)
    elif walk is not None and walk.aim != aim_of(app):
        walks.aim_at(db, walks.AGREEMENT, aim_of(app))
    return wanted


def _text(app: App, name: str) -> str:
    """A file's text to the last octet, so that its hash can be had again; empty for one that was taken away."""
    path = app.workspace.root / name
    return path.read_bytes().decode("utf-8", errors="replace").replace("\0", "") if path.is_file() else ""
