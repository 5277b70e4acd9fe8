"""Stop mailing a person, or an address, or take that back. In force from the moment this is committed.

The list has hashes of addresses. A wish (`unsubscribed`, `complained`, what sales or an operator say) is about the
person and holds for every address that it is known by; a bounce is about one mailbox. Every change is kept, with who
and why. What is on its way already is held back by the gate, which asks the same list just before a mail leaves.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nurture.app import App
from nurture.db import transaction
from nurture.errors import Conflict, NotFound, UsageError
from nurture.flows.decide import decide
from nurture.grammar.addresses import parse_address
from nurture.rules.happenings import MayBeMailed, MustNotBeMailed
from nurture.rules.suppressing import KINDS, Kind, objections, word_of
from nurture.store import leads, merging, suppressions
from nurture.store.suppressions import address_hash


@dataclass(frozen=True, slots=True)
class Released:
    """What was taken back: the reasons, weakest first, for how many addresses; of one topic or all mail."""

    reasons: tuple[str, ...]
    addresses: int
    topic: str | None = None


def unsubscribe(app: App, *, lead_id: int, delivery_id: int | None, how: str, now: datetime) -> bool:
    """The lead wants no more mail. Twice is fine; False if there is no such lead."""
    because = how if delivery_id is None else f"{how}, delivery {delivery_id}"
    return suppress(app, lead_id=lead_id, word="unsubscribed", how=because, now=now)


def leave_topic(app: App, lead_id: int, topic: str, how: str, now: datetime) -> bool:
    """The lead wants no more mail of one topic. Twice is fine; False if there is no such lead."""
    with transaction(app.engine) as db:
        return suppress_in(db, app, lead_id, "unsubscribed", how, now, topic)


def suppress(
    app: App, *, lead_id: int, word: Kind, how: str, now: datetime, topic: str | None = None, address: str | None = None
) -> bool:
    """As `suppress_in`, in a transaction of its own."""
    with transaction(app.engine) as db:
        return suppress_in(db, app, lead_id, word, how, now, topic, address=address)


def suppress_in(
    db: Connection,
    app: App,
    lead_id: int,
    word: Kind,
    how: str,
    now: datetime,
    topic: str | None = None,
    *,
    address: str | None = None,
    by: str = "",
) -> bool:
    """Put the lead's addresses on the list and end its enrollment, within the caller's transaction.

    The lead is locked; one that was merged into another one lives on in that one, and so does its wish. Said again it
    changes nothing; of two reasons the stricter one is kept.

    Args:
        db: the transaction.
        app: where leads live.
        lead_id: whom; also the id of a lead that was merged into another one.
        word: why (`rules.suppressing.Kind`).
        how: how we know, for operators; no personal data: `one click, delivery 12`.
        now: business time.
        topic: of one topic only; None: all mail.
        address: of `bounced`: which of its addresses; None: the lead's own, as it was when it was merged.
        by: who says so, where that is a person of ours.

    Returns:
        Whether there is such a lead.
    """
    living = merging.lock_living(db, lead_id)
    if living is None:
        return False
    own = leads.email_of(db, living)
    emails = merging.addresses(db, [living])
    if word == "bounced":
        emails = [address or merging.lost_address(db, lead_id) or own]
    new = suppressions.suppress(db, emails, reason=word, how=how, at=now, topic=topic or "", by=by)
    if new and own in emails:
        decide(db, app, {living: MustNotBeMailed(word_of(word, topic), topic)}, now)
    return True


def suppress_address(
    app: App, email: str, *, reason: Kind, by: str, why: str, now: datetime, topic: str | None = None
) -> bool:
    """An operator, or another tool, says that an address must not be mailed, whether a lead has it or not.

    Returns:
        Whether that is news.

    Raises:
        Mistake: It is no address.
    """
    with transaction(app.engine) as db:
        return suppress_address_in(db, app, email, reason=reason, by=by, why=why, now=now, topic=topic)


def suppress_address_in(
    db: Connection, app: App, email: str, *, reason: Kind, by: str, why: str, now: datetime, topic: str | None = None
) -> bool:
    """As `suppress_address`, within the caller's transaction."""
    email = parse_address(email)
    before = suppressions.said_of(db, [address_hash(email)], topic or "")
    lead_id = leads.id_of(db, email)
    if lead_id is not None:
        suppress_in(db, app, lead_id, reason, why, now, topic, address=email, by=by)
    suppressions.suppress(db, [email], reason=reason, how=why, at=now, topic=topic or "", by=by)
    return reason not in before


def release(
    app: App, email: str, by: str, why: str, now: datetime, topic: str | None = None, *, insist: bool = False
) -> Released:
    """Take an address off the list: of one topic, or with `topic=None` of all mail. Topics that it left stay left.

    A wish is taken back for every address of the person, a bounce for this address only. The campaigns are asked again;
    an enrollment that ended stays ended. What the person said itself (`rules.suppressing.OWN`) is taken back only with
    `insist`: it has asked for mail again, and `why` says how.

    Raises:
        UsageError: Nobody says who or why.
        NotFound: The address is not on the list.
        Conflict: The person said so itself, and nobody insists.
    """
    if not by.strip() or not why.strip():
        raise UsageError("to release an address, say who does it and why; both are kept")
    with transaction(app.engine) as db:
        return release_in(db, app, email, by, why, now, topic, insist=insist)


def release_in(
    db: Connection, app: App, email: str, by: str, why: str, now: datetime, topic: str | None = None, *, insist: bool
) -> Released:
    """As `release`, within the caller's transaction."""
    email = email.strip().lower()
    found = leads.id_of(db, email)
    living = None if found is None else merging.lock_living(db, found)
    known_by = [email] if living is None else [email, *merging.addresses(db, [living])]
    asked = address_hash(email)
    about = topic or ""
    rows = [row for row in suppressions.suppressions_at(db, suppressions.hashes_of(known_by)) if row.topic == about]
    if not any(row.address_hash == asked for row in rows):
        raise NotFound(f"{email} is not on the list of addresses that must not be mailed{_of(topic)}")
    hashes = [row.address_hash for row in rows if row.address_hash == asked or row.reason != "bounced"]
    said = suppressions.said_of(db, hashes, about)
    if (own := objections(said)) and not insist:
        itself = f"{email} {_OWN_WORDS[own[-1]]} itself{_of(topic)}"
        raise Conflict(f"{itself}: if it has asked for mail again, say so with --insist")
    count = suppressions.release(db, hashes, topic=about, by=by, why=why, at=now)
    still = () if living is None else suppressions.suppressions_of(db, leads.email_of(db, living))
    if living is not None and not any(row.topic == about for row in still):
        decide(db, app, {living: MayBeMailed(topic)}, now)
    return Released(tuple(kind for kind in KINDS if kind in said), count, topic)


_OWN_WORDS = {
    "unsubscribed": "unsubscribed",
    "complained": "complained of our mail as spam",
    "erased": "asked to be erased",
}


def _of(topic: str | None) -> str:
    return f" about {topic!r}" if topic else ""
