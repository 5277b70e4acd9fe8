"""What the numbers of `store.health` mean: is it well, is it late, what to do. Told alike by the doctor and by status.

The alerts of `docs/alerts.yml` look at the same numbers with the same bounds.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from nurture.doctor.finding import Finding, ok, problem, warning
from nurture.store.health import MOST, Health, MailerHealth, Waiting

SEEN_WITHIN = 60.0
"""Seconds. A clock looks every few; its lease lasts a quarter of a minute."""
LATE = 15 * 60.0
"""Seconds. What should have gone so long ago is overdue."""
NEWS_LATE = 10 * 60.0
"""Seconds. Sales counts a lead's hours from the offer, so news that waits for so long is late."""
_ASIDE = {"lead": "leads", "score": "scores", "handoff": "handoffs", "hits": "mails with clicks"}
FULL = 0.8
"""Of the connections that the database takes."""


def signs(health: Health) -> list[Finding]:
    """One finding for each thing, in the order in which they matter."""
    looks: tuple[Callable[[Health], Iterator[Finding]], ...] = (
        clock, workers, sending, overdue, unknown, aside, news, events, connections,
    )  # fmt: skip
    return [finding for look in looks for finding in look(health)]


def clock(health: Health) -> Iterator[Finding]:
    """Look when the clock looked last."""
    age = health.clock.age
    if age is not None and age <= SEEN_WITHIN:
        yield ok("clock", f"it looked {age:.0f} s ago")
    else:
        seen = "it has never been seen" if age is None else f"it was seen {spoken(age)} ago"
        yield problem("clock", f"{seen}: nothing is decided and nothing is sent", "scale `clock` to one")


def workers(health: Health) -> Iterator[Finding]:
    """Look how many worker processes are alive."""
    alive = health.processes.get("worker", 0)
    if alive:
        yield ok("workers", f"{alive} {'process' if alive == 1 else 'processes'} alive")
    else:
        yield problem("workers", "none is alive: nothing is sent", "scale `worker` to one or more")


def sending(health: Health) -> Iterator[Finding]:
    """Look whether mail leaves as it comes due, or rests after a storm of errors, or was paused."""
    for mailer in health.mailers:
        if mailer.paused_at is not None:
            yield warning(
                "sending",
                f"{_of(mailer)}paused since {_clock_time(mailer.paused_at)}: {mailer.why}",
                "run `nurture deliveries sending --resume`",
            )
        elif mailer.state != "sending":
            until = f" until {mailer.until.astimezone(UTC):%H:%M} UTC" if mailer.until else ""
            yield problem(
                "sending", f"{_of(mailer)}it rests{until}: {mailer.why}", "mend that; it tries again by itself"
            )
    if all(mailer.lets_go for mailer in health.mailers):
        yield ok("sending", "it goes")


def overdue(health: Health) -> Iterator[Finding]:
    """Look for what should have happened by now."""
    late = [(waiting, what) for waiting, what in _waiting(health) if waiting.oldest > LATE]
    if not late:
        yield ok("overdue", "nothing is late")
        return
    said = "; ".join(f"{many(waiting.count, what)}, the oldest for {spoken(waiting.oldest)}" for waiting, what in late)
    yield warning("overdue", said, "see to clock, workers and sending; where these are well, add workers")


def unknown(health: Health) -> Iterator[Finding]:
    """Look for mails of which nobody knows whether they were taken."""
    if not health.unknown:
        yield ok("unknown mails", "none")
        return
    first = min((mailer.unknown_since for mailer in health.mailers if mailer.unknown_since), default=None)
    since = f", the oldest since {_clock_time(first)}" if first else ""
    yield warning(
        "unknown mails",
        f"{many(health.unknown)} handed over and never answered{since}",
        "`nurture deliveries list --state unknown`; look each up and settle it: `nurture deliveries resolve ID --as …`",
    )


def aside(health: Health) -> Iterator[Finding]:
    """Look for what could not be worked on."""
    if health.set_aside:
        said = ", ".join(f"{many(n)} {_ASIDE[kind]}" for kind, n in health.set_aside.items())
        yield warning(
            "set aside",
            f"{said} could not be worked on",
            "`nurture queue` says why; mend it, then `nurture queue retry`",
        )
    else:
        yield ok("set aside", "nothing")


def news(health: Health) -> Iterator[Finding]:
    """Look whether sales is told in time, and for what no channel took."""
    late = {channel: waiting for channel, waiting in health.outboxes.items() if waiting.oldest > NEWS_LATE}
    said = [
        f"{many(waiting.count)} by {channel} waiting, the oldest for {spoken(waiting.oldest)}"
        for channel, waiting in late.items()
    ]
    if health.notices_failed:
        said.append(f"{many(health.notices_failed)} not taken and given up")
    if said:
        yield warning(
            "news", "; ".join(said), "`nurture notices list`; once it is mended, `nurture notices retry --failed`"
        )
    else:
        yield ok("news", "sales has been told all there is")


def events(health: Health) -> Iterator[Finding]:
    """Look for events that lie where none should."""
    if health.events_unfiled:
        yield warning(
            "events",
            f"{many(health.events_unfiled)} of months that have no partition",
            "see to the clocks of what sends them; the log of `clock` says if months cannot be made",
        )
    else:
        yield ok("events", "all lie in their months")


def connections(health: Health) -> Iterator[Finding]:
    """Look how many connections are left."""
    said = f"{health.connections} of {health.most_connections} connections"
    if health.connections > FULL * health.most_connections:
        yield warning("database", said, "lower NURTURE_POOL_SIZE, or put a pooler in front; see docs/scaling.md")
    else:
        yield ok("database", said)


def many(count: int, what: str = "") -> str:
    """A count as people read it, with what is counted: it ends where counting does."""
    return " ".join((f"{count:,}{' or more' if count >= MOST else ''}", what)).strip()


def spoken(seconds: float) -> str:
    """How long, in the unit that says it shortest."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _waiting(health: Health) -> Iterator[tuple[Waiting, str]]:
    for mailer in health.mailers:
        yield mailer.waiting, f"{_of(mailer)}mails wait"
    yield health.due, "leads wait to be decided"


def _of(mailer: MailerHealth) -> str:
    return "" if mailer.name == "default" else f"{mailer.name}: "


def _clock_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
