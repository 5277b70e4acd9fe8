"""The leads of X Education: what its sales reps wrote of each, in the words of an agreement, and what each does next.

The export has no addresses and no times. Addresses are made of the ids, under example.com; times of a hash of the id.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nurture.segment.event import IncomingEvent

REASON_OF_TAG = {
    "": "no_follow_up",  # nobody wrote anything
    "Ringing": "unreachable",
    "switched off": "unreachable",
    "Busy": "unreachable",
    "opp hangup": "unreachable",
    "invalid number": "no_number",
    "wrong number given": "no_number",
    "number not provided": "no_number",
    "Will revert after reading the email": "not_now",
    "Graduation in progress": "not_now",
    "Still Thinking": "not_now",
    "Shall take in the next coming month": "not_now",
    "In confusion whether part time or DLP": "not_now",
    "Not doing further education": "not_now",
    "Want to take admission but has financial problems": "no_money",
    "Interested in other courses": "other_course",
    "Interested  in full time MBA": "other_course",
    "Closed by Horizzon": "mine",
    "Already a student": "our_student",
    "Diploma holder (Not Eligible)": "not_eligible",
    "Recognition issue (DEC approval)": "not_eligible",
    "Lost to EINS": "elsewhere",
    "Lost to Others": "elsewhere",
    "in touch with EINS": "elsewhere",
}
"""What a rep's tag says in the words of `xeducation/campaigns/agreement.yaml`; two of them are built in."""
OVER = frozenset({"our_student", "not_eligible", "elsewhere"})
COMES_BACK = frozenset({
    "Page Visited on Website", "Email Link Clicked", "Form Submitted on Website", "View in browser link Clicked",
    "Olark Chat Conversation",
})  # fmt: skip
"""Last activities of leads who look around again once they have heard from us."""
ASKS_FOR_A_CALL = "Form Submitted on Website"


@dataclass(frozen=True, slots=True)
class RealLead:
    """One row of the export. `chance` is a number of its own below 1,000, the same for ever."""

    email: str
    row: dict[str, str]
    converted: bool
    reason: str | None
    rejected_at: datetime
    chance: int

    @property
    def visits(self) -> int:
        return int(float(self.row["TotalVisits"] or 0))

    @property
    def minutes(self) -> float:
        """On the site, a visit."""
        return int(self.row["Total Time Spent on Website"]) / 60 / max(self.visits, 1)

    @property
    def last_activity(self) -> str:
        return self.row["Last Activity"]

    @property
    def do_not_email(self) -> bool:
        return self.row["Do Not Email"] == "Yes"

    @property
    def comes_back(self) -> bool:
        return not self.converted and self.last_activity in COMES_BACK


def read_export(path: Path, now: datetime) -> list[RealLead]:
    """All of them; those not converted were rejected within the month before `now`."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [_lead(row, now) for row in rows]


def _lead(row: dict[str, str], now: datetime) -> RealLead:
    converted = row["Converted"] == "1"
    chance = int(hashlib.sha256(row["Prospect ID"].encode()).hexdigest(), 16) % 1000
    return RealLead(
        email=f"{row['Prospect ID']}@example.com",
        row=row,
        converted=converted,
        reason=None if converted else REASON_OF_TAG[row["Tags"]],
        rejected_at=now - timedelta(days=1 + chance % 30),
        chance=chance,
    )


def write_csv(leads: list[RealLead], path: Path) -> None:
    """The export as a CRM would write it: all columns, and what sales said."""
    header = ["Address", *leads[0].row, "Stage", "Reject reason", "Rejected at"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for lead in leads:
            said = ["customer", "", ""] if lead.converted else ["", lead.reason, lead.rejected_at.isoformat()]
            writer.writerow([lead.email, *lead.row.values(), *said])


def past_visits(lead: RealLead) -> Iterator[IncomingEvent]:
    """What the export counts (one visit at most, for the time it takes), as events from before the rejection."""
    for n in range(min(lead.visits, 1)):
        yield _visit(lead, n, lead.rejected_at - timedelta(hours=5 * (n + 1)), "past")


def new_visits(lead: RealLead, now: datetime) -> list[IncomingEvent]:
    """The same visits once more, after a mail, in one afternoon."""
    day = now.date().isoformat()
    events = [_visit(lead, n, now - timedelta(minutes=5 * n), day) for n in range(min(lead.visits, 6))]
    if lead.visits:
        events.append(
            _event(lead, "track", now, f"{day}-end", name="Visit Ended", properties={"minutes": lead.minutes})
        )
    if lead.last_activity == ASKS_FOR_A_CALL:
        events.append(_event(lead, "track", now, f"{day}-call", name="Call Requested"))
    return events


def _visit(lead: RealLead, n: int, at: datetime, when: str) -> IncomingEvent:
    path = "/courses/analytics/fees" if n % 3 == 1 else "/courses/analytics"
    return _event(lead, "page", at, f"{when}-{n}", path=path, properties={"minutes": lead.minutes})


def _event(lead: RealLead, kind: str, at: datetime, what: str, **more: object) -> IncomingEvent:
    message_id = f"{lead.email}/{what}"
    return IncomingEvent(message_id, kind, at, at, "site", email=lead.email, client_at=at, **more)  # type: ignore[arg-type]
