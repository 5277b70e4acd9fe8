"""`nurture crm check` for HubSpot: is the token good, may it do what it has to, are the properties there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nurture.agreement import HubSpotTerms
from nurture.crm.hubspot_errors import trouble
from nurture.crm.protocol import Looked
from nurture.crm.wire import Answer

Send = Callable[..., Answer]

SCOPES = (
    "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read", "crm.objects.owners.read",
)  # fmt: skip
KINDS: Mapping[str, tuple[str, str]] = {
    "score": ("number", "Number"), "cycle": ("number", "Number"), "because": ("string", "Multi-line text"),
    "reason": ("string", "Single-line text, or a dropdown of your reject reasons' codes"),
}  # fmt: skip
"""What type a property has, and what it is called where it is made. All others are single-line text."""
TEXT = ("string", "Single-line text")


def look(terms: HubSpotTerms, token: str, send: Send) -> Iterator[Looked]:
    """Look at login, scopes and properties; ends at what hides the rest."""
    answer = send("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": token})
    if answer.status in (400, 401, 404) or not isinstance(answer.data, dict):
        yield Looked(
            "login", "HubSpot does not know the token", "set HUBSPOT_TOKEN to the access token of your private app"
        )
        return
    if not answer.is_good:
        raise trouble(answer)
    yield Looked("login", f"we are in, as app {answer.data.get('appId')} of account {answer.data.get('hubId')}")
    missing = [scope for scope in SCOPES if scope not in (answer.data.get("scopes") or ())]
    if missing:
        yield Looked("scopes", f"{', '.join(missing)} missing", "give the private app these scopes, then its new token")
    else:
        yield Looked("scopes", "all are there")
    if "crm.schemas.contacts.read" in missing:
        return
    yield from _properties(terms, _there(send))


def _there(send: Send) -> dict[str, Any]:
    answer = send("GET", "/crm/v3/properties/contacts", None, {"archived": "false"})
    if not answer.is_good or not isinstance(answer.data, dict):
        raise trouble(answer)
    return {found["name"]: found for found in answer.data["results"]}


def _properties(terms: HubSpotTerms, there: Mapping[str, Any]) -> Iterator[Looked]:
    for told, name in terms.names.items():
        kind, spoken = KINDS.get(told, TEXT)
        found = there.get(name)
        if found is None:
            yield Looked(
                name, "no such contact property", f"create it: object Contact, internal name {name}, type {spoken}"
            )
        elif found["type"] != kind and not (told == "reason" and found["type"] == "enumeration"):
            yield Looked(
                name,
                f"is of type {found['type']}",
                f"it has to be {spoken}; another name goes under crm.hubspot.fields",
            )
        else:
            yield Looked(name, f"is there ({found['type']})")
    for name in (*terms.heard, terms.owner_field):
        if name not in there:
            yield Looked(name, "no such contact property", "see to crm.hubspot in the agreement")
    yield from _options(terms, there)


def _options(terms: HubSpotTerms, there: Mapping[str, Any]) -> Iterator[Looked]:
    """Values that we write, or that the agreement names, and that nobody can set there."""
    field = terms.status_field or ""
    written = {
        terms.status_for(state) for state in ("offered", "accepted", "contacted", "qualified", "lost", "rejected")
    }
    wanted = {name: set(values) for name, values in terms.statuses.items()}
    wanted[field] = wanted.get(field, set()) | {value for value in written if value}
    for name, values in wanted.items():
        found = there.get(name)
        if not found or found["type"] != "enumeration":
            continue
        absent = sorted(values - {option["value"] for option in found.get("options") or ()})
        if absent:
            yield Looked(name, f"has no option {', '.join(absent)}", "add it there, or take it out of crm.hubspot")
