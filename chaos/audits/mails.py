"""Mails: nobody got a step twice, none is lost, and what the mail server has is what we say that we sent."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from chaos.audit import Audit, Broken, found
from chaos.receivers.mailbox import Kept
from chaos.world import World
from nurture.db import transaction

NOTICE = "<notice."
"""How the `Message-ID` of news to sales begins."""

_DELIVERIES = text("""
    SELECT d.id, l.email, d.campaign || ':' || d.step AS step, d.cycle, d.state, d.reason, d.message_id
    FROM delivery d JOIN lead l ON l.id = d.lead_id
""")
_TWICE = text("""
    SELECT min(id) FROM delivery WHERE state IN ('sending', 'sent', 'unknown')
    GROUP BY lead_id, campaign, step HAVING count(*) > 1
""")


def to_leads(world: World) -> list[Kept]:
    """All mails to leads that were taken, by whatever receiver."""
    return [mail for mail in (*world.sink.mails(), *world.esp.mails()) if not mail.message_id.startswith(NOTICE)]


def deliveries(world: World) -> Sequence[Row[Any]]:
    """The table, with the lead's address and the step as a mail says it."""
    with transaction(world.engine) as db:
        return db.execute(_DELIVERIES).all()


def nobody_got_a_step_twice(world: World) -> list[Broken]:
    """By what the mails themselves say, and by our rows."""
    mails = to_leads(world)
    ids = Counter(mail.message_id for mail in mails)
    steps = Counter((mail.recipient, mail.step) for mail in mails)
    with transaction(world.engine) as db:
        rows = list(db.execute(_TWICE).scalars())
    return [
        *found("taken twice under one Message-ID", [one for one, count in ids.items() if count > 1], "doubles"),
        *found("a lead has one step twice", [one for one, count in steps.items() if count > 1], "doubles"),
        *found("two deliveries of one step went to one lead", rows, "doubles"),
    ]


def taken_is_sent(world: World) -> list[Broken]:
    """Each mail in a mailbox is a row's, and that row says sent or unknown: it will not be sent again."""
    by_id = {row.message_id: row for row in deliveries(world) if row.message_id}
    strangers, others, open_again = [], [], []
    for mail in to_leads(world):
        row = by_id.get(mail.message_id)
        if row is None:
            strangers.append(mail.message_id)
        elif (row.email, row.step) != (mail.recipient, mail.step):
            others.append(row.id)
        elif row.state not in ("sent", "unknown"):
            open_again.append(f"{row.id} {row.state} ({row.reason})")
    return [
        *found("mails that no delivery is of", strangers),
        *found("mails that went to somebody else, or are another step", others),
        *found("taken, but the delivery does not say so", open_again),
    ]


def sent_is_taken(world: World) -> list[Broken]:
    """Each row that says sent is in a mailbox; each that says failed or cancelled says why; none is under way."""
    taken = {mail.message_id for mail in to_leads(world)}
    rows = deliveries(world)
    lost = [row.id for row in rows if row.state == "sent" and row.message_id not in taken]
    silent = [row.id for row in rows if row.state in ("failed", "cancelled") and not row.reason]
    held = [f"{row.id} {row.state}" for row in rows if row.state in ("leased", "sending")]
    return [
        *found("sent, but no mail server has it", lost, "losses"),
        *found("failed or cancelled without a reason", silent),
        *found("held by nobody", held, "stuck"),
    ]


def few_are_unknown(world: World) -> list[Broken]:
    """No more than were under way when somebody died."""
    unknown = [row.id for row in deliveries(world) if row.state == "unknown"]
    if len(unknown) <= world.may_be_unknown:
        return []
    return [Broken(f"{len(unknown)} unknown, where {world.may_be_unknown} may be", unknown)]


AUDITS: tuple[Audit, ...] = (nobody_got_a_step_twice, taken_is_sent, sent_is_taken, few_are_unknown)
