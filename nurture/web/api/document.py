"""The description in OpenAPI 3.1: what the framework knows of the routes, and what every call has in common."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import nurture
from nurture.web.api import examples
from nurture.web.api.components import IDEMPOTENCY_KEY, ITSELF, lead_schema, problem_schema
from nurture.web.api.problems import (
    AWAY,
    BROKEN,
    BUSY,
    CONFLICT,
    IN_FLIGHT,
    INVALID,
    KEY_REUSED,
    MALFORMED,
    MEDIA_TYPE,
    NO_KEY,
    NOT_FOUND,
    NOT_JSON,
    READ_ONLY,
    TOO_LARGE,
    TOO_MANY,
    Kind,
    Problem,
    to_json,
)

Json = dict[str, Any]
PREFIX = "/api"

DESCRIPTION = """\
For CRMs and other programs: leads in, answers of sales back. The same rules decide as for everything else.

- **Keys**: `Authorization: Bearer KEY`. `nurture api-keys create NAME` makes one; `API_KEY` may hold some too.
- **Lists** come in pages; `next` of an answer is the `cursor` of the next one.
- **Twice** is once: send an `Idempotency-Key` with a POST, and it may be sent again until an answer is heard.
- **Errors** are `application/problem+json` (RFC 9457) with one clear sentence in `detail`.
- **Times** are ISO 8601 with an offset, addresses in lower case. New keys may come to stand beside the old ones.
"""
TAGS = [
    {"name": "leads", "description": "People, unique by their address."},
    {"name": "handoffs", "description": "Leads offered to sales, and what sales says of them."},
    {"name": "agreement", "description": "What marketing and sales signed."},
    {"name": "reports", "description": "What came of it all."},
    {"name": "description", "description": "This."},
]
_OF_EVERY_CALL = (NO_KEY, TOO_MANY, BROKEN, AWAY)
_OF_EVERY_CHANGE = (MALFORMED, READ_ONLY, CONFLICT, TOO_LARGE, NOT_JSON)
_HEADERS: Json = {
    "RateLimit": {"description": "Calls that are left, and seconds until all are again.", "schema": {"type": "string"},
                  "example": '"calls";r=5999;t=1'},
    "RateLimit-Policy": {"description": "Calls that a key has in so many seconds, in each web process.",
                         "schema": {"type": "string"}, "example": '"calls";q=6000;w=60'},
}  # fmt: skip
_RETRY: Json = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def describe(api: FastAPI, base_url: str) -> Json:
    """The whole of it, where we are reached at `base_url`."""
    made = get_openapi(title="Nurture", version=nurture.__version__, openapi_version="3.1.0",
                       description=DESCRIPTION, routes=api.routes, tags=TAGS)  # fmt: skip
    paths: Json = {}
    for path, methods in made["paths"].items():
        address = PREFIX + path.replace(":path}", "}")
        paths[address] = {method: _operation(method, address, said, base_url) for method, said in methods.items()}
    paths[f"{PREFIX}/openapi.json"] = {"get": ITSELF}
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {"Problem": problem_schema(), "LeadIn": lead_schema()}
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "description": "A key of the API."}}
    parts["parameters"] = {"IdempotencyKey": IDEMPOTENCY_KEY}
    return {**made, "servers": [{"url": base_url}], "security": [{"bearer": []}], "paths": paths}


def _operation(method: str, path: str, said: Json, base_url: str) -> Json:
    kinds = list(_OF_EVERY_CALL)
    there = {int(status) for status in said["responses"] if status.isdigit()}
    if method == "post":
        kinds += [*_OF_EVERY_CHANGE, IN_FLIGHT, KEY_REUSED, BUSY]
        said["parameters"] = [*said.get("parameters", []), {"$ref": "#/components/parameters/IdempotencyKey"}]
        _describe_body(path, said)
    if NOT_FOUND.status in there:
        kinds.append(NOT_FOUND)
    if said.get("parameters") or method == "post":
        kinds.append(INVALID)
    responses = {status: answer for status, answer in said["responses"].items() if int(status) < 400}
    for answer in responses.values():
        answer["headers"] = _HEADERS
        media = answer["content"]["application/json"]
        media["example"] = json.loads(media["example"])
    if path == f"{PREFIX}/leads" and method == "post":
        responses["201"] = {**responses["200"], "description": "A new lead."}
    said["responses"] = responses | _problems(sorted(kinds, key=lambda kind: kind.status), base_url)
    return said


def _describe_body(path: str, said: Json) -> None:
    shown = examples.BODIES.get(f"POST {path}")
    if "requestBody" not in said or shown is None:
        return
    media = said["requestBody"]["content"]["application/json"]
    media["examples"] = {name: {"value": value} for name, value in shown.items()}
    if path == f"{PREFIX}/leads":
        media["schema"] = {"$ref": "#/components/schemas/LeadIn"}


def _problems(kinds: list[Kind], base_url: str) -> Json:
    """One response for each status, with an example of everything that it may mean."""
    responses: Json = {}
    for kind in kinds:
        example = to_json(Problem(kind, kind.example), base_url)
        there = responses.setdefault(str(kind.status), {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
        })  # fmt: skip
        there["content"][MEDIA_TYPE]["examples"][kind.name] = {"summary": kind.meaning, "value": example}
        if len(there["content"][MEDIA_TYPE]["examples"]) > 1 and kind.title not in there["description"]:
            there["description"] += f"; or: {kind.title[:1].lower()}{kind.title[1:]}"
        if kind in (TOO_MANY, AWAY, BUSY):
            there["headers"] = _RETRY
        if kind is NO_KEY:
            there["headers"] = {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}}
    return responses
