"""What is said of a lead, put to what is known of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson

from nurture.facts import PROFILE_FIELDS, Profile

Changes = dict[str, list[Any]]
"""Before and after, by the name of a field or an attribute."""

MOST_ATTRIBUTES = 200
"""Of a lead. Whoever holds a write key, which is public on a website, may name any; every look at a lead reads all."""
LONGEST_NAME = 100
"""Characters of an attribute's name."""
LONGEST_VALUE = 1024
"""Octets of an attribute's value as JSON."""


def fitting(known: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes out of `said`, in their order, for which a lead with those that are `known` has room."""
    room = MOST_ATTRIBUTES - len(known)
    taken: dict[str, Any] = {}
    for name, value in said.items():
        is_new = name not in known
        if (is_new and (room <= 0 or len(name) > LONGEST_NAME)) or _is_too_long(value):
            continue
        room -= is_new
        taken[name] = value
    return taken


def _is_too_long(value: object) -> bool:
    return not isinstance(value, int | float | None) and len(orjson.dumps(value, default=str)) > LONGEST_VALUE


def merged(known: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[dict[str, Any], Changes]:
    """The profile's fields and `attributes` afterwards, and what changed. Empty values change nothing.

    Args:
        known: every field of the profile, and `attributes`.
        said: some of them. Attributes are merged, not replaced; those that do not fit are left out.
    """
    values: dict[str, Any] = {}
    changes: Changes = {}
    for field in PROFILE_FIELDS:
        before, after = known[field], said.get(field)
        values[field] = before if after in (None, "") else after
        if values[field] != before:
            changes[field] = [before, values[field]]
    attributes = {**known["attributes"], **fitting(known["attributes"], said.get("attributes") or {})}
    values["attributes"] = attributes
    for name, after in attributes.items():
        if known["attributes"].get(name) != after:
            changes[name] = [known["attributes"].get(name), after]
    return values, changes


Told = tuple[datetime, Mapping[str, Any]]
"""What was said of a lead, as fields of its profile and `attributes`, and when."""


def believed(
    known: Mapping[str, Any], since: Mapping[str, datetime], otherwise: datetime, said: Iterable[Told]
) -> list[Told]:
    """What of it is news after all, in order of time: of each field and attribute what was said last is believed.

    History that comes in late fills what is empty, and corrects what was known before; it takes back nothing that was
    learnt since.

    Args:
        known: every field of the profile, and `attributes`.
        since: when what is known of a field or an attribute was said.
        otherwise: the same for those that are not in it.
        said: what comes in.
    """
    values = {**known["attributes"], **{field: known[field] for field in PROFILE_FIELDS}}
    times = dict(since)
    news: list[Told] = []
    for at, profile in sorted(said, key=itemgetter(0)):
        fields = {name: value for name, value in profile.items() if name != "attributes"}
        told = {
            name: value
            for name, value in {**(profile.get("attributes") or {}), **fields}.items()
            if value not in (None, "") and (values.get(name) in (None, "") or times.get(name, otherwise) < at)
        }
        if told:
            values |= told
            times |= dict.fromkeys(told, at)
            attributes = {name: value for name, value in told.items() if name not in PROFILE_FIELDS}
            news.append(
                (
                    at,
                    {name: value for name, value in told.items() if name in PROFILE_FIELDS}
                    | {"attributes": attributes},
                )
            )
    return news


def remembered_profile(profile: Profile, since: datetime, said: Iterable[Told]) -> Profile | None:
    """The profile after history was told of a lead that is known since then; None where that changes nothing."""
    known = {**{field: getattr(profile, field) for field in PROFILE_FIELDS}, "attributes": profile.attributes}
    after = profile
    for _, told in believed(known, {}, since, said):
        after = changed_profile(after, told) or after
    return None if after is profile else after


def changed_profile(profile: Profile, said: Mapping[str, Any]) -> Profile | None:
    """The profile after what was said of the lead; None where that changes nothing."""
    known = {field: getattr(profile, field) for field in PROFILE_FIELDS}
    values, changes = merged({**known, "attributes": profile.attributes}, said)
    return replace(profile, **values) if changes else None
