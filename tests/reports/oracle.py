"""Every report once more, by brute force over the raw tables: slow, plain, and written from docs/reports.md alone."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from nurture.agreement import Agreement
from nurture.rules.sla import working_minutes
from nurture.sheets.deals import NOBODYS
from tests.reports.histories import raw

ZONE = ZoneInfo("America/Chicago")
Fact = dict[str, Any]
Numbers = dict[tuple[Any, ...], dict[str, Any]]
TABLES = (
    "lead", "cycle", "enrollment", "stage_change", "handoff", "attempt", "breach", "delivery", "event", "mail_report",
    "suppression_change",
)  # fmt: skip


class Tables:
    """All rows, and what is looked up in them."""

    def __init__(self, db: Connection, agreement: Agreement, now: datetime) -> None:
        self.now, self.agreement = now, agreement
        for table in TABLES:
            setattr(self, table, [dict(row) for row in raw(db, table)])
        self.leads = {row["id"]: row for row in self.lead}  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> list[Fact]:
        raise AttributeError(name)


def percentile(values: Iterable[float], p: float) -> float | None:
    """Linear between the two nearest ranks (Hyndman and Fan's type 7), as PostgreSQL's percentile_cont."""
    ranked = sorted(values)
    if not ranked:
        return None
    place = (len(ranked) - 1) * p
    low = floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def when(at: datetime) -> Fact:
    """The keys that follow from a time."""
    local = at.astimezone(ZONE)
    year, week, _ = local.isocalendar()
    return {"at": at, "month": f"{local:%Y-%m}", "week": f"{year}-W{week:02d}", "day": f"{local:%Y-%m-%d}"}


def days(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds() / 86400


def first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def last_campaign(t: Tables, lead: int, fits: Callable[[Fact], bool]) -> str | None:
    found = [row for row in t.enrollment if row["lead_id"] == lead and fits(row)]
    return max(found, key=lambda row: (row["started_at"], row["n"]))["campaign"] if found else None


def handoffs(t: Tables) -> list[Fact]:
    facts = []
    for h in t.handoff:
        if h["state"] == "merged":
            continue
        won_at = h["closed_at"] if h["state"] == "won" else None
        sql_at = first(h["qualified_at"], won_at)
        rounds = sum(c["lead_id"] == h["lead_id"] and c["n"] <= h["cycle"] for c in t.cycle)
        facts.append({
            **h, **when(h["offered_at"]), "rep": h["owner"], "source": t.leads[h["lead_id"]]["source"],
            "campaign": last_campaign(t, h["lead_id"], lambda e, h=h: e["started_at"] <= h["offered_at"]),
            "sal_at": first(h["accepted_at"], h["contacted_at"], sql_at), "sql_at": sql_at, "won_at": won_at,
            "cycles": "1" if rounds <= 1 else "2" if rounds == 2 else "3+",
            "open": h["state"] in ("offered", "accepted", "contacted", "qualified"), "ours": h["origin"] == "nurture",
        })  # fmt: skip
    return facts


def rounds(t: Tables) -> list[Fact]:
    facts = []
    for c in t.cycle:
        mine = {"lead_id": c["lead_id"], "cycle": c["n"]}
        nurture = [e["started_at"] for e in t.enrollment if mine.items() <= e.items()]
        nurture += [s["at"] for s in t.stage_change if mine.items() <= s.items() and s["after"] == "nurture"]
        nurture_at = min((at for at in nurture if at >= c["started_at"]), default=None)
        offers = [
            h["offered_at"] for h in handoffs(t)
            if h["ours"] and mine.items() <= h.items() and nurture_at is not None and h["offered_at"] >= nurture_at
        ]  # fmt: skip
        lead = t.leads[c["lead_id"]]
        if lead["email"].endswith(NOBODYS):
            continue
        facts.append({
            **mine, **when(c["started_at"]), "source": lead["source"], "grade": lead["grade"], "reason": c["reason"],
            "nurture_at": nurture_at, "handed_over_at": min(offers, default=None),
            "campaign": last_campaign(t, c["lead_id"], lambda e, c=c: e["cycle"] == c["n"]),
        })  # fmt: skip
    return facts


class Counts:
    """Numbers by key, filled a figure at a time."""

    def __init__(self, keys: Sequence[str], inside: Callable[[datetime], bool]) -> None:
        self.keys, self.inside = keys, inside
        self.rows: Numbers = defaultdict(dict)

    def groups(self, facts: Iterable[Fact]) -> dict[tuple[Any, ...], list[Fact]]:
        found: dict[tuple[Any, ...], list[Fact]] = defaultdict(list)
        for fact in facts:
            if self.inside(fact["at"]):
                found[tuple(fact[key] for key in self.keys)].append(fact)
        return found

    def count(self, facts: Iterable[Fact], **figures: Callable[[Fact], Any]) -> None:
        for key, group in self.groups(facts).items():
            for name, holds in figures.items():
                self.rows[key][name] = sum(bool(holds(fact)) for fact in group)

    def times(self, facts: Iterable[Fact], **figures: Callable[[Fact], float | None]) -> None:
        for key, group in self.groups(facts).items():
            for name, value in figures.items():
                known = [found for fact in group if (found := value(fact)) is not None]
                self.rows[key][name] = percentile(known, 0.5)
                self.rows[key][f"{name}_p90"] = percentile(known, 0.9)


def funnel(t: Tables, into: Counts) -> None:
    ours = [h for h in handoffs(t) if h["ours"]]
    if "rep" in into.keys:
        into.count(ours, handed_over=lambda h: True)
        into.count(
            handoffs(t), accepted=lambda h: h["sal_at"], qualified=lambda h: h["sql_at"], open=lambda h: h["open"],
            imported=lambda h: not h["ours"], win_rate_of=lambda h: h["state"] in ("won", "lost"),
            win_rate_n=lambda h: h["state"] == "won",
            **{state: (lambda h, s=state: h["state"] == s) for state in ("won", "lost", "rejected", "returned")},
        )  # fmt: skip
        return
    there = rounds(t)
    into.count(
        there, inquiry=lambda r: r["reason"] is None, nurture=lambda r: r["nurture_at"],
        inquiry_to_nurture_n=lambda r: r["reason"] is None and r["nurture_at"],
        nurture_to_mql_n=lambda r: r["handed_over_at"], nurture_to_mql_of=lambda r: r["nurture_at"],
    )  # fmt: skip
    into.count(
        ours, mql=lambda h: True, sal=lambda h: h["sal_at"], sql=lambda h: h["sql_at"], open=lambda h: h["open"],
        **{state: (lambda h, s=state: h["state"] == s) for state in ("won", "lost", "rejected", "returned")},
        sal_to_sql_n=lambda h: h["sal_at"] and h["sql_at"], sql_to_won_of=lambda h: h["sql_at"],
    )  # fmt: skip
    into.times(
        there, days_inquiry_to_nurture=lambda r: days(r["at"], r["nurture_at"]),
        days_nurture_to_mql=lambda r: days(r["nurture_at"], r["handed_over_at"]),
    )  # fmt: skip
    into.times(
        ours, days_mql_to_sal=lambda h: days(h["offered_at"], h["sal_at"]),
        days_sal_to_sql=lambda h: days(h["sal_at"], h["sql_at"]),
        days_sql_to_won=lambda h: days(h["sql_at"], h["won_at"]),
    )  # fmt: skip


def rejects(t: Tables, into: Counts) -> None:
    facts, ended = [], set()
    for h in handoffs(t):
        if h["state"] in ("rejected", "returned", "lost"):
            ended.add((h["lead_id"], h["closed_at"]))
            if h["ours"]:
                facts.append({**h, **when(h["closed_at"]), "how": h["state"]})
    for c in t.cycle:
        if c["reason"] is not None and (c["lead_id"], c["started_at"]) not in ended:
            lead = t.leads[c["lead_id"]]
            facts.append({
                **when(c["started_at"]), "how": "refused", "reason": c["reason"], "note": c["note"],
                "source": lead["source"], "grade": lead["grade"], "rep": c["refused_by"], "cycle": c["n"] - 1,
                "campaign": last_campaign(t, c["lead_id"], lambda e, c=c: e["started_at"] < c["started_at"]),
            })  # fmt: skip
    hows = ("rejected", "returned", "lost", "refused")
    into.count(
        facts, refusals=lambda r: True, with_note=lambda r: r["note"],
        **{how: (lambda r, how=how: r["how"] == how) for how in hows},
    )  # fmt: skip


def promised(t: Tables) -> list[Fact]:
    facts = []
    for h in handoffs(t):
        if not h["ours"]:
            continue
        broken = sorted(
            (b for b in t.breach if b["handoff_id"] == h["id"] and b["rung"] >= 1), key=lambda b: (b["at"], b["id"])
        )
        tries = [a["at"] for a in t.attempt if a["handoff_id"] == h["id"]]
        answered = first(h["accepted_at"], h["closed_at"] if h["state"] == "rejected" else None)
        tried = min((at for at in (*tries, h["contacted_at"], h["qualified_at"]) if at), default=None)
        names = {b["promise"] for b in broken}
        late_accept = "accept" in names or _late(t, h, answered, h["accept_due_at"])
        late_attempt = "first_attempt" in names or _late(t, h, tried, h["attempt_due_at"])
        late = bool(broken) or late_accept or late_attempt
        facts.append({
            **h, "rep": first(broken[0]["owner"] if broken else None, h["owner"]), "answered": answered, "tried": tried,
            "late": late, "late_accept": late_accept, "late_attempt": late_attempt, "attempts": len(tries),
            "met": not late and answered and (tried or h["closed_at"]),
        })  # fmt: skip
    return facts


def _late(t: Tables, h: Fact, done: datetime | None, due: datetime | None) -> bool:
    return due is not None and first(done, h["closed_at"], t.now) > due


def sla(t: Tables, into: Counts) -> None:
    facts = promised(t)
    hours = t.agreement.sla.hours

    def worked(fact: Fact, until: str) -> float | None:
        return None if fact[until] is None else working_minutes(hours, fact["offered_at"], fact[until])

    def elapsed(fact: Fact, until: str) -> float | None:
        return None if fact[until] is None else (fact[until] - fact["offered_at"]).total_seconds() // 60

    into.count(
        facts, volume=lambda h: True, met=lambda h: h["met"], breached=lambda h: h["late"],
        pending=lambda h: not h["met"] and not h["late"], accept_breached=lambda h: h["late_accept"],
        attempt_breached=lambda h: h["late_attempt"], sla_met_n=lambda h: h["met"],
    )  # fmt: skip
    into.times(
        facts, accept_minutes=lambda h: worked(h, "answered"), accept_elapsed=lambda h: elapsed(h, "answered"),
        attempt_minutes=lambda h: worked(h, "tried"), attempt_elapsed=lambda h: elapsed(h, "tried"),
    )  # fmt: skip
    into.count([h for h in facts for _ in range(h["attempts"])], attempts=lambda h: True)
    for key, group in into.groups(facts).items():
        tried = [h["attempts"] for h in group if h["sal_at"]]
        into.rows[key]["attempts_per_lead"] = sum(tried) / len(tried) if tried else None
    rungs = [{**h, "action": b["action"]} for h in facts for b in t.breach if b["handoff_id"] == h["id"]]
    into.count(rungs, reminded=lambda b: b["action"] == "remind", escalated=lambda b: b["action"] == "escalate")


def recycled(t: Tables, into: Counts) -> None:
    into.count(
        [h for h in handoffs(t) if h["ours"]], handed_over=lambda h: True, won=lambda h: h["state"] == "won",
        lost=lambda h: h["state"] == "lost", recycled_n=lambda h: h["cycles"] != "1",
        recycled_won_n=lambda h: h["cycles"] != "1" and h["state"] == "won",
    )  # fmt: skip


def interest(t: Tables, into: Counts) -> None:
    said = {source.lower(): word for source, word in t.agreement.sources.items()}
    ours = [h for h in handoffs(t) if h["ours"]]
    facts = [
        {
            **row, "interest": said.get((row["source"] or "").strip().lower(), "unknown"),
            "handoffs": [h["state"] for h in ours if h["lead_id"] == row["lead_id"]],
        }
        for row in rounds(t) if row["reason"] is None
    ]  # fmt: skip
    into.count(
        facts, leads=lambda r: True, handed_over=lambda r: r["handoffs"], won=lambda r: "won" in r["handoffs"],
        active_n=lambda r: r["interest"] == "active", unknown_n=lambda r: r["interest"] == "unknown",
    )  # fmt: skip


def grades(t: Tables, into: Counts) -> None:
    into.count(
        [h for h in handoffs(t) if h["ours"]], handed_over=lambda h: True, hand_raised=lambda h: h["hand_raise"],
        accepted=lambda h: h["sal_at"], qualified=lambda h: h["sql_at"], won=lambda h: h["state"] == "won",
        lost=lambda h: h["state"] == "lost", rejected=lambda h: h["state"] == "rejected",
        returned=lambda h: h["state"] == "returned", open=lambda h: h["open"],
    )  # fmt: skip


def mails(t: Tables) -> list[Fact]:
    last = set()
    for h in handoffs(t):
        sent = [
            d for d in t.delivery
            if (d["lead_id"], d["cycle"], d["state"]) == (h["lead_id"], h["cycle"], "sent")
            and d["sent_at"] <= h["offered_at"]
        ]  # fmt: skip
        if sent and h["ours"]:
            last.add(max(sent, key=lambda d: (d["sent_at"], d["id"]))["id"])
    facts = []
    for d in t.delivery:
        lead = t.leads[d["lead_id"]]
        heard = [r for r in t.mail_report if r["delivery_id"] == d["id"]]
        bounces = [r for r in heard if r["type"] == "bounced"]
        hard = any(r["severity"] == "hard" or (not r["severity"] and r["reject_reason"] == "invalid") for r in bounces)
        did = [e["kind"] for e in t.event if e["delivery_id"] == d["id"] and e["verdict"] == "human"]
        left = any(
            (c["what"], c["reason"]) == ("suppressed", "unsubscribed") and re.search(rf"delivery {d['id']}$", c["why"])
            for c in t.suppression_change
        )
        tried = d["state"] in ("sending", "unknown", "failed")
        at = d["sent_at"] if d["state"] == "sent" else first(d["sending_at"] if tried else None, d["slot_at"])
        facts.append({
            **d, **when(at), "source": lead["source"], "grade": lead["grade"], "domain": lead["email"].split("@")[1],
            "provider": min((r["provider"] for r in heard), default=None), "bounced": bounces, "hard": hard,
            "soft": bounces and not hard, "delivered": any(r["type"] == "delivered" for r in heard),
            "complained": any(r["type"] == "complained" for r in heard), "clicked": "click" in did,
            "replied": "reply" in did, "unsubscribed": left, "requalified": d["id"] in last,
        })  # fmt: skip
    return facts


def campaigns(t: Tables, into: Counts) -> None:
    facts = [d for d in mails(t) if d["state"] == "sent"]
    names = ("clicked", "replied", "unsubscribed", "bounced", "complained", "requalified", "delivered")
    into.count(facts, sent=lambda d: True, **{name: (lambda d, name=name: d[name]) for name in names})
    for row in into.rows.values():
        row["delivered"] = row["delivered"] or None


def delivery(t: Tables, into: Counts) -> None:
    facts = mails(t)
    names = ("hard", "soft", "complained", "delivered")
    states = ("sent", "failed", "unknown", "cancelled")
    into.count(
        facts, mails=lambda d: True, queued=lambda d: d["state"] in ("queued", "leased", "sending"),
        **{name: (lambda d, name=name: d[name]) for name in names},
        **{state: (lambda d, state=state: d["state"] == state) for state in states},
    )  # fmt: skip
    for key, group in into.groups(facts).items():
        late = [(d["sent_at"] - d["slot_at"]).total_seconds() / 60 for d in group if d["state"] == "sent"]
        into.rows[key]["slot_to_sent"] = percentile(late, 0.5)


ORACLES: Mapping[str, Callable[[Tables, Counts], None]] = {
    "funnel": funnel, "rejects": rejects, "sla": sla, "recycled": recycled, "interest": interest, "grades": grades,
    "campaigns": campaigns, "delivery": delivery,
}  # fmt: skip
