"""A plan made from the database: what was adopted, who is inside, read in one snapshot of it and in batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.facts import LeadState
from nurture.lab.plan import Plan, plan, scope_between
from nurture.lab.plan_files import Files, adopted_files
from nurture.lab.plan_scope import Scope
from nurture.rules.book import Rulebook
from nurture.store import overview, reach, versions
from nurture.store.states import states

BATCH = 2000


def plan_of(app: App, now: datetime) -> Plan | None:
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
        leads = _leads(db, scope, now)
        return plan(before, after, scope, leads, now=now, enrolled=enrolled, adopted_at=versions.adopted_at(db))


@contextmanager
def looking(app: App) -> Iterator[Connection]:
    """A connection that sees the database as it is at this moment, and can change nothing."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with app.engine.connect().execution_options(**options) as db, db.begin():
        yield db


def _leads(db: Connection, scope: Scope, now: datetime) -> Iterator[LeadState]:
    if scope.touches_nobody:
        return
    both = both_books(scope)
    if scope.touches_all:
        batches = reach.leads_with_nurture(db, BATCH)
    else:
        batches = reach.leads_enrolled_in(db, scope.campaigns, BATCH)
    for ids in batches:
        yield from states(db, both, ids, now)


def both_books(scope: Scope) -> Rulebook:
    """A rulebook that needs to know of a lead's past whatever one of the two needs."""
    before, after = scope.before, scope.after
    longer = max(before.agreement, after.agreement, key=lambda agreement: agreement.horizon.days)
    return Rulebook(longer, {**before.campaigns, **{f"{name} (after)": it for name, it in after.campaigns.items()}})
