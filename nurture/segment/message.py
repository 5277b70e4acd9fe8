"""One message of the Segment HTTP tracking API, made an event. Pure.

Clients differ in what they send, so what is read here is what they send, not what the specification says: traits in
`context`, `originalTimestamp` for `timestamp`, ids that are numbers, fields that are null.

Six kinds of messages make four kinds of events. A screen is a page of an app. A group says who somebody is, as an
identify does: its traits are the company's, and the company is a trait of the person.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Literal

import orjson

from nurture.segment.client_time import occurred_at, parse_time
from nurture.segment.event import IncomingEvent
from nurture.segment.fields import LONGEST_ID, Json, Useless, id_text, identifier, object_or_empty, text_or_none
from nurture.segment.landing import with_campaign
from nurture.segment.pages import agent_of, path_of, url_of
from nurture.segment.secrets_in_urls import without_secrets
from nurture.segment.tame import address_or_none

SOURCE = "segment"
"""Where events come from whose write key has no name; a `messageId` is unique within its source."""

NO_TIME = "its timestamp cannot be read: it is kept, as of when it came in"
"""What is said of an event that was not rejected, in the list where its sender would look."""

Kind = Literal["identify", "track", "page", "alias"]

_KINDS: Mapping[str, Kind] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "page",
    "group": "identify",
    "alias": "alias",
}


def read_event(
    message: object,
    batch_context: Json,
    batch_sent: datetime | None,
    browser: str,
    received: datetime,
    index: int,
    source: str = SOURCE,
    *,
    may_have_secrets: bool = True,
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
        may_have_secrets: a URL in it may hold a secret or a visitor's token, which is taken out.

    Raises:
        Useless: Nothing can be made of it.
    """
    if not isinstance(message, dict):
        raise Useless("it is no object")
    kind = _kind(message)
    context = _merged(batch_context, object_or_empty(message.get("context")))
    properties, traits = _told(message, object_or_empty(context.get("traits")))
    user, visitor = identifier(message.get("userId")), identifier(message.get("anonymousId"))
    if kind == "alias":
        properties, visitor = _alias(message, user, visitor)
    email = _email(traits, user, properties)
    if not (user or visitor or email):
        raise Useless("it has no userId, anonymousId or e-mail address")
    said = _said_time(message)
    sent = parse_time(message.get("sentAt")) or batch_sent
    url = url_of(properties, context)
    path, name = None, _name(message, kind)
    if kind == "page":
        properties, path = with_campaign(properties, context, url), path_of(message, properties, context, url)
    if may_have_secrets:
        path, name = without_secrets(path), without_secrets(name) or None
        properties, traits = without_secrets(properties), without_secrets(traits)
    return IncomingEvent(
        message_id=_message_id(message, said, received, index),
        kind=kind,
        user_id=user,
        anonymous_id=visitor,
        email=email,
        name=name,
        path=path,
        url=url,
        properties=properties,
        traits=traits,
        occurred_at=occurred_at(said, sent, received),
        client_at=said,
        received_at=received,
        agent=agent_of(context, browser),
        source=source,
    )


def _kind(message: Json) -> Kind:
    said = message.get("type")
    kind = _KINDS.get(said) if isinstance(said, str) else None
    if kind is None:
        raise Useless(f"its type is none of {', '.join(_KINDS)}")
    return kind


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


def _told(message: Json, traits: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """A message's properties, and the person's traits: the context's under its own. A group's own are the company's."""
    own = object_or_empty(message.get("traits"))
    if message.get("type") == "group":
        group = identifier(message.get("groupId"))
        return {"groupId": group} if group else {}, {**traits, "company": own}
    return object_or_empty(message.get("properties")), {**traits, **own} if own else traits


def _said_time(message: Json) -> datetime | None:
    """When the client says that it happened.

    RudderStack's client for Node puts its own clock (`originalTimestamp`) beside the time that it was told. In an
    archive it is the other way round: what went through Segment (`receivedAt`) has the corrected time beside the
    client's own.
    """
    names = ("originalTimestamp", "timestamp") if message.get("receivedAt") else ("timestamp", "originalTimestamp")
    return parse_time(message.get(names[0])) or parse_time(message.get(names[1]))


def says_a_time(message: object) -> bool:
    """Whether it has a timestamp, readable or not."""
    return isinstance(message, dict) and any(
        message.get(name) not in (None, "") for name in ("timestamp", "originalTimestamp")
    )


def _alias(message: Json, user: str | None, visitor: str | None) -> tuple[dict[str, object], str | None]:
    """Whom the user was before: kept as the visitor's id, and in the properties as the client called it."""
    before = identifier(message.get("previousId"))
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
    name = text_or_none(message.get("event" if kind == "track" else "name"))
    if kind == "track" and not name:
        raise Useless("a track needs the name of its event")
    return name


def _message_id(message: Json, said: datetime | None, received: datetime, index: int) -> str:
    """The client's, else one made of what the event says, so that the same event sent again is known again.

    One that is too long is replaced by its digest. An event without its own time is told from an equal one only by when
    it came.
    """
    given = id_text(message.get("messageId"))
    if given:
        return given if len(given) <= LONGEST_ID else f"long-{_digest(given.encode()).hexdigest()}"
    content = {key: value for key, value in message.items() if key not in {"sentAt", "writeKey"}}
    digest = _digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    if said is None:
        digest.update(f"{received.isoformat()}#{index}".encode())
    return f"made-{digest.hexdigest()}"


def _digest(content: bytes) -> blake2b:
    return blake2b(content, digest_size=16)
