"""What the docs say of the tracker, held against it."""

import re
from pathlib import Path

from ruamel.yaml import YAML

from nurture.grammar.matchers import parse_matcher
from nurture.web import tracker

DOCS = (Path(__file__).parents[3] / "docs" / "tracking.md").read_text("utf-8")
SCRIPT = Path(tracker.__file__).with_name("static").joinpath("nurture.js").read_text("utf-8")


def test_every_signal_that_the_docs_show_is_one():
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    shown = [one["when"] for block in blocks for one in YAML(typ="safe").load(block)["signals"].values()]
    rows = [row.replace("\\|", "|") for row in re.findall(r"\| `(\{.*?\})` \|", DOCS)]
    shown += [YAML(typ="safe").load(row) for row in rows]
    assert len(shown) >= 5
    for when in shown:
        assert parse_matcher(when).kind in ("page", "track")


def test_the_docs_have_every_option_and_no_other():
    said = set(
        re.findall(r"^\| `data-([a-z-]+)", DOCS.partition("### Options")[2].partition("\n### ")[0], re.MULTILINE)
    )
    read = set(re.findall(r"settings\.(\w+)", SCRIPT))
    assert said == {re.sub("[A-Z]", lambda capital: "-" + capital[0].lower(), name) for name in read}


def test_the_docs_have_every_call_and_no_other():
    api = SCRIPT.partition("const api = {")[2].partition("\n    }\n")[0]
    calls = set(re.findall(r"^      (\w+)[:,]", api, re.MULTILINE))
    assert calls == set(re.findall(r"nurture\.(\w+)\(", DOCS.partition("### Calls")[2].partition("The script")[0])) | {
        "push"
    }


def test_the_docs_say_how_much_waits_and_how_large_an_event_may_be():
    assert "pending.length > 99" in SCRIPT
    assert "Up to 100 events wait" in DOCS
    assert "copy.length > 1e4" in SCRIPT
    assert "may have 10,000 characters" in DOCS
