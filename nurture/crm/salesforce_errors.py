"""What Salesforce's errors mean: one record's trouble, ours, or nobody's (REST API, "Status Codes and Errors")."""

from collections.abc import Sequence
from typing import Any

from nurture.crm.wire import Answer, one_line
from nurture.errors import CrmAway

PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "UNKNOWN_EXCEPTION"})
"""Codes of one record that mean nothing in a while."""
OURS = frozenset(
    {
        "INVALID_FIELD",
        "INVALID_TYPE",
        "NOT_FOUND",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD",
    }
)
"""Codes that say that a field or an object is not as we need it."""
AN_HOUR = 3600.0


def is_passing(errors: Sequence[Any]) -> bool:
    """Whether one record may well be taken another time."""
    return any(error.get("statusCode") in PASSING for error in errors)


def refusal(errors: Sequence[Any]) -> str:
    """Why one record was not taken, in Salesforce's words."""
    said = "; ".join(f"{error.get('statusCode')}: {error.get('message')}" for error in errors)
    return one_line(said or "Salesforce does not say why")


def trouble(answer: Answer) -> CrmAway:
    """What stands in the way of all records."""
    first = answer.data[0] if isinstance(answer.data, list) and answer.data else answer.data
    first = first if isinstance(first, dict) else {}
    code = str(first.get("errorCode") or "")
    said = one_line(f"{code}: {first.get('message')}" if code else f"answered {answer.status}")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return CrmAway("Salesforce takes no more requests today (REQUEST_LIMIT_EXCEEDED)", retry_after=AN_HOUR)
    if answer.status == 401:
        return CrmAway(f"Salesforce does not take the token that it has just given ({said})", needs_a_person=True)
    if answer.status == 403 or code in OURS or answer.status in (300, 400, 404):
        return CrmAway(f"Salesforce refuses what we ask: {said}; run `nurture crm check`", needs_a_person=True)
    return CrmAway(f"Salesforce {said}", retry_after=answer.retry_after)


def login_trouble(answer: Answer) -> CrmAway:
    """Why there is no token (RFC 6749, 5.2)."""
    data = answer.data if isinstance(answer.data, dict) else {}
    if answer.status in (400, 401, 403):
        said = one_line(": ".join(filter(None, (data.get("error"), data.get("error_description")))) or answer.status)
        return CrmAway(
            f"Salesforce does not let us in ({said}); see to SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET, and "
            "whether the app may use the client credentials flow and runs as a user",
            needs_a_person=True,
        )
    return CrmAway(f"Salesforce gives no token: it answered {answer.status}", retry_after=answer.retry_after)
