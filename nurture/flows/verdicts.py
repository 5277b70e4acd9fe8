"""Judge mails' hits as the rules say, with all that they have to know; what becomes of it is the callers' matter."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from nurture.app import App
from nurture.rules import bots, bots_crowds
from nurture.store import hits

Judged = tuple[Row[Any], bots.Judgement]
"""A hit's row, and what the rules make of it."""


def judge_mails(db: Connection, app: App, mails: Mapping[int, datetime]) -> list[Judged]:
    """Judge the hits of these deliveries since an instant each; nothing is written."""
    rows = hits.of_mails(db, mails)
    crowd = _in_crowds(db, rows)
    judged: list[Judged] = []
    for mail in _by_mail(rows):
        judgements = bots.judge(
            [_hit(row, crowd) for row in mail],
            delivered_at=mail[0].sent_at,
            link_count=app.letters.link_count(mail[0].template),
        )
        judged.extend((row, judgements[row.id]) for row in mail)
    return judged


def differs(row: Row[Any], judgement: bots.Judgement) -> bool:
    """Whether the rules say something else now than what stands written, and may."""
    return not row.by_hand and (row.verdict != judgement.verdict or tuple(row.reasons) != judgement.reasons)


def written(row: Row[Any], judgement: bots.Judgement) -> hits.Verdict:
    """A judgement as it is stored."""
    return hits.Verdict(row.id, row.month, judgement.verdict, judgement.reasons)


def _in_crowds(db: Connection, rows: Iterable[Row[Any]]) -> set[int]:
    """Which of these hits came from an address that looked through many leads' mails within a moment."""
    places = {
        hits.Place(bytes(row.address_hash), row.occurred_at.replace(second=0, microsecond=0))
        for row in rows
        if row.address_hash is not None and row.kind != "open"
    }
    visits = (
        bots_crowds.Visit(
            id=row.id,
            at=row.occurred_at,
            lead_id=row.lead_id,
            address_hash=bytes(row.address_hash).hex(),
            agent=row.agent,
            fresh=row.sent_at is not None and row.occurred_at - row.sent_at <= bots_crowds.FRESH,
        )
        for row in hits.visits(db, places, bots_crowds.MOMENT)
    )
    return bots_crowds.in_crowds(visits)


def _by_mail(rows: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
    mails: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        mails[row.delivery_id].append(row)
    return list(mails.values())


def _hit(row: Row[Any], crowd: set[int]) -> bots.Hit:
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
        page=row.name if row.kind == "look" else None,
        in_crowd=row.id in crowd,
    )
