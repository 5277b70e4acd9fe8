"""The JSON Schemas: complete, fresh, and as true as `nurture check` as far as a schema can say it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from nurture.agreement import Agreement
from nurture.campaign import Campaign
from nurture.cli.main import app
from nurture.errors import UsageError
from nurture.facts import STAGES
from nurture.grammar.shape import Shape
from nurture.workspace.explanations import shapes_below
from nurture.workspace.parsing import parse
from nurture.workspace.schemas import agreement_schema, campaign_schema, schemas
from nurture.workspace.shapes import keys_of
from nurture.workspace.shaping import shaped
from nurture.workspace.source import Source
from tests.workspace.files import EXAMPLES
from tests.workspace.test_properties import mutants

ROOT = Path(__file__).parents[2]
SCHEMAS: dict[type[Shape], dict[str, Any]] = {Agreement: agreement_schema(), Campaign: campaign_schema()}
VALIDATORS = {shape: Draft7Validator(schema) for shape, schema in SCHEMAS.items()}
FILES = [
    path
    for folder in ("campaigns", "tests")
    for path in sorted(ROOT.glob(f"{folder}/**/*.yaml"))
    if not {"node_modules", "described"} & {*path.parts}  # what is described there are others' APIs
]
RUN = CliRunner()


def _data(path: Path) -> Any:
    document, problems = parse(Source(path.name, path, path.read_text(encoding="utf-8")))
    assert document
    assert not problems
    return document.data


FULL = {shape: _data(EXAMPLES / f"full/{shape.__name__.lower()}.yaml") for shape in SCHEMAS}
RIVALS = ({"points", "grade"}, {"email", "survey"})


def _is_fine(shape: type[Shape], data: Any) -> bool:
    """Whether `nurture check` has nothing to say of the file, its references to others aside."""
    text = json.dumps(data)
    document, problems = parse(Source("x.yaml", Path("x.yaml"), text))
    if document is None or problems:
        return False
    _, problems = shaped(shape, document, **({"id": "some-id"} if shape is Campaign else {}))
    return not problems


def _complaints(shape: type[Shape], data: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in VALIDATORS[shape].iter_errors(data)]


def _put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The data with another value at a path, or without that key where the value is `GONE`."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(data, list):
        return [_put(item, rest, value) if index == first else item for index, item in enumerate(data)]
    if value is GONE and not rest:
        return {key: below for key, below in data.items() if key != first}
    return {**data, first: _put(data.get(first, {}), rest, value)}


GONE = object()


def _keys(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every key that a file may have, with its schema; what only restrains others is passed over."""
    if not isinstance(schema, dict):
        return
    for key, below in schema.get("properties", {}).items():
        yield (*path, key), below
        yield from _keys(below, (*path, key))
    for below in schema.get("patternProperties", {}).values():
        yield from _keys(below, (*path, "*"))
    for name in ("items", "additionalProperties"):
        yield from _keys(schema.get(name), (*path, "*"))
    for index, choice in enumerate(schema.get("anyOf", [])):
        yield from _keys(choice, (*path, f"?{index}"))


KEYS = [(shape, path, schema) for shape, whole in SCHEMAS.items() for path, schema in _keys(whole)]
KEY_NAMES = [f"{shape.__name__.lower()}:{'.'.join(path)}" for shape, path, _ in KEYS]


@pytest.mark.parametrize("shape", SCHEMAS, ids=lambda shape: shape.__name__)
def test_a_schema_is_one_of_draft_7_that_refers_to_nothing_else(shape: type[Shape]) -> None:
    schema = SCHEMAS[shape]
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"]
    assert schema["title"]
    assert schema["description"]
    assert '"$ref"' not in json.dumps(schema)


def test_the_schemas_that_are_checked_in_are_fresh() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").iterdir()} == schemas()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_without_a_fault_has_none_by_its_schema(path: Path) -> None:
    assert _complaints(Agreement if path.name == "agreement.yaml" else Campaign, _data(path)) == []


