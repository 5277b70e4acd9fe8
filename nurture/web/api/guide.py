"""`/docs`: the description for people, made on this side: no script, nothing from elsewhere."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from nurture.web.api.problems import KINDS
from nurture.web.pages import page

Json = Mapping[str, Any]

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a key of a body or an answer."""

    name: str
    type: str
    required: bool
    said: Markup


@dataclass(frozen=True, slots=True)
class Shown:
    """An example, by what it is of."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    said: Markup
    parameters: tuple[Value, ...]
    body: tuple[Value, ...]
    curl: tuple[Shown, ...]
    keys: tuple[Value, ...]
    answers: tuple[Shown, ...]
    problems: tuple[tuple[str, str], ...]


def guide(document: Json) -> Response:
    """The page."""
    base_url = document["servers"][0]["url"]
    groups = [
        (tag["name"], _prose(tag["description"]), [*_operations(document, tag["name"], base_url)])
        for tag in document["tags"]
    ]
    values = {
        "title": f"{document['info']['title']}: API",
        "version_of": document["info"]["version"],
        "said": _prose(document["info"]["description"]),
        "base_url": base_url,
        "groups": groups,
        "problems": [(kind, _prose(kind.meaning)) for kind in KINDS],
    }
    return page("api", values)


def _operations(document: Json, tag: str, base_url: str) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if tag in said["tags"]:
                yield _operation(document, path, method, said, base_url)


def _operation(document: Json, path: str, method: str, said: Json, base_url: str) -> Operation:
    responses = said["responses"]
    good = next(answer for status, answer in responses.items() if int(status) < 300)
    media = good["content"]["application/json"]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema, answered = _resolved(document, body.get("schema", {})), _resolved(document, media["schema"])
    parameters = [_resolved(document, one) for one in said.get("parameters", ())]
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        said=_prose(said.get("description", "")),
        parameters=tuple(
            Value(one["name"], f"{one['in']}, {_type(document, one['schema'])}", one.get("required", False),
                  _prose(one.get("description", "")))
            for one in parameters
        ),
        body=tuple(_values(document, schema)),
        curl=tuple(_curl(base_url + path, method, body)),
        keys=tuple(_values(document, answered)),
        answers=(Shown(f"{next(iter(responses))} {good['description']}", _pretty(media["example"])),)
        if "example" in media
        else (),
        problems=tuple((status, one["description"]) for status, one in responses.items() if int(status) >= 400),
    )  # fmt: skip


def _curl(url: str, method: str, body: Json) -> Iterator[Shown]:
    """Commands that can be pasted, once the key and what is in braces are put in."""
    line = f'curl -H "Authorization: Bearer $KEY" {shlex.quote(url)}'
    if method == "get":
        yield Shown("", line)
        return
    sent = [(name, example["value"]) for name, example in body.get("examples", {}).items()] or [("", {})]
    for name, value in sent:
        data = f" \\\n  --json {shlex.quote(json.dumps(value, indent=2))}" if value else " -X POST"
        yield Shown(name, f"{line}{data}")


def _values(document: Json, schema: Json) -> Iterator[Value]:
    required = schema.get("required", ())
    for name, said in schema.get("properties", {}).items():
        words = _resolved(document, said).get("description", "") if "description" not in said else said["description"]
        yield Value(name, _type(document, said), name in required, _prose(words))


def _type(document: Json, schema: Json) -> str:
    """A type as people say it: `text`, `one of a, b`, `list of …`."""
    if "$ref" in schema:
        there = _resolved(document, schema)
        return schema["$ref"].rpartition("/")[2] if there.get("type") == "object" else _type(document, there)
    if "anyOf" in schema:
        several = [_type(document, one) for one in schema["anyOf"]]
        return " or ".join(dict.fromkeys(several))
    if "enum" in schema:
        return "one of " + ", ".join(str(word) for word in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    kinds = schema.get("type", "anything")
    if kinds == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    return " or ".join(_named(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _named(kind: str, schema: Json) -> str:
    if kind == "string" and schema.get("format") == "date-time":
        return "time"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)


def _resolved(document: Json, schema: Json) -> Json:
    """What a reference refers to; of several that are possible, the one that is an object."""
    if "$ref" in schema:
        there: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            there = there[part]
        return _resolved(document, there)
    if "anyOf" in schema:
        return next((_resolved(document, one) for one in schema["anyOf"] if "$ref" in one), schema)
    return schema


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _prose(text: str) -> Markup:
    """Markdown of ours as HTML."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - HTML in it is shown, not made
