"""Judge the mail hits that have waited long enough, each mail's as a whole, and count what people did.

A hit that comes after others of its mail were judged may show what these were; then their verdicts are revised, and
what was counted of them is counted again.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.facts import EventFact
from nurture.flows.decide import decide, offered
from nurture.flows.recount import recount
from nurture.flows.verdicts import Judged, differs, judge_mails, written
from nurture.rules.bots import REACH
from nurture.rules.happenings import Did
from nurture.store import hits
from nurture.store.states import event_fact, lock

BATCH = 2000
"""The mails of so many hits are judged in one transaction."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many hits were judged, and as what; how many verdicts of before were turned.

    `more` tells that others are waiting.
    """

    human: int = 0
    automated: int = 0
    revised: int = 0
    offered: int = 0
    more: bool = False


def settle(app: App, now: datetime, *, most: int = BATCH) -> Settled:
    """Judge one batch of mails with pending hits, in one transaction."""
    with transaction(app.engine) as db:
        waiting = hits.pending(db, now, most)
        if not waiting:
            return Settled()
        lock(db, {row.lead_id for row in waiting})
        first = {row.delivery_id: row.since for row in waiting}
        # What the first of them may revise lies within reach of it, and must itself be judged by all within its reach.
        judged = judge_mails(db, app, {mail: since - 2 * REACH for mail, since in first.items()})
        ripe = [one for one in judged if _is_ripe(one, now)]
        stale = [one for one in judged if _is_stale(one, first)]
        hits.write(db, (written(*one) for one in stale), now)
        turned = [row for row, judgement in stale if row.verdict != judgement.verdict]
        recount(db, app, {row.lead_id for row in turned}, now)  # those that are ripe are pending still, and not counted
        hits.write(db, (written(*one) for one in ripe), now)
        did = _done_by_people(ripe)
        decided = decide(db, app, {lead_id: Did(facts) for lead_id, facts in did.items()}, now)
        more = hits.any_to_settle(db, now)
    handed = offered(decided)
    if handed:
        app.nudge("notices")
    human = sum(judgement.verdict == "human" for _, judgement in ripe)
    return Settled(human, len(ripe) - human, len(turned), handed, more)


def _is_ripe(one: Judged, now: datetime) -> bool:
    row, _ = one
    return bool(row.verdict == "pending" and row.settle_at <= now)


def _is_stale(one: Judged, first: dict[int, datetime]) -> bool:
    row, judgement = one
    near = row.occurred_at >= first[row.delivery_id] - REACH
    return bool(row.verdict != "pending" and near and differs(row, judgement))


def _done_by_people(ripe: list[Judged]) -> dict[int, tuple[EventFact, ...]]:
    """What counts, by lead; that a page of ours was looked at is no more than a trace."""
    did: dict[int, list[EventFact]] = defaultdict(list)
    for row, judgement in ripe:
        if judgement.verdict == "human" and row.kind != "look":
            did[row.lead_id].append(event_fact(row))
    return {lead_id: tuple(facts) for lead_id, facts in did.items()}
