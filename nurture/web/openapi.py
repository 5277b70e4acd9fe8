"""The description of `/v1/…` in OpenAPI 3.1, for people, for generators of clients, and for the tests that fuzz it.

Written by hand beside the routes, which are raw. What it says of messages is what a client should send; what is taken
is more (docs/events.md).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import nurture
from nurture.web import segment, v1_answers
from nurture.web.client_settings import client_settings
from nurture.web.openapi_messages import EXAMPLES, MESSAGES, SCHEMAS
from nurture.web.segment import CALLS, Refusal

Json = dict[str, Any]

_LONG_NAMES = tuple(name for name in CALLS if len(name) > 1)
_SECURITY: list[Json] = [{"basic": []}, {"bearer": []}, {"header": []}, {}]

_RETRY = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "The same.", "schema": {"type": "integer"}},
}


def document(base_url: str) -> Json:
    """The whole of it, where we are reached at `base_url`."""
    paths = {f"/v1/{name}": {"post": _operation(name, call)} for name, call in CALLS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nurture: events",
            "version": nurture.__version__,
            "description": "The Segment HTTP tracking API. 200 means that the events are stored; 429 and 5xx that they "
            "are to be sent again, with the same `messageId`; any other 4xx that this request will never be taken.",
        },
        "servers": [{"url": base_url}],
        "paths": {**paths, **_pages(base_url)},
        "components": {
            "schemas": {**SCHEMAS, "Success": _SUCCESS, "Error": _error_schema()},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "The write key as user, no password."},
                "bearer": {"type": "http", "scheme": "bearer", "description": "The write key."},
                "header": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
            },
        },
    }


_SUCCESS: Json = {
    "type": "object",
    "properties": {"success": {"const": True}},
    "required": ["success"],
    "additionalProperties": False,
}


def _error_schema() -> Json:
    codes = sorted({refusal.code for refusal in (*segment.REFUSALS, *v1_answers.REFUSALS)})
    return {
        "type": "object",
        "properties": {"success": {"const": False}, "code": {"enum": codes}, "message": {"type": "string"}},
        "required": ["success", "code", "message"],
    }


def _operation(name: str, call: str) -> Json:
    summary, schema = MESSAGES[call]
    examples = {key: {"value": value} for key, value in EXAMPLES[call].items()}
    as_long = next(long for long in _LONG_NAMES if CALLS[long] == call)
    return {
        "operationId": name if name in _LONG_NAMES else f"{call}_{name}",
        "summary": summary if name == as_long else f"{summary} The same as `/v1/{as_long}`.",
        "tags": ["events"],
        "security": _SECURITY,
        "requestBody": {
            "required": True,
            "description": "JSON, whatever the content type says; gzip is told by its first octets.",
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": examples}
            },
        },
        "responses": {
            "200": _response("The events are stored, or were before.", "Success", {"success": True}),
            **_refusals(segment.REFUSALS),
            **_refusals((v1_answers.BUSY, v1_answers.TRY_AGAIN), headers=_RETRY),
        },
    }


def _pages(base_url: str) -> Json:
    shown = client_settings("WRITE_KEY", base_url)
    body: Json = {"schema": {"type": "object"}}
    ok = {"description": "Its settings.", "content": {"application/json": {**body, "example": shown}}}
    itself = {"description": "This.", "content": {"application/json": body}}
    key = {"name": "writeKey", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "/v1/projects/{writeKey}/settings": {
            "get": {
                "operationId": "settings",
                "summary": "What a client for browsers or phones is to do.",
                "tags": ["clients"],
                "parameters": [key],
                "responses": {"200": ok, **_refusals((v1_answers.UNKNOWN_KEY,))},
            }
        },
        "/v1/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This description.",
                "tags": ["clients"],
                "responses": {"200": itself},
            }
        },
    }


def _response(description: str, schema: str, example: Json) -> Json:
    body = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {"description": description, "content": {"application/json": body}}


def _refusals(refusals: Iterable[Refusal], headers: Mapping[str, Json] | None = None) -> Json:
    """One response for each status, with everything that it may mean."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    responses: Json = {}
    for status, several in by_status.items():
        said = "\n".join(f"- `{one.code}`: {one.message}" for one in several)
        example = {"success": False, "code": several[0].code, "message": several[0].message}
        responses[str(status)] = _response(said, "Error", example)
        if headers:
            responses[str(status)]["headers"] = dict(headers)
    return responses
