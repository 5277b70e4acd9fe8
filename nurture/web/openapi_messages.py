"""The messages of `/v1/…` as JSON Schema, each with examples. docs/events.md shows the same, and a test sends them."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_ID: Json = {"type": ["string", "integer", "null"], "maxLength": 255}
_OBJECT: Json = {"type": ["object", "null"]}
_TIME: Json = {
    "type": ["string", "integer", "null"],
    "description": "ISO 8601 (UTC where it has no offset), or Unix seconds or milliseconds.",
}
_TEXT: Json = {"type": ["string", "null"]}

_COMMON: Json = {
    "messageId": {"type": ["string", "null"], "description": "Sent again, it is the same event. Unique within a key."},
    "userId": {**_ID, "description": "Your own id of the person, or the e-mail address."},
    "anonymousId": {**_ID, "description": "The browser's."},
    "timestamp": {**_TIME, "description": "When it happened."},
    "originalTimestamp": _TIME,
    "sentAt": {**_TIME, "description": "When the client sent it: what its clock is off by is corrected by this."},
    "context": {**_OBJECT, "description": "`traits`, `page`, `campaign` and `userAgent` are read."},
    "integrations": {**_OBJECT, "description": "Taken, and not used: there is one destination."},
    "writeKey": {"type": "string", "description": "In place of a header."},
}


def _message(description: str, properties: Json, *required: str) -> Json:
    said = {"type": "object", "description": description, "properties": {**_COMMON, **properties}}
    return {**said, "required": list(required)} if required else said


_KINDS: Mapping[str, Json] = {
    "Identify": _message("Who somebody is.", {"traits": _OBJECT}),
    "Track": _message("What somebody did.", {"event": {"type": "string"}, "properties": _OBJECT}, "event"),
    "Page": _message("A page that somebody saw.", {"name": _TEXT, "properties": _OBJECT}),
    "Screen": _message("A screen of an app that somebody saw.", {"name": _TEXT, "properties": _OBJECT}),
    "Group": _message("The company that somebody is with.", {"groupId": _ID, "traits": _OBJECT}),
    "Alias": _message("Two ids of one person.", {"previousId": _ID}, "userId"),
}


def _typed(name: str) -> Json:
    kind = {"type": "object", "properties": {"type": {"const": name.lower()}}, "required": ["type"]}
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}, kind]}


SCHEMAS: Mapping[str, Json] = {
    **_KINDS,
    "Batch": {
        "type": "object",
        "description": "Up to 2,500 messages, each with its `type`; 500 KB in all.",
        "properties": {
            "batch": {"type": "array", "maxItems": 2500, "items": {"anyOf": [_typed(name) for name in _KINDS]}},
            "sentAt": _TIME,
            "context": {**_OBJECT, "description": "Stands under each message's own."},
            "integrations": _OBJECT,
            "writeKey": {"type": "string"},
        },
        "required": ["batch"],
    },
}

MESSAGES: Mapping[str, tuple[str, str]] = {
    "identify": ("Say who somebody is.", "Identify"),
    "track": ("Say what somebody did.", "Track"),
    "page": ("Say which page somebody saw.", "Page"),
    "screen": ("Say which screen of an app somebody saw.", "Screen"),
    "group": ("Say which company somebody is with.", "Group"),
    "alias": ("Say that two ids are one person.", "Alias"),
    "batch": ("Send several messages at once.", "Batch"),
}
"""Of each call: what it does, and the schema of its body."""

_WHO = {"userId": "u-1042"}

EXAMPLES: Mapping[str, Mapping[str, Json]] = {
    "identify": {
        "a form": {
            "messageId": "form-7f2c",
            "anonymousId": "b3a1c9",
            **_WHO,
            "traits": {
                "email": "maria.rossi@buyer.example", "firstName": "Maria", "title": "VP Operations",
                "company": {"name": "Buyer Ltd", "industry": "Manufacturing", "employees": 450},
            },
        }
    },
    "track": {
        "a webinar": {
            "messageId": "zoom-88121-u-1042", **_WHO, "event": "Webinar Attended", "properties": {"minutes": 42},
            "timestamp": "2026-03-03T17:05:00Z",
        }
    },
    "page": {
        "a page": {
            "messageId": "ajs-1f0e", "anonymousId": "b3a1c9",
            "properties": {"path": "/pricing", "url": "https://www.acme.example/pricing", "title": "Pricing"},
        }
    },
    "screen": {"a screen": {"messageId": "app-5512", **_WHO, "name": "Plan & Billing"}},
    "group": {
        "a company": {
            "messageId": "crm-311", **_WHO, "groupId": "buyer-ltd",
            "traits": {"name": "Buyer Ltd", "industry": "Manufacturing", "employees": 450, "plan": "trial"},
        }
    },
    "alias": {"two ids": {"messageId": "alias-9", "previousId": "b3a1c9", **_WHO}},
    "batch": {
        "a visit": {
            "sentAt": "2026-03-03T17:05:10Z",
            "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
            "batch": [
                {"type": "page", "messageId": "p-1", "anonymousId": "b3a1c9", "timestamp": "2026-03-03T17:05:01Z",
                 "properties": {"path": "/pricing"}},
                {"type": "track", "messageId": "t-1", "anonymousId": "b3a1c9", "timestamp": "2026-03-03T17:05:09Z",
                 "event": "Whitepaper Downloaded"},
            ],
        }
    },
}  # fmt: skip
"""Of each call: what its body may look like."""
