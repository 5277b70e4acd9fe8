"""Judge the mail hits that have waited long enough, each mail's as a whole, and count what people did."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from nurture.app import App
from nurture.db import transaction
from nurture.facts import EventFact
from nurture.flows.decide import decide, offered
from nurture.rules import bots
from nurture.rules.happenings import Did
from nurture.store import events
from nurture.store.states import event_fact, lock

BATCH = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """How many hits were judged, and as what. `more` tells that another batch may be waiting."""

    human: int = 0
    automated: int = 0
    offered: int = 0
    more: bool = False


def settle(app: App, now: datetime, *, most: int = BATCH) -> Settled:
    """Judge one batch of mails with pending hits, in one transaction."""
    with transaction(app.engine) as db:
        waiting = events.pending(db, now, most)
        if not waiting:
            return Settled()
        lock(db, {row.lead_id for row in waiting})
        verdicts: dict[int, tuple[str, Sequence[str]]] = {}
        did: dict[int, list[EventFact]] = defaultdict(list)
        for mail in _by_mail(events.hits(db, [row.delivery_id for row in waiting])):
            judged = bots.judge(
                [_hit(row) for row in mail],
                delivered_at=mail[0].sent_at,
                link_count=app.letters.link_count(mail[0].template),
            )
            for row in mail:
                if row.verdict != "pending" or row.settle_at > now:
                    continue
                verdicts[row.id] = (judged[row.id].verdict, judged[row.id].reasons)
                if judged[row.id].verdict == "human":
                    did[row.lead_id].append(event_fact(row))
        events.judge(db, verdicts)
        decided = decide(db, app, {lead_id: Did(tuple(facts)) for lead_id, facts in did.items()}, now)
    handed = offered(decided)
    if handed:
        app.nudge("notices")
    human = sum(verdict == "human" for verdict, _ in verdicts.values())
    return Settled(human, len(verdicts) - human, handed, more=len(waiting) == most)


def _by_mail(rows: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
    mails: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        mails[row.delivery_id].append(row)
    return list(mails.values())


def _hit(row: Row[Any]) -> bots.Hit:
    seen = row.hit or {}
    return bots.Hit(
        id=row.id,
        kind=row.kind,
        at=row.occurred_at,
        link=row.link,
        agent=row.agent,
        method=seen.get("method", "GET"),
        address_hash=None if row.address_hash is None else bytes(row.address_hash).hex(),
        prefetch=bool(seen.get("prefetch")),
    )
