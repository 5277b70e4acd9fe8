"""Made-up histories, written straight into the tables: whatever the constraints allow may have happened."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from nurture.sheets.deals import NOBODYS

FIRST = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
"""A Thursday; the clocks in Chicago change on the Sunday after."""
NOW = FIRST + timedelta(days=60)
SOURCES = (None, "website", "Website ", "content syndication", "=cmd|' /C calc'!A0")
REPS = ("rep.one@acme.example", "rep.two@acme.example")
CLOSED = ("won", "lost", "rejected", "returned", "merged")
OPEN = ("offered", "accepted", "contacted", "qualified")


def write_history(db: Connection, seed: int, leads: int = 8) -> None:
    """A history of so many leads; the same seed gives the same one."""
    _History(db, Random(seed)).write(leads)


def insert(db: Connection, table: str, **values: Any) -> int:
    """A row; gives its id, or that of its lead where it has none."""
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    key = "lead_id" if table == "cycle" else "id"
    query = text(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING {key}")
    return int(db.execute(query, values).scalar_one())


class _History:
    def __init__(self, db: Connection, chance: Random) -> None:
        self.db, self.chance = db, chance
        self.n = 0

    def write(self, leads: int) -> None:
        for number in range(leads):
            self.lead(number)

    def at(self, after: datetime = FIRST, days: float = 12) -> datetime:
        """Some time after another, to the second, on a grid as often as not so that times coincide."""
        seconds = self.chance.randrange(int(days * 86400))
        if self.chance.random() < 0.5:
            seconds -= seconds % 3600
        return after + timedelta(seconds=seconds)

    def lead(self, number: int) -> None:
        chance = self.chance
        began = self.at()
        domain = chance.choice((f"d{number % 3}.example",) * 9 + (NOBODYS,))
        lead = insert(
            self.db, "lead", email=f"l{number}@{domain}", key=f"l{number}", source=chance.choice(SOURCES),
            grade=chance.choice(("A", "B", "C", "D", None)), cycle_started_at=began, created_at=began, updated_at=began,
        )  # fmt: skip
        first = chance.choice((0, 1, 1))
        was_open, ordinal = False, 0
        for n in range(first, first + chance.randrange(1, 4)):
            refused = n > first
            insert(
                self.db, "cycle", lead_id=lead, n=n, started_at=began, reason=self.reason() if refused else None,
                note=chance.choice((None, "busy", "")) if refused else None,
                refused_by=chance.choice((*REPS, None)) if refused else None,
            )  # fmt: skip
            if chance.random() < 0.7:
                ordinal += 1
                self.nurture(lead, n, ordinal, began)
            elif chance.random() < 0.4:
                stage = {"before": "inquiry", "after": chance.choice(("nurture", "mql")), "because": ""}
                insert(self.db, "stage_change", lead_id=lead, at=self.at(began, 2), cycle=n, **stage)
            closed = began
            for _ in range(chance.choice((0, 1, 1, 2))):
                closed, opened = self.handoff(lead, n, self.at(began), may_be_open=not was_open)
                was_open = was_open or opened
            began = closed if closed > began else self.at(began)

    def reason(self) -> str:
        return self.chance.choice(("not_ready", "no_budget", "no_follow_up", "gone_since"))

    def nurture(self, lead: int, cycle: int, ordinal: int, began: datetime) -> None:
        chance, started = self.chance, self.at(began - timedelta(days=self.chance.choice((0, 0, 1))), 3)
        campaign = chance.choice(("not-ready", "tries", "gone"))
        enrollment = insert(
            self.db, "enrollment", lead_id=lead, n=ordinal, campaign=campaign, cycle=cycle, status="ended",
            started_at=started, ended_at=started,
        )  # fmt: skip
        for step in chance.sample(("one", "first", "roi"), chance.choice((0, 2, 3))):
            self.mail(lead, cycle, enrollment, campaign, step, self.at(started, 6))

    def mail(self, lead: int, cycle: int, enrollment: int, campaign: str, step: str, slot: datetime) -> None:
        chance = self.chance
        self.n += 1
        state = chance.choice(("sent", "sent", "sent", "queued", "leased", "sending", "failed", "unknown", "cancelled"))
        tried = state in ("sent", "sending", "unknown") or (state == "failed" and chance.random() < 0.5)
        sending = self.at(slot, chance.choice((0.05, 4))) if tried else None
        mail = insert(
            self.db, "delivery", lead_id=lead, enrollment_id=enrollment, campaign=campaign, step=step, cycle=cycle,
            variant=chance.choice(("control", "short", "bold", None)) if step == "roi" else None, template="t/x",
            state=state, slot_at=slot, slot_until=slot + timedelta(hours=2), zone="UTC", queued_at=slot,
            local_on=(FIRST + timedelta(days=self.n)).date(), sending_at=sending,
            sent_at=self.at(sending, 0.01) if state == "sent" else None, merged_from=chance.choice((None, 99)),
            batch_id=1 if state in ("leased", "sending") else None,
        )  # fmt: skip
        for _ in range(chance.randrange(4)):
            self.heard(lead, mail, self.at(slot))

    def heard(self, lead: int, mail: int, at: datetime) -> None:
        chance = self.chance
        self.n += 1
        what = chance.randrange(3)
        if what == 0:
            insert(
                self.db, "event", month=at.date().replace(day=1), source="test", message_id=str(self.n),
                message_md5=f"{self.n:032x}", lead_id=lead, kind=chance.choice(("click", "click", "reply", "open")),
                verdict=chance.choice(("human", "human", "automated", "pending")), delivery_id=mail, occurred_at=at,
                received_at=at,
            )  # fmt: skip
        elif what == 1:
            insert(
                self.db, "mail_report", provider=chance.choice(("postmark", "ses")), event_id=str(self.n),
                seen=str(self.n).encode(), type=chance.choice(("delivered", "bounced", "bounced", "complained")),
                at=at, received_at=at, lead_id=lead, delivery_id=mail,
                severity=chance.choice(("hard", "soft", "policy", None)),
                reject_reason=chance.choice((None, "invalid", "other")),
            )  # fmt: skip
        else:
            insert(
                self.db, "suppression_change", address_hash=b"x" * 32, topic=chance.choice(("", "product")), at=at,
                what=chance.choice(("suppressed", "suppressed", "released")), why=chance.choice(
                    (f"one click, delivery {mail}", f"delivery {mail} by hand", "by hand", f"ses: it, delivery {mail}")
                ), reason=chance.choice(("unsubscribed", "unsubscribed", "bounced")),
            )  # fmt: skip

    def handoff(self, lead: int, cycle: int, offered: datetime, *, may_be_open: bool) -> tuple[datetime, bool]:
        chance = self.chance
        state = chance.choice((*CLOSED, *CLOSED, *OPEN)) if may_be_open else chance.choice(CLOSED)
        far = {"offered": 0, "accepted": 1, "contacted": 2, "qualified": 3, "won": chance.randrange(1, 4)}
        reached = far.get(state, chance.randrange(4))
        times: list[datetime | None] = [None] * 3
        last = offered
        for place in range(reached):
            times[place] = last = self.at(last, 4)
        closed = self.at(last, 4) if state in CLOSED else None
        due = self.at(offered, 3)
        handoff = insert(
            self.db, "handoff", lead_id=lead, cycle=cycle, state=state, grade=chance.choice("ABCD"), score_micro=1,
            hand_raise=chance.random() < 0.3, because="", owner=chance.choice((*REPS, None)), offered_at=offered,
            accept_due_at=chance.choice((due, due, None)), attempt_due_at=chance.choice((self.at(due, 1), None)),
            accepted_at=times[0], contacted_at=times[1], qualified_at=times[2], closed_at=closed,
            reason=self.reason() if state in ("rejected", "returned", "lost") else None,
            note=chance.choice((None, "rang twice")), origin=chance.choice(("nurture", "nurture", "imported")),
        )  # fmt: skip
        for _ in range(chance.randrange(4)):
            insert(
                self.db, "attempt", handoff_id=handoff, kind="call", outcome="not_reached", at=self.at(offered, 6),
                by=REPS[0],
            )  # fmt: skip
        for promise in chance.sample(("accept", "first_attempt", "attempts", "outcome"), chance.choice((0, 0, 1, 2))):
            for rung in range(chance.randrange(3)):
                action = chance.choice(("remind", "escalate", "reassign", "return_to_nurture", "ask"))
                insert(
                    self.db, "breach", handoff_id=handoff, promise=promise, rung=rung, action=action, due_at=due,
                    at=self.at(due, 2), owner=chance.choice((*REPS, None)),
                )  # fmt: skip
        return (closed or last), closed is None


def raw(db: Connection, table: str) -> Sequence[Mapping[str, Any]]:
    """Every row of a table."""
    return db.execute(text(f"SELECT * FROM {table}")).mappings().all()
