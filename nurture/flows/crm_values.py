"""What a CRM is told of one lead: everything as it is at the moment, under the names that its fields have there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Row

from nurture.agreement import CrmTerms
from nurture.app import App
from nurture.crm.protocol import Value, Who
from nurture.facts import MICRO, OPEN_HANDOFF, PROFILE_FIELDS
from nurture.flows.tell import handoff_url
from nurture.rules.crm import Standing

LEFT_ALONE = frozenset({"complained", "suppressed", "erased"})
"""Suppressions after which no record is made for a lead; one that is there is kept up to date."""
NOWHERE = (".invalid", ".test")
"""Domains that nobody has (RFC 2606): placeholders, and tests."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What there is to tell of a lead now. `digest` is the same as long as all of it is."""

    who: Who
    standing: Standing
    values: Mapping[str, Value]
    profile: Mapping[str, Value]
    score_micro: int
    may_be_made: bool
    digest: str


def telling(app: App, terms: CrmTerms, row: Row[Any], now: datetime) -> Telling:
    """Put it together from the row that `store.crm.facts` gives."""
    is_open = row.state in OPEN_HANDOFF
    said: dict[str, Value] = {
        "stage": row.stage,
        "grade": row.grade,
        "score": round(row.score_micro / MICRO, 1),
        "cycle": row.cycle,
        "campaign": row.campaign,
        "handoff": row.state,
        "because": row.because if is_open else None,
        "owner": row.rep if is_open else None,
    }
    standing = Standing(row.cycle, row.reason, row.handoff_id, row.state, row.rep)
    digest = blake2b(orjson.dumps([terms.names, said, row.reason, row.handoff_id, row.link_version]), digest_size=16)
    said["url"] = handoff_url(app, row.handoff_id, now, version=row.link_version) if is_open else None
    return Telling(
        who=Who(row.id, row.email, row.key),
        standing=standing,
        values={name: said[told] for told, name in terms.names.items() if told in said},
        profile={name: getattr(row, name) for name in PROFILE_FIELDS},
        score_micro=row.score_micro,
        may_be_made=_may_be_made(terms, row, is_open=is_open),
        digest=digest.hexdigest(),
    )


def why_not(row: Row[Any]) -> str | None:
    """Why nothing is told of a lead at all; None where it is."""
    if row.unconfirmed:
        return "nobody knows yet whether the address is the lead's own"
    if row.email.endswith(NOWHERE):
        return "a placeholder, not an address"
    return None


def _may_be_made(terms: CrmTerms, row: Row[Any], *, is_open: bool) -> bool:
    if is_open:
        return terms.new_records != "never"
    if row.suppressed in LEFT_ALONE:
        return False
    return terms.new_records == "all" or (terms.new_records == "handed_over" and row.handed_over)
