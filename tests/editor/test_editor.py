"""What an editor makes of our schemas: the language server of VS Code, Neovim and others, asked as they ask it."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nurture.workspace.schemas import schemas
from tests.editor.language_server import HERE, PROGRAM, LanguageServer, language_server

ROOT = Path(__file__).parents[2]
AGREEMENT = (ROOT / "tests/workspace/examples/full/agreement.yaml").read_text(encoding="utf-8")
CAMPAIGN = (ROOT / "tests/workspace/examples/full/campaign.yaml").read_text(encoding="utf-8")
NODE = shutil.which("node")
CAMPAIGNS = ROOT / "campaigns"
SHIPPED = sorted([*CAMPAIGNS.glob("*.yaml"), *ROOT.glob("nurture/authoring/starter/campaigns/*.yaml")])


def _with_schema(name: str, text: str) -> str:
    return f"# yaml-language-server: $schema=../schemas/{name}.schema.json\n{text}"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    """The server, without a network."""
    if not NODE:
        pytest.skip("there is no node on this machine")
    if not PROGRAM.exists():
        pytest.skip("yaml-language-server is not set up: `make set-up-node`")
    with language_server(NODE, ROOT) as running:
        yield running


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_shipped_file_has_no_fault_in_an_editor(server: LanguageServer, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../schemas/")
    assert server.diagnostics(CAMPAIGNS, text) == []


SLIPS = [
    # what is replaced, by what, what the editor says
    ("every: 1 week", "every: 1 weak", "like `10 days` or `2 weeks`"),
    ("topic: product", "topik: product", "Property topik is not allowed"),
    ("status: live", "status: alive", 'Valid values: "draft", "live", "paused"'),
    ("status: live\n", "\n", 'Missing property "status"'),
    ("unready: true", "unready: maybe", "write `true` or `false`"),
    ("days: [tue, wed, thu]", "days: [tue, wen]", "write weekdays like"),
    ("again: after 30 days", "again: 30 days", "like `after 30 days`"),
    ("survey: not-ready/timing}", "email: a/b, survey: a/b}", "`email` or `survey`, not both"),
    (", survey: not-ready/timing}", "}", "`email` or `survey` is missing"),
    ("id: timing", "id: when to buy", "no space"),
    ("pricing: {when: {page: ", "pricing: {when: {pge: ", "write `page`, `track` or `answer`"),
    ('"/pricing*"', "pricing", "like `/pricing*`"),
    ('{answer: "timing=now"}', "replid", 'Expected "page | track | answer"'),
    ("at_most: 2 per day", "at_most: two", "like `2 per day`"),
    ("points: 20}", "at_most: 1 per day}", "a signal needs `points`, or `hand_raise: true`"),
    ("then: nurture, wait", "then: sales, wait", "`wait` goes only with `then: nurture`"),
    ("reply_to: ada@acme.example", "reply_to: ada", "like `ada@acme.example`"),
    ("sla_met: 90%", "sla_met: 900%", "from 0% to 100%"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), SLIPS, ids=[wrong.strip() or "gone" for _, wrong, _ in SLIPS])
def test_a_slip_is_shown_at_its_line(server: LanguageServer, right: str, wrong: str, said: str) -> None:
    name, text = ("agreement", AGREEMENT) if right in AGREEMENT else ("campaign", CAMPAIGN)
    text = _with_schema(name, text)
    assert text.count(right) == 1
    found = server.diagnostics(CAMPAIGNS, text.replace(right, wrong))
    assert [message for _, message in found if said in message], found
    if wrong.strip():
        assert {line for line, _ in found} == {text[: text.index(right)].count("\n") + 1}


COMPLETED = [
    ("campaign", "▮", {"name", "status", "enroll", "cadence", "steps", "exit", "finish"}),
    ("campaign", "cadence:\n  ▮", {"every", "days", "hours", "slow_down"}),
    ("campaign", "cadence:\n  days: ▮", {"mon-fri"}),
    ("campaign", "status: ▮", {"draft", "live", "paused"}),
    ("campaign", "enroll:\n  unready: ▮", {"true", "false"}),
    ("campaign", "steps:\n  - ▮", {"a step: an e-mail", "a step: a survey", "id", "email", "survey", "when"}),
    ("agreement", "signals:\n  ▮", {"a signal: a page", "a signal: an event"}),
    ("agreement", "signals:\n  pricing:\n    when: ▮", {"clicked", "opened", "replied", "page: a page was seen"}),
    ("agreement", "reject_reasons:\n  no_budget:\n    then: ▮", {"nurture", "sales", "disqualify", "suppress"}),
    ("agreement", "stages:\n  ▮", {"inquiry", "sal", "sql"}),
    ("agreement", "company:\n  timezone: ▮", {"America/Chicago", "Europe/London"}),
]


@pytest.mark.parametrize(("name", "text", "offered"), COMPLETED, ids=[text for _, text, _ in COMPLETED])
def test_what_may_stand_there_is_offered(server: LanguageServer, name: str, text: str, offered: set[str]) -> None:
    assert offered <= server.completions(CAMPAIGNS, _with_schema(name, text + "\n")).keys()


def test_a_key_that_is_offered_comes_with_its_explanation_and_what_it_needs(server: LanguageServer) -> None:
    cadence = server.completions(CAMPAIGNS, _with_schema("campaign", "▮\n"))["cadence"]
    assert cadence["insertText"].startswith("cadence:\n  every: ")
    assert "hours" in cadence["insertText"]
    assert cadence["documentation"].startswith("When the mails go")


HOVERED = [
    ("campaign", "cadence: {every: 1 week, ho▮urs: '09:00-11:30'}", ["lead's own time zone", "09:00-11:30"]),
    ("agreement", "half▮_life: 14 days", ["After so long a signal is worth half", "14 days"]),
    ("agreement", "signals: {a: {when: clicked, half_l▮ife: 1 week}}", ["the agreement's own", "10 days"]),
    ("agreement", "signals: {a: {when: {pa▮ge: /x}, points: 1}}", ["A page that was seen", "/pricing*"]),
    ("agreement", "reject_reasons: {a: {then▮: nurture, label: A}}", ["disqualify", "the rep keeps it"]),
    ("agreement", "sl▮a: {}", ["What sales promises", "accept_within: 4 hours"]),
]


@pytest.mark.parametrize(("name", "text", "said"), HOVERED, ids=[text for _, text, _ in HOVERED])
def test_a_key_is_explained_where_the_pointer_rests(
    server: LanguageServer, name: str, text: str, said: list[str]
) -> None:
    shown = server.hover(CAMPAIGNS, _with_schema(name, text + "\n")).replace("\\", "")
    assert "Example:" in shown
    assert all(words in shown for words in said), shown


def _patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", {})
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _patterns(below)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(below)


def test_a_pattern_means_the_same_in_an_editor_as_here() -> None:
    if not NODE:
        pytest.skip("there is no node on this machine")
    whole = [json.loads(text) for text in schemas().values()]
    texts = {text for text in _texts(whole) if len(text) < 60}
    texts |= {f"{blank}{text}{blank}" for text in texts for blank in (" ", "\x85", "\x1c", "\ufeff", "\u3000")}
    texts |= {text.upper() for text in texts} | {"2 wee\u212as", "ada@münchen.example", "/ü", "", "10 days, tue"}
    asked = [(pattern, sorted(texts)) for pattern in sorted({found for each in whole for found in _patterns(each)})]
    assert len(asked) > 10
    done = subprocess.run(
        [NODE, str(HERE / "match.cjs")], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    for (pattern, known), answers in zip(asked, json.loads(done.stdout), strict=True):
        here = [bool(re.search(pattern, text)) for text in known]
        assert [text for text, one, other in zip(known, here, answers, strict=True) if one != other] == [], pattern
