"""Segment's traits, as fields and attributes of a lead's profile."""

from collections.abc import Mapping
from typing import Any

_ALSO_CALLED = {
    "firstName": "first_name",
    "first_name": "first_name",
    "lastName": "last_name",
    "last_name": "last_name",
    "title": "title",
    "position": "title",
    "jobTitle": "title",
    "country": "country",
    "timezone": "timezone",
    "locale": "locale",
    "industry": "industry",
    "source": "source",
}
"""Segment's names of traits (Spec: Identify, "Traits") and ours, to the fields of a profile."""

_MOST_EMPLOYEES = 10**8
"""More than any employer has; a larger number is somebody's mistake, and may not fit the column."""

_NOT_ATTRIBUTES = frozenset({"email", "company", "employees", "name", "address", "id", "owner"})


def merge_traits(profile: dict[str, Any], traits: Mapping[str, Any]) -> None:
    """Write Segment's traits into a profile's fields, and the rest into its attributes."""
    for name, value in traits.items():
        if value in (None, ""):
            continue
        if name in _ALSO_CALLED:
            profile[_ALSO_CALLED[name]] = str(value)
        elif name not in _NOT_ATTRIBUTES:
            profile["attributes"][name] = value
    company = traits.get("company")
    if isinstance(company, Mapping):
        profile.update(_company(company))
    elif company:
        profile["company"] = str(company)
    if "employees" in traits:
        profile.update(_company({"employees": traits["employees"]}))
    whole = traits.get("name")
    if isinstance(whole, str) and whole.strip() and "first_name" not in profile:
        first, _, last = whole.strip().partition(" ")
        profile["first_name"], profile["last_name"] = first, last or None
    address = traits.get("address")
    if isinstance(address, Mapping) and address.get("country") and "country" not in profile:
        profile["country"] = str(address["country"])


def _company(company: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, as_field in (("name", "company"), ("industry", "industry")):
        if company.get(name):
            said[as_field] = str(company[name])
    for name in ("employees", "employee_count"):
        try:
            count = int(str(company[name]))
        except (KeyError, ValueError):
            continue
        if 0 <= count <= _MOST_EMPLOYEES:
            said["employees"] = count
    return said
