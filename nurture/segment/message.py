"""One message of the Segment HTTP tracking API, made an event. Pure.

Clients differ in what they send, so what is read here is what they send, not what the specification says: traits in
`context`, `originalTimestamp` for `timestamp`, ids that are numbers, fields that are null.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Literal
from urllib.parse import urlsplit

import orjson

from nurture.segment.client_time import occurred_at, parse_time
from nurture.segment.event import IncomingEvent
from nurture.segment.tame import address_or_none, tame_text
from nurture.segment.visitor import has_token, without_token

SOURCE = "segment"
"""Where these events come from; a `messageId` is unique within its source."""

Kind = Literal["identify", "track", "page", "alias"]

_KINDS: Mapping[str, Kind] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "page",
    "alias": "alias",
}
_LONGEST_ID = 255
_LONGEST_TEXT = 2000

Json = Mapping[str, object]


class Useless(Exception):
    """Nothing can be made of this event."""


def read_event(
    message: object, batch_context: Json, batch_sent: datetime | None, browser: str, received: datetime, index: int
) -> IncomingEvent:
    """Read one message.

    Args:
        message: tame JSON.
        batch_context: the batch's own context, which stands under the message's.
        batch_sent: when the batch was sent, by the client's clock.
        browser: who made the request, by its own word.
        received: our clock at receipt.
        index: its place in the batch.

    Raises:
        Useless: Nothing can be made of it.
    """
    if not isinstance(message, dict):
        raise Useless("it is no object")
    kind = _kind(message)
    context = _merged(batch_context, object_or_empty(message.get("context")))
    properties, traits = object_or_empty(message.get("properties")), _traits(message, context)
    user, visitor = _identifier(message.get("userId")), _identifier(message.get("anonymousId"))
    if kind == "alias":
        properties, visitor = _alias(message, user, visitor)
    email = _email(traits, user, properties)
    if not (user or visitor or email):
        raise Useless("it has no userId, anonymousId or e-mail address")
    said = parse_time(message.get("originalTimestamp")) or parse_time(message.get("timestamp"))
    sent = parse_time(message.get("sentAt")) or batch_sent
    url = _url(properties, context)
    return IncomingEvent(
        message_id=_message_id(message, said, received, index),
        kind=kind,
        user_id=user,
        anonymous_id=visitor,
        email=email,
        name=_name(message, kind),
        path=without_token(_path(properties, context, url)) if kind == "page" else None,
        url=url,
        properties=without_token(properties),
        traits=without_token(traits),
        occurred_at=occurred_at(said, sent, received),
        client_at=said,
        received_at=received,
        agent=_agent(context, browser),
        source=SOURCE,
    )


def _kind(message: Json) -> Kind:
    said = message.get("type")
    kind = _KINDS.get(said) if isinstance(said, str) else None
    if kind is None:
        raise Useless("its type is none of identify, track, page, screen and alias")
    return kind


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


def _traits(message: Json, context: Json) -> dict[str, object]:
    """RudderStack's Python client puts traits in the context only."""
    return {**object_or_empty(context.get("traits")), **object_or_empty(message.get("traits"))}


def _identifier(value: object) -> str | None:
    """An id as text. Too long a one is not cut: two people could become one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if len(text) > _LONGEST_ID:
        raise Useless(f"an id in it has more than {_LONGEST_ID} characters")
    return text or None


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


def _path(properties: Json, context: Json, url: str | None) -> str | None:
    """The page's path as the client says it, else that of its URL."""
    path = _text(properties.get("path")) or _text(object_or_empty(context.get("page")).get("path"))
    return path or (urlsplit(url).path[:_LONGEST_TEXT] or "/" if url else None)


def _agent(context: Json, browser: str) -> str | None:
    """The browser's name. A server-side library is not the visitor, so its own name counts for nothing."""
    said = _text(context.get("userAgent"))
    return said or (tame_text(browser[:_LONGEST_TEXT]) if browser.startswith("Mozilla/") else None)


def _message_id(message: Json, said: datetime | None, received: datetime, index: int) -> str:
    """The client's, else one made of what the event says, so that the same event sent again is known again.

    An event without its own time is told from an equal one only by when it came.
    """
    given = _text(message.get("messageId"))
    if given:
        return given
    content = {key: value for key, value in message.items() if key not in {"sentAt", "writeKey"}}
    digest = blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16)
    if said is None:
        digest.update(f"{received.isoformat()}#{index}".encode())
    return f"made-{digest.hexdigest()}"
