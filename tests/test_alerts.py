"""The alerts of docs/alerts.yml: of the right shape, about numbers that there are, each explained to operators."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nurture.doctor.signs import FULL, LATE, NEWS_LATE, SEEN_WITHIN
from nurture.meters import COUNTERS, read, written
from nurture.store.health import Handoffs, Health, MailerHealth, Tick, Waiting
from nurture.web.exposition import told

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs/alerts.yml"
RULES = YAML(typ="safe").load(FILE.read_text())["groups"][0]["rules"]
_NAME = re.compile(r"\bnurture_[a-z_]+")
_DURATION = re.compile(r"\d+[mhd]")


def names_told() -> set[str]:
    """Every name that `/metrics` may have."""
    mailer = MailerHealth("default", "resting", "", None, None, Waiting(1, 1), 0, 0, 1, None)
    health = Health(
        Waiting(), (mailer,), {"slack": Waiting(1, 1)}, {"lead": 1}, 1, 1, 1, Handoffs(1, 1, 1), Tick(1.0, True, "x"),
        {"worker": 1}, {"worker": 1}, 1, 1, 100,
    )  # fmt: skip
    counts = {
        read(name): n for name, n in written({(name, *counter.labels): 1 for name, counter in COUNTERS.items()}).items()
    }
    text = told("", health, counts, ["website"])[0].decode()
    return {line.partition("{")[0].partition(" ")[0] for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_the_shape_that_prometheus_takes_and_asks_for_what_is_told(rule: dict) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Nurture[A-Za-z]+", rule["alert"])
    assert _DURATION.fullmatch(rule.get("for", "0m"))
    assert rule["labels"]["severity"] in ("page", "ticket", "info")
    assert set(rule["annotations"]) == {"summary", "do"}
    asked = set(_NAME.findall(rule["expr"]))
    assert asked <= names_told(), asked - names_told()
    assert asked or "up{" in rule["expr"]


def test_every_rule_has_its_own_name_and_is_explained_to_operators() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    explained = (ROOT / "docs/operations.md").read_text()
    assert [name for name in names if f"`{name}`" not in explained] == []
    assert [name for name in re.findall(r"`(Nurture[A-Za-z]+)`", explained) if name not in names] == []


def test_alerts_and_status_have_the_same_bounds() -> None:
    said = {rule["alert"]: rule["expr"] for rule in RULES}
    assert f"> {SEEN_WITHIN:.0f}" in said["NurtureNoClock"]
    assert f"> {LATE:.0f}" in said["NurtureMailLate"]
    assert f"> {LATE:.0f}" in said["NurtureDecidingLate"]
    assert f"> {NEWS_LATE:.0f}" in said["NurtureNewsLate"]
    assert f"> {FULL} *" in said["NurtureConnectionsRunOut"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_itself_takes_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", FILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
