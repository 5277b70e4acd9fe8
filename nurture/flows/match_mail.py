"""Whose mail this is: by the mail of ours that it answers, by the address it came to, or by who sent it.

Each is weaker than the one before. Who knows the `Message-ID` of a mail, or its reply address, has had that mail; who a
mail is from can be written by anybody. So what was found by its sender alone can raise a hand and ask for no more mail,
which a person sees and can take back, but postpones nothing (decision 27).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from itertools import islice
from typing import Literal

from sqlalchemy import Connection

from nurture.inbound.addresses import addresses_in
from nurture.inbound.message import header
from nurture.inbound.values import Marks
from nurture.mail.links import read_inbound_address, read_message_id
from nurture.store import inbound, leads

By = Literal["references", "token", "sender"]

_MOST = 50
_DELIVERED_TO = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "To",
    "Cc",
    "Resent-To",
    "X-Forwarded-To",
)


@dataclass(frozen=True, slots=True)
class Match:
    """The lead that a mail is from, the mail of ours that it answers, and by what that was found."""

    lead_id: int
    by: By
    delivery_id: int | None = None
    campaign: str | None = None
    step: str | None = None


def match_mail(
    db: Connection,
    secret: str,
    message: Message,
    *,
    references: Iterable[str],
    marks: Marks,
    envelope_to: str | None,
    sender: str | None,
) -> Match | None:
    """Give whose mail it is; None where nothing genuine says so. Tokens that we did not sign name nobody."""
    named = [read_message_id(secret, one) for one in islice((*references, *marks.message_ids), _MOST)]
    came_to = [read_inbound_address(secret, one) for one in _came_to(message, marks, envelope_to)]
    of_tokens = [found[1] for found in came_to if found is not None]
    ways: tuple[tuple[By, list[int]], ...] = (
        ("references", [one for one in named if one is not None]),
        ("token", of_tokens),
    )
    there = inbound.mails(db, [id_ for _, ids in ways for id_ in ids])
    for by, ids in ways:
        for id_ in ids:
            if id_ in there:
                row = there[id_]
                return Match(row.lead_id, by, row.id, row.campaign, row.step)
    lead_id = None if sender is None else leads.id_of(db, sender)
    return None if lead_id is None else Match(lead_id, "sender")


def _came_to(message: Message, marks: Marks, envelope_to: str | None) -> list[str]:
    """The addresses that the mail was sent to, that of the envelope first; then any of ours that stands in it."""
    of_headers = [address for name in _DELIVERED_TO for address in addresses_in(header(message, name))]
    return [*([envelope_to] if envelope_to else []), *of_headers[:_MOST], *marks.addresses]
