"""Take in one mail: find out what it is and whose, and let happen what follows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import Message

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from nurture.app import App
from nurture.db import TryAgain, is_deadlock_or_serialization, transaction
from nurture.flows import mail_reports, take_reports
from nurture.flows.decide import decide, offered
from nurture.flows.match_mail import Match, match_mail
from nurture.flows.suppress import suppress_in
from nurture.inbound import AutoReply, Bounce, Complaint, Reply, read
from nurture.inbound.away import away_until
from nurture.inbound.identity import digest_of
from nurture.inbound.message import header, parsed
from nurture.inbound.quotes import visible_text
from nurture.inbound.wishes import asks_to_stop
from nurture.mail.links import read_message_id
from nurture.rules.assignment import whom
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import DAY, first_instant, local_date
from nurture.rules.happenings import Did, Postponed
from nurture.store import events, inbound
from nurture.store.inbound import InboundRow
from nurture.store.merging import lock_living
from nurture.store.states import event_fact, states
from nurture.store.suppressions import address_hash

AWAY = "out of office"
"""Why mail is postponed, as `nurture why` says it."""
MOST_SAID = 4_000
"""So many characters of what somebody wrote are kept with the event; the whole mail is kept as it came."""
MOST_A_DAY = 30
"""So many mails of one sender that answer ours, and so many others, are acted on within 24 hours.

What comes beyond is kept, and bounces nothing back.
"""

_MOST_KEPT = 5_000_000
_KEPT_OF_A_LOOP = 8_000
_TRIES = 10
_OF_OURS = ("notice.", "forward.", "handoff.")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A mail, read."""

    raw: bytes
    message: Message
    envelope_to: str | None
    source: str
    digest: bytes
    sender: str | None


def take_mail(app: App, raw: bytes, *, envelope_to: str | None, source: str, now: datetime) -> str:
    """Keep a mail that came in, and act on it, once: the same mail by two ways, or twice by one, is one.

    A human reply ends the lead's campaign and hands it over; one that asks to stop unsubscribes; an absence with a date
    postpones the next mail; bounces and complaints go the way of all reports (`flows.take_reports`). Whatever a human
    wrote reaches a person. All is committed when this returns.

    Args:
        app: the application.
        raw: the mail, as it came.
        envelope_to: the address that it was delivered to, where the transport tells.
        source: by which way it came: `imap`, `pipe`, a provider's name.
        now: when it came.

    Returns:
        What it was: `reply`, `stop`, `away`, `automatic`, `bounce`, `complaint`, `loop`, `unreadable`, or `known` for
        a mail that was taken before.

    Raises:
        OperationalError: The database is away; the mail is to be brought again.
    """
    message = parsed(raw)
    sender = mail_reports.sender_of(message)
    incoming = _Incoming(raw, message, envelope_to, source, digest_of(raw, message), sender)
    try:
        return _take(app, incoming, now)
    except OperationalError:
        raise
    except Exception:
        log.exception("a mail that came in could not be read", extra={"source": source})
        return _set_aside(app, incoming, now)


def _take(app: App, incoming: _Incoming, now: datetime) -> str:
    with transaction(app.engine) as db:
        if inbound.is_known(db, incoming.digest):
            return "known"
    found = read(incoming.raw)
    if isinstance(found, Bounce | Complaint):
        delivery = mail_reports.named(app.settings.secret_key, found, incoming.envelope_to, incoming.message)
        reports = mail_reports.reports_of(found, delivery, incoming.raw, incoming.digest.hex(), now)
        take_reports.take_reports(app, reports, now)
        kind = "bounce" if isinstance(found, Bounce) else "complaint"
        return _keep(app, incoming, kind, now)
    if _is_our_own(app, incoming) or _is_too_much(app, incoming, found, now):
        return _keep(app, incoming, "loop", now)
    return _tried(app, incoming, found, now)


def _tried(app: App, incoming: _Incoming, found: AutoReply | Reply, now: datetime) -> str:
    for attempt in range(_TRIES):
        try:
            with transaction(app.engine) as db:
                kind, is_offered = _act(db, app, incoming, found, now)
            app.nudge("forwards")
            if is_offered:
                app.nudge("notices")
            return kind
        except Exception as error:
            if attempt + 1 == _TRIES or not is_deadlock_or_serialization(error):
                raise
    raise AssertionError("unreachable")


def _act(db: Connection, app: App, incoming: _Incoming, found: AutoReply | Reply, now: datetime) -> tuple[str, bool]:
    """Find the lead, lock it, keep the mail, and let happen what follows; all in the caller's transaction."""
    match = _match(db, app, incoming, found)
    if match is not None:
        living = lock_living(db, match.lead_id)
        if living is None:
            raise TryAgain
        match = replace(match, lead_id=living)
    if isinstance(found, AutoReply):
        return _answered_by_a_program(db, app, incoming, found, match, now), False
    return _answered_by_a_person(db, app, incoming, match, now)


def _match(db: Connection, app: App, incoming: _Incoming, found: AutoReply | Reply) -> Match | None:
    return match_mail(
        db, app.settings.secret_key, incoming.message, references=found.references, marks=found.marks,
        envelope_to=incoming.envelope_to, sender=incoming.sender,
    )  # fmt: skip


