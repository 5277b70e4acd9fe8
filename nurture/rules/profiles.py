"""What is said of a lead, put to what is known of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nurture.facts import PROFILE_FIELDS, Profile

Changes = dict[str, list[Any]]
"""Before and after, by the name of a field or an attribute."""


def merged(known: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[dict[str, Any], Changes]:
    """The profile's fields and `attributes` afterwards, and what changed. Empty values change nothing.

    Args:
        known: every field of the profile, and `attributes`.
        said: some of them. Attributes are merged, not replaced.
    """
    values: dict[str, Any] = {}
    changes: Changes = {}
    for field in PROFILE_FIELDS:
        before, after = known[field], said.get(field)
        values[field] = before if after in (None, "") else after
        if values[field] != before:
            changes[field] = [before, values[field]]
    attributes = {**known["attributes"], **(said.get("attributes") or {})}
    values["attributes"] = attributes
    for name, after in attributes.items():
        if known["attributes"].get(name) != after:
            changes[name] = [known["attributes"].get(name), after]
    return values, changes


def changed_profile(profile: Profile, said: Mapping[str, Any]) -> Profile | None:
    """The profile after what was said of the lead; None where that changes nothing."""
    known = {field: getattr(profile, field) for field in PROFILE_FIELDS}
    values, changes = merged({**known, "attributes": profile.attributes}, said)
    return replace(profile, **values) if changes else None
