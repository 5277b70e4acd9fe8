"""`nurture crm check` for Salesforce: are we let in, are the fields there, may we write them."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.agreement import SalesforceTerms
from nurture.crm.protocol import Looked
from nurture.crm.salesforce_errors import trouble
from nurture.crm.salesforce_session import VERSION, Session
from nurture.errors import CrmAway
from nurture.facts import HandoffState

KINDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "score": (("double", "int"), "Number(6, 1)"),
    "cycle": (("double", "int"), "Number(4, 0)"),
    "url": (("url", "string"), "URL"),
    "reason": (("string", "picklist"), "Text(255), or a picklist of your reject reasons' codes"),
}
"""What type a field has, and what it is called where it is made. All others are text."""
TEXT = (("string", "picklist", "textarea"), "Text(255)")


def look(terms: SalesforceTerms, session: Session) -> Iterator[Looked]:
    """Look at login, object and fields; ends at what hides the rest."""
    try:
        answer = session.ask("GET", f"/services/data/{VERSION}/sobjects/{terms.object}/describe")
    except CrmAway as error:
        if not error.needs_a_person:
            raise
        yield Looked("login", str(error), "see to the app in Salesforce's Setup, and to the environment")
        return
    if answer.status in (403, 404):
        yield Looked(terms.object, "cannot be seen", f"give the app's user Read, Create and Edit on {terms.object}")
        return
    if not answer.is_good or not isinstance(answer.data, dict):
        raise trouble(answer)
    yield Looked("login", f"we are in, by client credentials, and see {terms.object}")
    for right, word in (("createable", "Create"), ("updateable", "Edit")):
        if not answer.data.get(right):
            yield Looked(terms.object, f"may not be written ({right} is false)", f"give the app's user {word}")
    there = {found["name"]: found for found in answer.data["fields"]}
    yield _key(terms, there)
    yield from _fields(terms, there)
    yield from _values(terms, there)


def _key(terms: SalesforceTerms, there: Mapping[str, Any]) -> Looked:
    name = terms.external_id
    found = there.get(name)
    if found is None:
        return Looked(name, "no such field", f"create it on {terms.object}: {name}, Text(255), unique, external id")
    if not found.get("externalId"):
        return Looked(name, "is no external id", "edit the field: mark External ID, and Unique")
    if not found.get("unique"):
        return Looked(name, "is not unique, so a lead could become two", "edit the field: mark Unique")
    return Looked(name, "is there (external id)")


def _fields(terms: SalesforceTerms, there: Mapping[str, Any]) -> Iterator[Looked]:
    for told, name in terms.names.items():
        kinds, spoken = KINDS.get(told, TEXT)
        found = there.get(name)
        if found is None:
            yield Looked(
                name,
                "no such field, or hidden from us",
                f"create it on {terms.object}: {name}, {spoken}, visible to the app's user",
            )
        elif found["type"] not in kinds:
            yield Looked(
                name,
                f"is of type {found['type']}",
                f"it has to be {spoken}; another name goes under crm.salesforce.fields",
            )
        elif not found.get("updateable"):
            yield Looked(name, "may not be written", "let the app's user edit it (field-level security)")
        else:
            yield Looked(name, f"is there ({found['type']})")
    for name in (*terms.heard, terms.owner_field):
        if name not in there:
            yield Looked(name, "no such field, or hidden from us", "see to crm.salesforce in the agreement")


def _values(terms: SalesforceTerms, there: Mapping[str, Any]) -> Iterator[Looked]:
    """Values that we write, or that the agreement names, and that nobody can set there."""
    states: tuple[HandoffState, ...] = ("offered", "accepted", "contacted", "qualified", "lost", "rejected")
    written = {value for value in map(terms.status_for, states) if value}
    wanted = {name: set(values) for name, values in terms.statuses.items()}
    if terms.status_field:
        wanted[terms.status_field] = wanted.get(terms.status_field, set()) | written
    for name, values in wanted.items():
        found = there.get(name)
        if found and found["type"] == "picklist":
            absent = sorted(values - {value["value"] for value in found["picklistValues"] if value.get("active", True)})
            if absent:
                yield Looked(
                    name, f"has no value {', '.join(absent)}", "say under crm.salesforce which values yours are"
                )
