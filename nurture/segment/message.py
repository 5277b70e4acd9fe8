"""One message of the Segment HTTP tracking API, made an event. Pure.

Clients differ in what they send, so what is read here is what they send, not what the specification says: traits in
`context`, `originalTimestamp` for `timestamp`, ids that are numbers, fields that are null.

Six kinds of messages make four kinds of events. A screen is a page of an app. A group says who somebody is, as an
identify does: its traits are the company's, and the company is a trait of the person.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Literal
from urllib.parse import urlsplit

import orjson

from nurture.segment.client_time import occurred_at, parse_time
from nurture.segment.event import IncomingEvent
from nurture.segment.landing import with_campaign
from nurture.segment.tame import address_or_none, tame_text
from nurture.segment.visitor import has_token, without_token

SOURCE = "segment"
"""Where events come from whose write key has no name; a `messageId` is unique within its source."""

Kind = Literal["identify", "track", "page", "alias"]

_KINDS: Mapping[str, Kind] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "page",
    "group": "identify",
    "alias": "alias",
}
_LONGEST_ID = 255
_WIDEST_EXACT_FLOAT = 2.0**53
_LONGEST_TEXT = 2000
_NOT_A_WORD = re.compile(r"[\W_]+")

Json = Mapping[str, object]


class Useless(Exception):
    """Nothing can be made of this event."""


def read_event(
    message: object,
    batch_context: Json,
    batch_sent: datetime | None,
    browser: str,
    received: datetime,
    index: int,
    source: str = SOURCE,
    *,
    may_have_token: bool = True,
) -> IncomingEvent:
    """Read one message.

    Args:
        message: tame JSON.
        batch_context: the batch's own context, which stands under the message's.
        batch_sent: when the batch was sent, by the client's clock.
        browser: who made the request, by its own word.
        received: our clock at receipt.
        index: its place in the batch.
        source: the name of the write key.
        may_have_token: a visitor's token may stand in it somewhere, and is taken out.

    Raises:
        Useless: Nothing can be made of it.
    """
    if not isinstance(message, dict):
        raise Useless("it is no object")
    said_type, kind = _kind(message)
    context = _merged(batch_context, object_or_empty(message.get("context")))
    properties, traits = object_or_empty(message.get("properties")), object_or_empty(context.get("traits"))
    if said_type == "group":
        properties, traits = _group(message, traits)
    elif own := object_or_empty(message.get("traits")):
        traits = {**traits, **own}
    user, visitor = _identifier(message.get("userId")), _identifier(message.get("anonymousId"))
    if kind == "alias":
        properties, visitor = _alias(message, user, visitor)
    email = _email(traits, user, properties)
    if not (user or visitor or email):
        raise Useless("it has no userId, anonymousId or e-mail address")
    said = _said_time(message)
    sent = parse_time(message.get("sentAt")) or batch_sent
    url = _url(properties, context)
    path = None
    if kind == "page":
        properties, path = with_campaign(properties, context, url), _path(message, properties, context, url)
    if may_have_token:
        path, properties, traits = without_token(path), without_token(properties), without_token(traits)
    return IncomingEvent(
        message_id=_message_id(message, said, received, index),
        kind=kind,
        user_id=user,
        anonymous_id=visitor,
        email=email,
        name=_name(message, kind),
        path=path,
        url=url,
        properties=properties,
        traits=traits,
        occurred_at=occurred_at(said, sent, received),
        client_at=said,
        received_at=received,
        agent=_agent(context, browser),
        source=source,
    )


def _kind(message: Json) -> tuple[str, Kind]:
    """The message's type, and what it is for us."""
    said = message.get("type")
    kind = _KINDS.get(said) if isinstance(said, str) else None
    if kind is None:
        raise Useless(f"its type is none of {', '.join(_KINDS)}")
    return str(said), kind


def object_or_empty(value: object) -> dict[str, object]:
    """`value` where it is an object; clients send null, and worse."""
    return value if isinstance(value, dict) else {}


def _merged(below: Json, above: Json) -> Json:
    """The batch's context under the message's own; objects in it are merged, not replaced."""
    if not below:
        return above
    merged = {**below, **{key: value for key, value in above.items() if value is not None}}
    for key, value in above.items():
        under = below.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = {**under, **value}
    return merged


