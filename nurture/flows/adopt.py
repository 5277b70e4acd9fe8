"""Adopt the workspace's files as they are now: note their versions, and decide again what changed files concern."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.store import due, versions

AGREEMENT = "campaigns/agreement.yaml"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """Which files changed, and how many enrollments are decided again because of that."""

    files: tuple[str, ...] = ()
    woken: int = 0


def adopt(app: App, now: datetime) -> Adopted:
    """Compare with what was adopted last; harmless when nothing changed or two do it at once.

    A changed campaign wakes its own enrollments; a changed agreement wakes all, for limits, holidays and the company's
    zone may be others now. Nobody is handed over by a changed file.
    """
    with transaction(app.engine) as db:
        db.execute(text("SELECT pg_advisory_xact_lock(hashtext('nurture.adopt'))"))
        before = versions.adopted(db)
        after = dict(app.workspace.versions)
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if not changed:
            return Adopted()
        contents = {name: (after.get(name, ""), _text(app, name)) for name in changed}
        versions.adopt(db, contents, now)
        woken = due.wake(db, sorted(concerned(app, changed)), now) if before else 0
    log.info("adopted changed files", extra={"files": len(changed), "woken": woken})
    return Adopted(tuple(changed), woken)


def concerned(app: App, changed: Iterable[str]) -> frozenset[str]:
    """The campaigns whose enrollments are decided again because of changed files; the agreement concerns all."""
    names = frozenset(changed)
    campaigns = {PurePosixPath(name).stem for name in names if PurePosixPath(name).parent.name == "campaigns"}
    return frozenset(campaigns | app.book.campaigns.keys() if AGREEMENT in names else campaigns)


def _text(app: App, name: str) -> str:
    """A file's text to the last octet, so that its hash can be had again; empty for one that was taken away."""
    path = app.workspace.root / name
    return path.read_bytes().decode("utf-8", errors="replace").replace("\0", "") if path.is_file() else ""
