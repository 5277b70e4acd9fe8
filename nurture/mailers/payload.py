"""What providers send to a hook, read carefully: JSON and times of which nothing is sure."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, NoReturn

import orjson

_FIRST_YEAR = 1990


class Unreadable(ValueError):
    """The body is not what this provider sends; the message says what it lacks, and shows nothing of it."""


def unreadable(what: str) -> NoReturn:
    """Say that a body cannot be read.

    Raises:
        Unreadable: always.
    """
    raise Unreadable(what)


def read_json(body: bytes) -> Any:
    """Give what a JSON body says.

    Raises:
        Unreadable: It is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable("the body is no JSON") from None


def read_object(body: bytes) -> Mapping[str, Any]:
    """Give the object that a JSON body is.

    Raises:
        Unreadable: It is no JSON, or none of an object.
    """
    found = read_json(body)
    return found if isinstance(found, dict) else unreadable("the body is no JSON object")


def text_of(values: Mapping[str, Any], *names: str) -> str | None:
    """Give the first of these values that says something, as text; numbers are written out."""
    for name in names:
        value = values.get(name)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value != "":
            return value
    return None


def mapping_of(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give a value that is an object; an empty one where it is anything else."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def list_of(values: Mapping[str, Any], name: str) -> list[Any]:
    """Give a value that is a list; an empty one where it is anything else."""
    found = values.get(name)
    return found if isinstance(found, list) else []


def address_in(text: str | None) -> str | None:
    """Give the first address of a header such as `To`, or the text itself where it is a plain one."""
    if not text:
        return None
    found = [address for _, address in getaddresses([text]) if "@" in address]
    return found[0] if found else text.strip() or None


def time_of(value: object) -> datetime | None:
    """Give an instant: ISO 8601 (UTC where no zone is said), seconds since 1970, or as mails write it; else None."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return _sane(datetime.fromtimestamp(value, UTC))
        text = value.decode("ascii") if isinstance(value, bytes) else str(value).strip()
        if text.replace(".", "", 1).isdecimal():
            return _sane(datetime.fromtimestamp(float(text), UTC))
        return _sane(datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text))
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _sane(at: datetime) -> datetime | None:
    aware = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    return aware if aware.year >= _FIRST_YEAR else None


def derived_id(*about: object) -> str:
    """Give an id for an event to which its provider gives none: the same for the same content."""
    return hashlib.sha256(orjson.dumps([str(one) for one in about])).hexdigest()[:40]