def _group(message: Json, traits: Json) -> tuple[dict[str, object], dict[str, object]]:
    """Which company it is, and the person's traits with that company's among them."""
    group = _identifier(message.get("groupId"))
    return {"groupId": group} if group else {}, {**traits, "company": object_or_empty(message.get("traits"))}


def _identifier(value: object) -> str | None:
    """An id as text. Too long a one is not cut: two people could become one."""
    text = _id_text(value)
    if len(text) > _LONGEST_ID:
        raise Useless(f"an id in it has more than {_LONGEST_ID} characters")
    return text or None


def _id_text(value: object) -> str:
    """An id that is a number is written as a whole one; what is neither text nor a number is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < _WIDEST_EXACT_FLOAT:
        return str(int(value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _said_time(message: Json) -> datetime | None:
    """When the client says that it happened.

    RudderStack's client for Node puts its own clock (`originalTimestamp`) beside the time that it was told. In an
    archive it is the other way round: what went through Segment (`receivedAt`) has the corrected time beside the
    client's own.
    """
    names = ("originalTimestamp", "timestamp") if message.get("receivedAt") else ("timestamp", "originalTimestamp")
    return parse_time(message.get(names[0])) or parse_time(message.get(names[1]))


def _alias(message: Json, user: str | None, visitor: str | None) -> tuple[dict[str, object], str | None]:
    """Whom the user was before: kept as the visitor's id, and in the properties as the client called it."""
    before = _identifier(message.get("previousId"))
    if not (user and (before or visitor)):
        raise Useless("an alias needs a previousId and a userId")
    return ({"previousId": before} if before else {}), visitor or before


def _email(traits: Json, user: str | None, properties: Json) -> str | None:
    # An address in the properties says who acts only where nothing else does: an invitation names somebody else.
    for value in (traits.get("email"), user, None if user else properties.get("email")):
        if isinstance(value, str) and (email := address_or_none(value)):
            return email
    return None


def _name(message: Json, kind: str) -> str | None:
    if kind not in {"track", "page"}:
        return None
    name = _text(message.get("event" if kind == "track" else "name"))
    if kind == "track" and not name:
        raise Useless("a track needs the name of its event")
    return name


def _text(value: object) -> str | None:
    return value.strip()[:_LONGEST_TEXT] or None if isinstance(value, str) else None


def _url(properties: Json, context: Json) -> str | None:
    """The page's address, if it can be taken apart: of the two that clients send, the one with a visitor's token."""
    said = [_text(properties.get("url")), _text(object_or_empty(context.get("page")).get("url"))]
    url = next(filter(has_token, said), said[0] or said[1])
    try:
        urlsplit(url or "")
    except ValueError:
        return None
    return url


def _path(message: Json, properties: Json, context: Json, url: str | None) -> str | None:
    """The page's path as the client says it, else that of its URL; a screen without either is named by its name."""
    path = _text(properties.get("path")) or _text(object_or_empty(context.get("page")).get("path"))
    if path:
        return path
    if url:
        return urlsplit(url).path[:_LONGEST_TEXT] or "/"
    name = _text(message.get("name")) if message.get("type") == "screen" else None
    return f"/screen/{_NOT_A_WORD.sub('-', name.lower()).strip('-')}" if name else None


def _agent(context: Json, browser: str) -> str | None:
    """The browser's name, "" where it says that it has none.

    A server-side library is not the visitor, so its own name counts for nothing.
    """
    said = context.get("userAgent")
    if isinstance(said, str):
        return _text(said) or ""
    return tame_text(browser[:_LONGEST_TEXT]) if browser.startswith("Mozilla/") else None


def _message_id(message: Json, said: datetime | None, received: datetime, index: int) -> str:
    """The client's, else one made of what the event says, so that the same event sent again is known again.

    One that is too long is replaced by its digest. An event without its own time is told from an equal one only by when
    it came.
    """
    given = _id_text(message.get("messageId"))
    if given:
        return given if len(given) <= _LONGEST_ID else f"long-{_digest(given.encode()).hexdigest()}"
    content = {key: value for key, value in message.items() if key not in {"sentAt", "writeKey"}}
    digest = _digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    if said is None:
        digest.update(f"{received.isoformat()}#{index}".encode())
    return f"made-{digest.hexdigest()}"


def _digest(content: bytes) -> blake2b:
    return blake2b(content, digest_size=16)
