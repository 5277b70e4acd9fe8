"""What HubSpot's errors mean: one contact's trouble, ours, or nobody's (https://developers.hubspot.com/docs/api-reference/error-handling)."""

from collections.abc import Iterator
from typing import Any

from nurture.crm.wire import Answer, one_line
from nurture.errors import CrmAway

OUR_FIELDS = ("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE")
"""Codes that say that a property is not as we need it: no contact can be written until somebody sees to it."""
TEN_SECONDS, AN_HOUR = 10.0, 3600.0


def is_of_a_record(answer: Answer) -> bool:
    """Whether it is about contacts of the batch: then others of it may well be taken."""
    if answer.status not in (400, 409) or not isinstance(answer.data, dict):
        return False
    said = str(answer.data)
    category = answer.data.get("category")
    return category in ("VALIDATION_ERROR", "CONFLICT", "OBJECT_ALREADY_EXISTS", "OBJECT_NOT_FOUND") and not any(
        code in said for code in OUR_FIELDS
    )


def refusal(error: Any) -> str:
    """Why one contact was not taken, in HubSpot's words."""
    if not isinstance(error, dict):
        return "HubSpot does not say why"
    parts = [error.get("message"), *(detail.get("message") for detail in error.get("errors") or ())]
    return one_line("; ".join(str(part) for part in parts if part) or error.get("category") or "no reason given")


def whose(error: Any) -> Iterator[str]:
    """Which of our inputs an error of a batch is about."""
    context = error.get("context") or {}
    for key in ("objectWriteTraceId", "id", "ids", "email"):
        named = context.get(key) or ()
        yield from map(str, [named] if isinstance(named, str) else named)


def trouble(answer: Answer) -> CrmAway:
    """What stands in the way of all contacts."""
    data = answer.data if isinstance(answer.data, dict) else {}
    said = refusal(data) if data else "no JSON"
    if answer.status == 401:
        return CrmAway("HubSpot does not let us in: HUBSPOT_TOKEN is wrong or revoked", needs_a_person=True)
    if answer.status == 403:
        return CrmAway(f"HubSpot refuses this to HUBSPOT_TOKEN: {said}{_scopes(data)}", needs_a_person=True)
    if answer.status == 429:
        daily = data.get("policyName") == "DAILY"
        wait = answer.retry_after or (AN_HOUR if daily else TEN_SECONDS)
        return CrmAway("HubSpot takes no more today" if daily else "HubSpot asks us to slow down", retry_after=wait)
    if answer.status == 400:
        return CrmAway(f"HubSpot does not take what we write: {said}; run `nurture crm check`", needs_a_person=True)
    if 300 <= answer.status < 400:
        return CrmAway(f"HubSpot answered {answer.status}, and redirects are not followed", needs_a_person=True)
    return CrmAway(f"HubSpot answered {answer.status}: {said}", retry_after=answer.retry_after)


def _scopes(data: dict[str, Any]) -> str:
    """The scopes that are missing, where HubSpot names them."""
    found: list[str] = []
    for detail in data.get("errors") or ():
        context = detail.get("context") or {}
        found += context.get("requiredGranularScopes") or context.get("requiredScopes") or ()
    return f" (missing: {', '.join(sorted(set(found)))})" if found else ""