def _is_too_much(app: App, incoming: _Incoming, found: AutoReply | Reply, now: datetime) -> bool:
    """Whether its sender has written too often in a day. Anybody can write as anybody, but not answer our mails.

    So mails that answer ours are counted by themselves: nobody can use up what a lead may say.
    """
    if incoming.sender is None:
        return False
    with transaction(app.engine) as db:
        match = _match(db, app, incoming, found)
        is_genuine = match is not None and match.by != "sender"
        since = now - timedelta(days=1)
        count = inbound.count_lately(db, address_hash(incoming.sender), since, is_genuine=is_genuine)
    return count >= MOST_A_DAY


def _answered_by_a_program(
    db: Connection, app: App, incoming: _Incoming, found: AutoReply, match: Match | None, now: datetime
) -> str:
    """An absence with a date postpones; nothing else follows from what a program says."""
    kind = "away" if found.kind == "away" else "automatic"
    until = away_until(f"{found.subject}\n{found.text}", now.date()) if kind == "away" else None
    said = None if until is None else f"until {until.isoformat()}"
    if inbound.keep(db, _row(incoming, kind, match, said, now)) is None:
        return "known"
    if until is not None and match is not None and match.by != "sender":
        (state,) = states(db, app.book_in(db), [match.lead_id], now)
        zone = zone_of(state.profile.timezone, app.agreement)
        if until >= local_date(now, zone):
            back_at = first_instant(until + DAY, datetime.min.time(), zone)
            decide(db, app, {match.lead_id: Postponed(back_at, AWAY)}, now)
    return kind


def _answered_by_a_person(
    db: Connection, app: App, incoming: _Incoming, match: Match | None, now: datetime
) -> tuple[str, bool]:
    said = visible_text(incoming.message)
    kind = "stop" if asks_to_stop(said, header(incoming.message, "Subject")) else "reply"
    inbound_id = inbound.keep(db, _row(incoming, kind, match, said, now))
    if inbound_id is None:
        return "known", False
    is_offered = False
    if match is not None and kind == "stop":
        suppress_in(db, app, match.lead_id, "unsubscribed", f"asked by mail, inbound {inbound_id}", now)
    elif match is not None:
        is_offered = _did_reply(db, app, incoming, match, said, now)
    recipient = _who_is_told(db, app, match)
    if recipient != incoming.sender:
        inbound.forward(db, inbound_id, recipient, now)
    return kind, is_offered


def _did_reply(db: Connection, app: App, incoming: _Incoming, match: Match, said: str, now: datetime) -> bool:
    row = {
        "source": "mail",
        "message_id": incoming.digest.hex(),
        "lead_id": match.lead_id,
        "kind": "reply",
        "properties": {"text": _storable(said)[:MOST_SAID], "matched_by": match.by},
        "delivery_id": match.delivery_id,
        "campaign": match.campaign,
        "step": match.step,
        "occurred_at": now,
        "received_at": now,
    }
    facts = tuple(event_fact(one) for one in events.insert(db, [row]))
    return bool(facts and offered(decide(db, app, {match.lead_id: Did(facts)}, now)))


def _who_is_told(db: Connection, app: App, match: Match | None) -> str:
    """The owner, where there is one who can be mailed; else whoever reads `company.reply_to`."""
    owner = None if match is None else whom(app.agreement, inbound.owner_of(db, match.lead_id))
    return app.agreement.company.reply_to if owner is None else owner


def _keep(app: App, incoming: _Incoming, kind: str, now: datetime) -> str:
    """Keep what needs no lead."""
    with transaction(app.engine) as db:
        return kind if inbound.keep(db, _row(incoming, kind, None, None, now)) is not None else "known"


def _set_aside(app: App, incoming: _Incoming, now: datetime) -> str:
    """Keep a mail that nothing can be made of, and let a person see it: none stops those behind it."""
    with transaction(app.engine) as db:
        inbound_id = inbound.keep(db, _row(incoming, "unreadable", None, None, now))
        if inbound_id is None:
            return "known"
        inbound.forward(db, inbound_id, app.agreement.company.reply_to, now)
    return "unreadable"


def _row(incoming: _Incoming, kind: str, match: Match | None, said: str | None, now: datetime) -> InboundRow:
    most = _KEPT_OF_A_LOOP if kind == "loop" else _MOST_KEPT
    return InboundRow(
        digest=incoming.digest,
        received_at=now,
        source=incoming.source,
        kind=kind,
        raw=incoming.raw[:most],
        envelope_to=None if incoming.envelope_to is None else _storable(incoming.envelope_to)[:320],
        sender_hash=None if incoming.sender is None else address_hash(incoming.sender),
        lead_id=None if match is None else match.lead_id,
        delivery_id=None if match is None else match.delivery_id,
        matched_by=None if match is None else match.by,
        said=None if said is None else _storable(said)[:MOST_SAID],
    )


def _is_our_own(app: App, incoming: _Incoming) -> bool:
    """Whether we sent this mail ourselves: its id is one of ours, or it is from one of our own addresses."""
    own_id = header(incoming.message, "Message-ID").strip("<> ")
    if read_message_id(app.settings.secret_key, own_id) is not None or own_id.startswith(_OF_OURS):
        return True
    return incoming.sender in _own_addresses(app)


def _own_addresses(app: App) -> Sequence[str]:
    company, inbound_address = app.agreement.company, app.settings.mail.inbound_address
    return [company.sender.address.lower(), *([inbound_address.lower()] if inbound_address else [])]


def _storable(text: str) -> str:
    """What PostgreSQL can keep of a text: no NUL, no half of a character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
