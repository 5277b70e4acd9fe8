"""Segment's traits, as fields and attributes of a lead's profile."""

from collections.abc import Mapping
from typing import Any

from nurture.segment.consenting import TRAIT

_CALLED = {
    "firstname": "first_name",
    "givenname": "first_name",
    "lastname": "last_name",
    "familyname": "last_name",
    "surname": "last_name",
    "fullname": "name",
    "position": "title",
    "jobtitle": "title",
    "organizationtitle": "title",
    "companyname": "company",
    "organization": "company",
    "countryname": "country",
    **{name: name for name in ("name", "title", "company", "country", "timezone", "locale", "industry", "source")},
    "employees": "employees",
}
"""Names of traits, in small letters without signs between them, and what they mean here: Segment's (Spec: Identify,
"Traits"), those of fields of forms (HTML: "autofill field"), and ours."""

_SIGNS = str.maketrans("", "", "_- ")

_FIELDS = frozenset({"first_name", "last_name", "title", "country", "timezone", "locale", "industry", "source"})

_MOST_EMPLOYEES = 10**8
"""More than any employer has; a larger number is somebody's mistake, and may not fit the column."""

_LONGEST_TEXT = 500

_OF_COMPANY = frozenset({"name", "industry", "employees", "employee_count", "id"})
"""A company's traits that are fields of a profile, or nothing. The others become attributes that begin `company_`."""

_NOT_ATTRIBUTES = frozenset({"email", "company", "employees", "name", "address", "id", "owner"})


def merge_traits(profile: dict[str, Any], traits: Mapping[str, Any]) -> None:
    """Write Segment's traits into a profile's fields, and the rest into its attributes.

    Those of the company, which a group message tells too, are among a person's as `company`, an object or its name.
    """
    traits = _by_our_names(traits)
    for name, value in traits.items():
        if name in _FIELDS:
            _set(profile, name, value)
        elif name not in _NOT_ATTRIBUTES and not (name == TRAIT and isinstance(value, Mapping)):
            profile["attributes"][name] = value
    company = traits.get("company")
    if isinstance(company, Mapping):
        _merge_company(profile, company)
    else:
        _set(profile, "company", company)
    _set_employees(profile, traits.get("employees"))
    whole = traits.get("name")
    if isinstance(whole, str) and whole.strip() and "first_name" not in profile:
        first, _, last = whole.strip()[:_LONGEST_TEXT].partition(" ")
        profile["first_name"], profile["last_name"] = first, last or None
    address = traits.get("address")
    if isinstance(address, Mapping) and "country" not in profile:
        _set(profile, "country", address.get("country"))


def _by_our_names(traits: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, by the names above; of two that mean the same, the one that is called so."""
    said: dict[str, Any] = {}
    for name, value in traits.items():
        if value not in (None, ""):
            ours = _CALLED.get(name.translate(_SIGNS).lower(), name)
            said[ours] = value if name == ours else said.get(ours, value)
    return said


def _merge_company(profile: dict[str, Any], company: Mapping[str, Any]) -> None:
    _set(profile, "company", company.get("name"))
    _set(profile, "industry", company.get("industry"))
    for name in ("employees", "employee_count"):
        _set_employees(profile, company.get(name))
    for name, value in company.items():
        if name not in _OF_COMPANY and value not in (None, ""):
            profile["attributes"][f"company_{name}"] = value


def _set(profile: dict[str, Any], field: str, value: object) -> None:
    """Set a field to a text or number; what is neither says nothing."""
    if isinstance(value, str | int | float) and not isinstance(value, bool) and (text := str(value).strip()):
        profile[field] = text[:_LONGEST_TEXT]


def _set_employees(profile: dict[str, Any], value: object) -> None:
    try:
        count = int(value) if isinstance(value, float) else int(str(value))
    except (ValueError, OverflowError):
        return
    if 0 <= count <= _MOST_EMPLOYEES:
        profile["employees"] = count
