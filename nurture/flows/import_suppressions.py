"""Take over another tool's list of addresses that must not be mailed. A batch is a transaction; twice is fine."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NurtureError
from nurture.flows.decide import decide
from nurture.rules.happenings import Happening, MustNotBeMailed
from nurture.rules.suppressing import Kind, word_of
from nurture.sheets.blocked import Blocked, find_marks, read_blocked
from nurture.sheets.columns import parse_maps
from nurture.sheets.decoding import Lines
from nurture.sheets.readings import Reject
from nurture.sheets.rejects import RejectsFile
from nurture.sheets.table import Table
from nurture.store import leads, merging, suppressions
from nurture.store.states import lock

BATCH = 1000


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of the rows: `read` is `suppressed` + `known` + `rejected`; `known` were on the list before."""

    read: int = 0
    suppressed: int = 0
    known: int = 0
    rejected: int = 0
    rejects_file: Path | None = None


def import_suppressions(
    app: App,
    file: Path,
    *,
    reason: Kind | None,
    by: str,
    maps: Sequence[str] = (),
    rejects: Path | None = None,
    encoding: str | None = None,
    now: datetime,
) -> TakenOver:
    """Put every address of a CSV file on the list, whether a lead has it or not.

    Args:
        app: where leads live.
        file: the CSV.
        reason: for rows that name none of their own.
        by: who says so.
        maps: `email=COLUMN`, `reason=COLUMN`, `topic=COLUMN`.
        rejects: where rows go that say nothing.
        encoding: what the file is written in; None: found out.
        now: business time.

    Raises:
        NurtureError: The file cannot be read, or holds no addresses.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise NurtureError(f"{file}: cannot be read ({error.strerror})") from error
    read = new = 0
    with opened as octets, RejectsFile(rejects) as refused:
        table = Table(Lines(octets, file.name, encoding))
        marks = find_marks(table.header, parse_maps(maps), file.name)
        rows = iter(read_blocked(table, table.header, marks, reason))
        while batch := list(islice(rows, BATCH)):
            read += len(batch)
            for row in batch:
                if isinstance(row, Reject):
                    refused.write(row)
            blocked = [row for row in batch if isinstance(row, Blocked)]
            with transaction(app.engine) as db:
                new += _take(db, app, blocked, f"import of {file.name}", by, now)
        return TakenOver(read, new, read - new - refused.count, refused.count, refused.path)


def _take(db: Connection, app: App, rows: Iterable[Blocked], how: str, by: str, now: datetime) -> int:
    """Suppress a batch; gives how many rows were news. Leads are locked before anything is written."""
    groups: dict[tuple[Kind, str], list[str]] = defaultdict(list)
    for row in rows:
        groups[row.reason, row.topic].append(row.email)
    known = leads.ids_of(db, [email for emails in groups.values() for email in emails])
    lock(db, known.values())
    news = 0
    for (reason, topic), emails in groups.items():
        hashes = {email: suppressions.address_hash(email) for email in emails}
        before = {(one.address_hash, one.topic) for one in suppressions.suppressions_at(db, list(hashes.values()))}
        news += sum((hashes[email], topic) not in before for email in hashes)
        news_ids = sorted({known[email] for email in emails if email in known})
        further = [] if reason == "bounced" else merging.addresses(db, news_ids)
        suppressions.suppress(db, {*emails, *further}, reason=reason, how=how, at=now, topic=topic, by=by)
        decide(db, app, _told(db, news_ids, reason, topic, set(emails)), now)
    return news


def _told(db: Connection, ids: Sequence[int], reason: Kind, topic: str, emails: set[str]) -> dict[int, Happening]:
    """What the leads concerned are told: of a bounce only those whose own address it is."""
    if reason == "bounced":
        ids = [lead_id for lead_id in ids if leads.email_of(db, lead_id) in emails]
    return {lead_id: MustNotBeMailed(word_of(reason, topic or None), topic or None) for lead_id in ids}
