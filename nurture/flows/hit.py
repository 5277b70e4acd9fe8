"""Note that somebody, or something, asked for what a mail links to. Judged a while later, as a whole."""

import hashlib
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Row, text

from nurture.app import App
from nurture.db import transaction
from nurture.mail.links import visitor_token
from nurture.store import events

SETTLE = timedelta(minutes=1)
"""How long hits of one mail wait so that a burst can be judged whole."""

_DELIVERY = text(
    """
    SELECT d.lead_id, d.campaign, d.step, l.tracked FROM delivery d JOIN lead l ON l.id = d.lead_id
    WHERE d.id = :id FOR KEY SHARE OF l
    """
)
_INSIDE = tuple(
    ip_network(net)
    for net in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Addresses that a request from the internet cannot have: those of the machine, of private networks, of carriers."""


def record_hit(
    app: App,
    *,
    kind: Literal["click", "open", "look"],
    delivery_id: int,
    link: int | None,
    url: str | None,
    method: str,
    agent: str | None,
    address: str | None,
    prefetch: bool,
    now: datetime,
    page: str | None = None,
) -> str | None:
    """Keep a hit as pending; gives a token by which the site knows its visitor.

    None for no such delivery, and for a lead that is not to be observed: nothing is kept then.

    Args:
        app: the application.
        kind: a tracked link, the pixel, or a page of ours.
        delivery_id: the mail.
        link: the link's number.
        url: where the link leads.
        method: GET or HEAD.
        agent: the user agent.
        address: the network address; only a keyed hash of it is kept.
        prefetch: the request said that nobody has asked for the page yet.
        now: when it came.
        page: which page of ours was looked at.
    """
    seen: dict[str, object] = {"method": method, "prefetch": prefetch}
    if address is not None and _is_inside(address):
        seen["inside"] = True
    with transaction(app.engine) as db:
        delivery = _mail(db, delivery_id)
        if delivery is None or not delivery.tracked:
            return None
        events.insert(
            db,
            [
                {
                    "source": "mail",
                    "message_id": uuid4().hex,
                    "lead_id": delivery.lead_id,
                    "kind": kind,
                    "name": page if kind == "look" else url,
                    "delivery_id": delivery_id,
                    "link": link,
                    "campaign": delivery.campaign,
                    "step": delivery.step,
                    "agent": agent,
                    "address_hash": None if address is None else hidden(app, address),
                    "hit": seen,
                    "occurred_at": now,
                    "client_at": now,
                    "received_at": now,
                    "verdict": "pending",
                    "settle_at": now + SETTLE,
                }
            ],
        )
    return visitor_token(app.settings.secret_key, delivery.lead_id)


def _mail(db: Connection, delivery_id: int) -> Row[Any] | None:
    """The mail, whose lead is not merged into another one before this is over.

    If that is just being done, the row is gone when our turn comes; asked once more, the mail is the other lead's.
    """
    query = {"id": delivery_id}
    return db.execute(_DELIVERY, query).one_or_none() or db.execute(_DELIVERY, query).one_or_none()


def hidden(app: App, address: str) -> bytes:
    """The network address under our key: enough to see that two hits came from one place, nothing to look up."""
    place = _place(address).encode()
    return hashlib.blake2b(place, digest_size=16, key=app.settings.secret_key.encode()[:64]).digest()


def _place(address: str) -> str:
    """What of an address stays the same: of IPv6 the network (RFC 8981: the rest is changed every day or so)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), 64), strict=False))
    return str(found)


def _is_inside(address: str) -> bool:
    """Whether this is the address of something between the asker and us, such as a proxy that names nobody."""
    try:
        found = ip_address(address)
    except ValueError:
        return True
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in net for net in _INSIDE)