@pytest.mark.parametrize(("shape", "path", "schema"), KEYS, ids=KEY_NAMES)
def test_a_key_is_explained(shape: type[Shape], path: tuple[str, ...], schema: dict[str, Any]) -> None:
    assert schema["description"][-1] in ".:"
    assert "\n" not in schema["description"]
    assert schema["examples"]


@pytest.mark.parametrize(("shape", "path", "schema"), KEYS, ids=KEY_NAMES)
def test_an_example_is_taken_where_it_stands(shape: type[Shape], path: tuple[str, ...], schema: dict[str, Any]) -> None:
    for example in schema["examples"]:
        assert not list(Draft7Validator(schema).iter_errors(example))
        data = _with_example(shape, path, example)
        assert _complaints(shape, data) == []
        assert _is_fine(shape, data)


@pytest.mark.parametrize("shape", SCHEMAS, ids=lambda shape: shape.__name__)
def test_every_key_of_a_shape_is_in_its_schema(shape: type[Shape]) -> None:
    """What `FULL` lacks would go untested."""
    named = {part for known, path, _ in KEYS if known is shape for part in path if part[0] not in "*?"}
    for part in shapes_below(shape):
        assert set(keys_of(part)) - {"id"} <= named
    text = json.dumps(FULL[shape])
    assert [name for name in named if f'"{name}"' not in text and name not in STAGES] == []


