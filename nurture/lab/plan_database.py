"""Plans and snapshots made from the database: what was adopted and who is inside, read at one moment, in batches."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from nurture.app import App
from nurture.errors import NurtureError
from nurture.facts import LeadState
from nurture.lab.plan import NOTHING_ADOPTED, Each, Plan, plan, scope_between
from nurture.lab.plan_files import Files, adopted_files
from nurture.lab.plan_recorder import Recorder, text_fields
from nurture.lab.plan_scope import Scope
from nurture.lab.plan_snapshot import Header, write_snapshot
from nurture.rules.book import Rulebook
from nurture.store import overview, reach, versions
from nurture.store.states import states

BATCH = 2000
LEAST = 5
"""A text that fewer leads share is not written into a snapshot: it could point at somebody."""

Tell = Callable[[int], None]
"""Is told how many leads more have been looked at."""


def tell_nobody(_: int) -> None:
    """For those whom progress does not concern."""


def plan_of(app: App, now: datetime, tell: Tell = tell_nobody, each: Each | None = None) -> Plan | None:
    """What the workspace's files would do to the leads inside; None where no files were ever adopted.

    Raises:
        NurtureError: What was adopted cannot be read any more.
    """
    with looking(app) as db:
        texts = versions.adopted_texts(db)
        if not texts:
            return None
        before, after = adopted_files(texts), Files(app.workspace)
        scope = scope_between(before, after)
        enrolled = overview.enrolled_by_campaign(db)
        leads = _leads(db, scope, now, tell)
        adopted_at = versions.adopted_at(db)
        return plan(before, after, scope, leads, now=now, enrolled=enrolled, adopted_at=adopted_at, each=each)


def snapshot_of(app: App, now: datetime, path: Path, *, keep: Collection[str] = (), tell: Tell = tell_nobody) -> int:
    """Write a snapshot of who is inside and of the adopted files; gives the number of leads in it.

    Raises:
        NurtureError: No files were ever adopted, or they cannot be read any more.
        UsageError: The file cannot be written, or a field of `keep` cannot be kept.
    """
    with looking(app) as db:
        texts = versions.adopted_texts(db)
        if not texts:
            raise NurtureError(f"there is nothing to take a snapshot of: {NOTHING_ADOPTED}")
        book = adopted_files(texts).book
        recorder = Recorder(book, now, app.settings.secret_key, keep=keep)
        recorder.common = {name: reach.common_values(db, name, LEAST) for name in text_fields(recorder.kept)}
        header = Header(
            taken_at=now,
            adopted_at=versions.adopted_at(db),
            enrolled=overview.enrolled_by_campaign(db),
            kept=recorder.kept,
            answers=recorder.answers,
            questions=recorder.questions,
            files=texts,
        )
        everybody = _states(db, book, reach.leads_with_nurture(db, BATCH), now, tell)
        return write_snapshot(path, header, map(recorder.record, everybody))


@contextmanager
def looking(app: App) -> Iterator[Connection]:
    """A connection that sees the database as it is at this moment, and can change nothing."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with app.engine.connect().execution_options(**options) as db, db.begin():
        yield db


def _leads(db: Connection, scope: Scope, now: datetime, tell: Tell) -> Iterator[LeadState]:
    if scope.touches_nobody:
        return iter(())
    if scope.touches_all:
        batches = reach.leads_with_nurture(db, BATCH)
    else:
        batches = reach.leads_enrolled_in(db, scope.campaigns, BATCH)
    return _states(db, both_books(scope), batches, now, tell)


def _states(
    db: Connection, book: Rulebook, batches: Iterable[list[int]], now: datetime, tell: Tell
) -> Iterator[LeadState]:
    for ids in batches:
        yield from states(db, book, ids, now)
        tell(len(ids))


def both_books(scope: Scope) -> Rulebook:
    """A rulebook that needs to know of a lead's past whatever one of the two needs."""
    before, after = scope.before, scope.after
    longer = max(before.agreement, after.agreement, key=lambda agreement: agreement.horizon.days)
    return Rulebook(longer, {**before.campaigns, **{f"{name} (after)": it for name, it in after.campaigns.items()}})
