"""Holds what the mail server has against what we say we sent: nothing twice, nothing lost, nothing that nobody queued.

Pure over its inputs. The one side is read from the mail server's own files, headers as they were sent; the other is the
table of deliveries. Mails to sales are looked at, too, but are told apart: news to sales may come twice, mail to a lead
never.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from nurture.local.letter import Letter

NOTICE = "<notice."
"""How the `Message-ID` of news to sales begins."""


@dataclass(frozen=True, slots=True)
class Found:
    """One mail as the mail server has it. `file` is its name there; `feedback_id` says its campaign and step."""

    file: str
    message_id: str
    recipient: str
    feedback_id: str
    dated: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery as our table has it."""

    delivery_id: int
    recipient: str
    campaign: str
    step: str
    cycle: int
    state: str
    message_id: str | None
    zone: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of it: mails to leads and to sales, how many of the former are one too many, every fault in words."""

    mails: int
    notices: int
    duplicates: int
    faults: tuple[str, ...]


def found_mail(file: str, letter: Letter) -> Found:
    """Read a mail's headers.

    Raises:
        ValueError: It has no `Date` that can be read.
    """
    feedback_id = ":".join(letter.header("Feedback-ID").split(":")[:2])
    dated = parsedate_to_datetime(letter.header("Date"))
    return Found(file, letter.message_id, letter.recipient.lower(), feedback_id, dated)


def audit(found: Iterable[Found], recorded: Iterable[Recorded], leads: Collection[str]) -> Audit:
    """Compare both sides.

    Args:
        found: everything that the mail server has.
        recorded: all deliveries, whatever their state.
        leads: addresses of the leads; mail to anybody else must be news to sales.
    """
    everything = list(found)
    to_leads = [mail for mail in everything if mail.recipient in leads]
    others = [mail for mail in everything if mail.recipient not in leads]
    rows = list(recorded)
    by_id = {row.message_id: row for row in rows if row.message_id}
    twice, duplicates = _duplicates(to_leads, by_id)
    faults = [
        *duplicates,
        *_strangers(to_leads, others, by_id),
        *_contradictions(to_leads, by_id),
        *_losses(rows, {mail.message_id for mail in to_leads}),
    ]
    return Audit(len(to_leads), len(others), len(twice), tuple(faults))


def _duplicates(mails: Iterable[Found], rows: Mapping[str, Recorded]) -> tuple[set[str], list[str]]:
    """Files that are one too many, and why: the same Message-ID, step and cycle, or local day of a lead."""
    kinds: dict[str, dict[Hashable, list[Found]]] = {
        "under one Message-ID": defaultdict(list),
        "for one step and cycle": defaultdict(list),
        "on one local day": defaultdict(list),
    }
    for mail in mails:
        row = rows.get(mail.message_id)
        zone = ZoneInfo(row.zone if row else "UTC")
        kinds["under one Message-ID"][mail.message_id].append(mail)
        kinds["for one step and cycle"][mail.recipient, mail.feedback_id, row.cycle if row else 0].append(mail)
        kinds["on one local day"][mail.recipient, mail.dated.astimezone(zone).date()].append(mail)
    twice: set[str] = set()
    words = []
    for kind, groups in kinds.items():
        for group in groups.values():
            if len(group) > 1 and any(mail.file not in twice for mail in group[1:]):
                twice.update(mail.file for mail in group[1:])
                files = ", ".join(mail.file for mail in group)
                words.append(f"twice: {group[0].recipient} has {len(group)} mails {kind} ({files})")
    return twice, words


def _strangers(mails: Iterable[Found], others: Iterable[Found], rows: Mapping[str, Recorded]) -> Iterator[str]:
    for mail in mails:
        if mail.message_id not in rows:
            yield f"nobody queued {mail.message_id} to {mail.recipient} ({mail.file})"
    for mail in others:
        if not mail.message_id.startswith(NOTICE):
            yield f"nobody queued {mail.message_id} to {mail.recipient}, who is no lead ({mail.file})"


def _contradictions(mails: Iterable[Found], rows: Mapping[str, Recorded]) -> Iterator[str]:
    """Mails that are there, though their delivery says something else of them."""
    for mail in mails:
        row = rows.get(mail.message_id)
        if row is None:
            continue
        if row.state != "sent":
            yield f"delivery {row.delivery_id} is {row.state}, but its mail is there ({mail.file})"
        if row.recipient != mail.recipient:
            yield f"delivery {row.delivery_id} is for {row.recipient}, but went to {mail.recipient} ({mail.file})"
        if mail.feedback_id != f"{_slug(row.campaign)}:{_slug(row.step)}":
            what = f"{row.campaign}/{row.step}"
            yield f"delivery {row.delivery_id} is {what}, but went out as {mail.feedback_id} ({mail.file})"


def _losses(rows: Iterable[Recorded], there: Collection[str]) -> Iterator[str]:
    for row in rows:
        if row.state == "sent" and row.message_id not in there:
            yield f"lost: delivery {row.delivery_id} to {row.recipient} is sent, but the mail server does not have it"
        elif row.state in ("leased", "sending"):
            yield f"delivery {row.delivery_id} to {row.recipient} is still {row.state}"


def _slug(text: str) -> str:
    """A campaign's or step's id as it stands in `Feedback-ID`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:100] or "none"