REFUSED: list[tuple[type[Shape], tuple[str | int, ...], Any]] = [
    (Campaign, ("topik",), "product"),
    (Campaign, ("id",), "not-ready"),
    (Campaign, ("status",), "alive"),
    (Campaign, ("status",), GONE),
    (Campaign, ("name",), ""),
    (Campaign, ("name",), "x" * 501),
    (Campaign, ("name",), 2024),
    (Campaign, ("topic",), "our product"),
    (Campaign, ("topic",), None),
    (Campaign, ("priority",), "10"),
    (Campaign, ("priority",), True),
    (Campaign, ("cadence", "every"), "1 weak"),
    (Campaign, ("cadence", "every"), "4 hours"),
    (Campaign, ("cadence", "every"), 7),
    (Campaign, ("cadence", "every"), "0 days"),
    (Campaign, ("cadence", "days"), "mon-fir"),
    (Campaign, ("cadence", "days"), []),
    (Campaign, ("cadence", "days"), ["tue, wed"]),
    (Campaign, ("cadence", "hours"), "9-11"),
    (Campaign, ("cadence", "hours"), "09:00-24:00"),
    (Campaign, ("cadence", "slow_down", "after"), 0),
    (Campaign, ("enroll", "again"), "30 days"),
    (Campaign, ("enroll", "unready"), "maybe"),
    (Campaign, ("enroll", "stages"), []),
    (Campaign, ("enroll", "stages"), ["lead"]),
    (Campaign, ("enroll", "when"), ""),
    (Campaign, ("enroll", "when"), None),
    (Campaign, ("enroll", "when"), "x" * 2001),
    (Campaign, ("order",), "random"),
    (Campaign, ("steps",), []),
    (Campaign, ("steps", 0, "emial"), "a/b"),
    (Campaign, ("steps", 0, "email"), GONE),
    (Campaign, ("steps", 0, "survey"), "a/b"),
    (Campaign, ("steps", 0, "id"), "a b"),
    (Campaign, ("steps", 0, "variants"), {"a b": "a/b"}),
    (Agreement, ("company", "reply_to"), "ada@acme"),
    (Agreement, ("company", "reply_to"), "ada at acme.example"),
    (Agreement, ("company", "reply_to"), "ada@1.2.3.4"),
    (Agreement, ("company", "sender"), "Ada <ada@acme>"),
    (Agreement, ("company", "timezone"), "Chicago, Illinois"),
    (Agreement, ("company", "holidays"), "USA"),
    (Agreement, ("fit", 0, "grade"), "A"),
    (Agreement, ("fit", 0, "points"), GONE),
    (Agreement, ("fit", 0, "points"), 10_001),
    (Agreement, ("fit", 0, "points"), 1.5),
    (Agreement, ("fit", 1, "grade"), "E"),
    (Agreement, ("grades", "unknown"), "F"),
    (Agreement, ("signals", "web inar"), {"when": "clicked", "points": 1}),
    (Agreement, ("signals", "pricing", "points"), GONE),
    (Agreement, ("signals", "pricing", "points"), 0),
    (Agreement, ("signals", "pricing", "when"), "clicks"),
    (Agreement, ("signals", "pricing", "when"), {"pge": "/pricing"}),
    (Agreement, ("signals", "pricing", "when"), {"page": "pricing"}),
    (Agreement, ("signals", "pricing", "when"), {"page": "https://acme.example/pricing"}),
    (Agreement, ("signals", "pricing", "when"), {"page": "/pricing", "track": "Pricing"}),
    (Agreement, ("signals", "pricing", "when"), {"answer": "timing=now", "if": "lead.cycle > 1"}),
    (Agreement, ("signals", "pricing", "when"), {"answer": "timing="}),
    (Agreement, ("signals", "webinar", "at_most"), "0 per day"),
    (Agreement, ("signals", "webinar", "at_most"), 0),
    (Agreement, ("signals", "webinar", "tell"), "manager"),
    (Agreement, ("qualify",), []),
    (Agreement, ("qualify", 0, "score"), -1),
    (Agreement, ("reject_reasons", "no_budget", "then"), "sales"),
    (Agreement, ("reject_reasons", "no_outcome", "then"), "sales"),
    (Agreement, ("sla", "hours", "from"), "9am"),
    (Agreement, ("sla", "hours", "start"), "09:00"),
    (Agreement, ("sla", "accept_within"), "soon"),
    (Agreement, ("sla", "attempts", "count"), 101),
    (Agreement, ("sla", "on_breach"), ["fire"]),
    (Agreement, ("assign", 0, "to"), []),
    (Agreement, ("assign", 0, "to"), "nobody"),
    (Agreement, ("sources", "website"), "organic"),
    (Agreement, ("stages", "lead"), "A lead"),
    (Agreement, ("targets", "sla_met"), "101%"),
    (Agreement, ("limits", "per_day"), 2),
    (Agreement, ("consent", "required"), "sometimes"),
    (Agreement, ("consent", "accepts"), ["hope"]),
    (Agreement, ("consent", "lapses"), {"consent": "90 minutes"}),
    (Agreement, ("consent", "confirm_within"), "soon"),
    (Agreement, ("digest", "day"), "mon-tue"),
    (Agreement, ("digest", "day"), "mon, mon"),
    (Agreement, ("digest", "day"), 1),
    (Agreement, ("digest", "day"), ["mon"]),
    (Agreement, ("digest", "day"), GONE),
    (Agreement, ("digest", "at"), "8"),
    (Agreement, ("digest", "at"), GONE),
    (Agreement, ("digest", "sales"), "sales-manager@acme.example"),
    (Agreement, ("digest", "marketing"), ["marketing"]),
    (Agreement, ("retention", "events"), "a while"),
    (Agreement, ("retention", "visitors"), "90 minutes"),
    (Agreement, ("retention", "leads"), "2 years"),
    (Agreement, ("sending", "per_second"), 0),
    (Agreement, ("sending", "warm_up", "from"), "1.12.2026"),
    (Agreement, ("sending", "warm_up", "from"), GONE),
    (Agreement, ("sending", "warm_up", "first_day"), 0),
    (Agreement, ("sending", "warm_up", "grow"), "double"),
    (Agreement, ("notify",), ["fax"]),
    (Agreement, ("crm", "pipedrive"), {}),
    (Agreement, ("crm", "hubspot", "new_records"), "some"),
    (Agreement, ("crm", "hubspot", "fields", "age"), "age"),
    (Agreement, ("crm", "hubspot", "fields", "score"), "lead score"),
    (Agreement, ("crm", "hubspot", "status_of", "forgotten"), "LOST"),
    (Agreement, ("crm", "hubspot", "statuses", "sales_status", "Mine"), "acepted"),
    (Agreement, ("crm", "hubspot", "statuses", "sales_status", "Mine"), "accepted as no_budget"),
    (Agreement, ("crm", "salesforce", "object"), "Account"),
    (Agreement, ("crm", "salesforce", "external_id"), "Nurture Key"),
]


