"""JSON Schemas of the two kinds of file, from which editors complete and explain.

Draft 7, which every editor knows. References are written out: draft 7 passes over what stands beside a `$ref`, and a
key's own description would be lost. A schema refuses nothing that `nurture check` takes; where it can say what is not
allowed, it does.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.grammar.shape import Shape
from nurture.workspace.explanations import Explanation, explanations, shapes_below
from nurture.workspace.snippets import add_snippets

Schema = dict[str, Any]

FOLDER = "schemas"
"""Where the files of a workspace look for them: `$schema=../schemas/campaign.schema.json`."""
_DRAFT = "http://json-schema.org/draft-07/schema#"
_NULL = {"type": "null"}
_FIRST = ("$schema", "$id", "title", "description", "examples", "default", "type")
"""What a person looks for in a schema stands first."""


@cache
def schemas() -> Mapping[str, str]:
    """The text of every schema, by the name of its file."""
    made = {"agreement.schema.json": agreement_schema(), "campaign.schema.json": campaign_schema()}
    return MappingProxyType({name: _written(schema) for name, schema in made.items()})


def agreement_schema() -> Schema:
    """The schema of `campaigns/agreement.yaml`."""
    return _schema(Agreement, "agreement", "The agreement between marketing and sales")


def campaign_schema() -> Schema:
    """The schema of `campaigns/<id>.yaml`, in which the id does not stand: it is the file's name."""
    schema = _schema(Campaign, "campaign", "A campaign")
    del schema["properties"]["id"]
    schema["required"].remove("id")
    return schema


def _schema(shape: type[Shape], name: str, title: str) -> Schema:
    raw = shape.model_json_schema()
    parts: dict[str, Schema] = raw.pop("$defs")
    for part in set(shapes_below(shape)):
        found = raw if part is shape else parts[part.__name__]
        found["title"] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part.__name__).lower()
        _explain(found["properties"], explanations(part))
    schema: Schema = _Writer(parts).whole(raw)
    schema.pop("examples", None)
    add_snippets(schema["properties"])
    return _ordered({**schema, "$schema": _DRAFT, "$id": f"urn:nurture:schema:{name}", "title": title})


def _explain(properties: dict[str, Schema], said: Mapping[str, Explanation]) -> None:
    for key, explanation in said.items():
        properties[key] |= {"title": key, "description": explanation.description}
        if explanation.examples:
            properties[key]["examples"] = list(explanation.examples)


class _Writer:
    """Writes references out, and leaves out what says nothing to a person."""

    def __init__(self, parts: Mapping[str, Schema]) -> None:
        self._parts = parts

    def whole(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self.whole(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            part = self._parts[schema["$ref"].rpartition("/")[2]]
            schema = {**part, **{key: value for key, value in schema.items() if key != "$ref"}}
        return _ordered(_optional(_tidy({key: self._value(key, value) for key, value in schema.items()})))

    def _value(self, key: str, value: Any) -> Any:
        if key in ("properties", "patternProperties"):
            below = {name: self.whole(schema) for name, schema in value.items()}
            return {name: _exampled(schema) for name, schema in below.items()} if key == "properties" else below
        return value if key in ("default", "examples", "enum", "const") else self.whole(value)


def _tidy(schema: Schema) -> Schema:
    if schema.get("default", 0) in (None, []) or isinstance(schema.get("default"), dict):
        del schema["default"]
    if "patternProperties" in schema:
        schema["additionalProperties"] = False
    return schema


def _optional(schema: Schema) -> Schema:
    """Without null: who means nothing leaves the key out, and a key after which nothing stands is a mistake."""
    choices = schema.get("anyOf", [])
    if _NULL not in choices:
        return schema
    given = [choice for choice in choices if choice != _NULL]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**given[0], **rest} if len(given) == 1 else {**rest, "anyOf": given}


def _ordered(schema: Schema) -> Schema:
    return {key: schema[key] for key in (*_FIRST, *schema) if key in schema}


def _exampled(schema: Any) -> Any:
    """A key's schema with the examples of what it is made of, where it has none itself."""
    if (
        not isinstance(schema, dict)
        or "description" not in schema
        or "examples" in schema
        or not (found := _examples(schema))
    ):
        return schema
    return _ordered({**schema, "examples": found})


def _examples(schema: Schema) -> list[Any]:
    if "examples" in schema:
        return list(schema["examples"])
    if "default" in schema:
        return [schema["default"]]
    if "const" in schema or "enum" in schema:
        return [schema["const"] if "const" in schema else schema["enum"][0]]
    if schema.get("type") == "array":
        return [[example] for example in _examples(schema["items"])[:1]]
    if "properties" in schema:
        found = {key: _examples(value) for key, value in schema["properties"].items()}
        return [{key: examples[0] for key, examples in found.items()}] if all(found.values()) else []
    return [example for choice in schema.get("anyOf", []) for example in _examples(choice)]


def _written(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
