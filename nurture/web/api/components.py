"""Parts of the description that the framework does not know of: problems, leads as they are said, `Idempotency-Key`."""

from typing import Any

from nurture.facts import BASES
from nurture.web.api import replays
from nurture.web.api.problems import KINDS

Json = dict[str, Any]


def problem_schema() -> Json:
    """What every error is."""
    return {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {"type": "string", "format": "uri", "description": "Leads to where it is explained."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"enum": [kind.name for kind in KINDS], "description": "For programs: which problem it is."},
            "detail": {"type": "string", "description": "What is wrong here and now, in one sentence."},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Error"}},
        },
        "required": ["type", "title", "status", "code", "detail"],
    }


def lead_schema() -> Json:
    """What may be said of a lead."""
    text: Json = {"type": ["string", "null"], "maxLength": 500}
    flag: Json = {"type": ["boolean", "string", "null"]}
    names = (
        "first_name",
        "last_name",
        "title",
        "company",
        "country",
        "timezone",
        "locale",
        "industry",
        "source",
        "owner",
    )
    return {
        "type": "object",
        "description": "What you know of a lead. Null and empty say nothing. A name that is not among these is an "
        "attribute's (at most 200 of 1,024 octets each).",
        "required": ["email"],
        "properties": {
            "email": {"type": "string", "description": "Whose; what is known of this address is changed."},
            **dict.fromkeys(names, text),
            "employees": {"type": ["integer", "string", "null"], "description": "Of the company."},
            "attributes": {"type": ["object", "null"], "description": "Whatever else is known, by name."},
            "stage": {**text, "description": "Where a new lead stands; of known ones only `customer` and "
                      "`disqualified` are taken."},
            "reject_reason": {**text, "description": "Why sales refused it: `GET /api/reasons`."},
            "rejected_at": {**text, "description": "When: a date or a time. Without it: now."},
            "do_not_email": {**flag, "description": "True: it must not be mailed. False says nothing."},
            "tracking": {**flag, "description": "False: what it does must not be observed."},
            **{name: {**text, "description": said} for name, said in _CONSENT.items()},
        },
        "additionalProperties": True,
    }  # fmt: skip


_CONSENT = {
    "consent_basis": "On what ground it may be mailed: " + ", ".join(f"`{basis}`" for basis in BASES) + ".",
    "consent_at": "Since when.",
    "consent_source": "Where that was said.",
    "consent_wording": "In what words it was asked.",
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your own for this call, such as a UUID. Sent again with the same body it is answered as "
    "before (`Idempotent-Replayed: true`) and done once. Kept for two days, per key of the API.",
    "schema": {"type": "string", "minLength": 1, "maxLength": replays.LONGEST_KEY, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}
ITSELF: Json = {
    "tags": ["description"], "operationId": "openapi", "summary": "This description", "security": [],
    "description": "Open to everybody.",
    "responses": {
        "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}
    },
}  # fmt: skip