@pytest.mark.parametrize(
    ("shape", "path", "value"),
    REFUSED,
    ids=[f"{'.'.join(map(str, path))}={'' if value is GONE else repr(value):.30}" for _, path, value in REFUSED],
)
def test_what_check_refuses_the_schema_refuses_where_it_can(
    shape: type[Shape], path: tuple[str | int, ...], value: Any
) -> None:
    data = _put(FULL[shape], path, value)
    assert not _is_fine(shape, data)
    assert _complaints(shape, data)


values = st.sampled_from([example for _, _, schema in KEYS for example in schema["examples"]]) | st.sampled_from(
    [
        0,
        1,
        -1,
        1.0,
        2.5,
        True,
        False,
        None,
        "",
        " ",
        "yes",
        "No",
        "1",
        "0",
        [],
        {},
        ["x"],
        {"x": "y"},
        10**9,
        "2",
        "a@b",
    ]
)


@given(st.sampled_from(KEYS), values, st.booleans())
def test_what_check_takes_at_a_key_the_schema_takes(
    key: tuple[type[Shape], tuple[str, ...], Any], value: Any, listed: bool
) -> None:
    shape, path, _ = key
    data = _with_example(shape, path, [value] if listed else value)
    if _is_fine(shape, data):
        assert _complaints(shape, data) == []


@given(mutants((EXAMPLES / "full/agreement.yaml").read_text()) | mutants((EXAMPLES / "full/campaign.yaml").read_text()))
def test_what_check_takes_of_a_file_with_slips_the_schema_takes(text: str) -> None:
    document, problems = parse(Source("x.yaml", Path("x.yaml"), text))
    shape: type[Shape] = Agreement if "company" in text else Campaign
    if document and not problems and isinstance(document.data, dict) and _is_fine(shape, document.data):
        assert _complaints(shape, document.data) == []


def test_the_command_writes_what_is_stale_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "a/schemas"
    assert RUN.invoke(app, ["schema", "--out", str(folder), "--check"]).exit_code == 1
    assert not folder.exists()
    first = RUN.invoke(app, ["schema", "--out", str(folder)])
    assert (first.exit_code, first.stdout.count(": written\n")) == (0, 2)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == schemas()
    assert RUN.invoke(app, ["schema", "--out", str(folder), "--check"]).exit_code == 0
    (folder / "campaign.schema.json").write_bytes(b"\xff")
    stale = RUN.invoke(app, ["schema", "--out", str(folder), "--check"])
    assert (stale.exit_code, stale.stderr) == (
        1,
        f"{folder / 'campaign.schema.json'} is not up to date: run `nurture schema`\n",
    )
    assert ": up to date\n" in RUN.invoke(app, ["schema", "--out", str(folder)]).stdout


def test_by_itself_the_command_writes_where_the_workspace_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NURTURE_WORKSPACE", str(tmp_path))
    assert RUN.invoke(app, ["schema"]).exit_code == 0
    assert (tmp_path / "schemas/agreement.schema.json").exists()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file")
    failed = RUN.invoke(app, ["schema", "--out", str(tmp_path / "schemas")])
    assert isinstance(failed.exception, UsageError)
    assert str(failed.exception) == f"{tmp_path / 'schemas'} cannot be written: file exists"


def _with_example(shape: type[Shape], path: tuple[str, ...], example: Any) -> Any:
    """A file of every key that has the example at a path of a schema: `*` stands for any entry, `?0` for a choice."""
    whole = FULL[shape]
    real: list[str | int] = []
    for part in path:
        there = _at(whole, real)
        if part == "*":
            real.append(0 if isinstance(there, list) else next(iter(there)))
        elif part[0] != "?":
            real.append(part)
    *above, key = real
    if key == "if":
        return _put(whole, tuple(real), example)
    if above[-1:] == ["when"]:
        return _put(whole, tuple(above), {key: example})
    for rival in (rival for pair in RIVALS if key in pair for rival in pair - {key}):
        whole = _put(whole, (*above, rival), GONE)
    return _put(whole, tuple(real), example)


def _at(data: Any, path: list[str | int]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else data[part]
    return data
