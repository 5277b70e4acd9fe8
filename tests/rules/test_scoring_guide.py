"""The guide's example, worked out by hand there, worked out by the rules here."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from ruamel.yaml import YAML

from nurture.facts import MICRO, SignalCount
from nurture.rules import scoring
from tests.rules.examples import make_agreement

GUIDE = (Path(__file__).parents[2] / "docs/scoring.md").read_text(encoding="utf-8")
EXAMPLE = GUIDE[GUIDE.index("## An example by hand") : GUIDE.index("## What counts")]


def rows() -> list[list[str]]:
    """The table of the example."""
    lines = [line for line in EXAMPLE.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_example_worked_out_by_hand_is_what_the_rules_make_of_it() -> None:
    (written,) = re.findall(r"```yaml\n(.*?)```", EXAMPLE, re.DOTALL)
    agreement = make_agreement(**YAML(typ="safe").load(written))
    on = date.fromisoformat(re.findall(r"this score on (\S+):", EXAMPLE)[0])
    counts = [
        SignalCount(agreement.signals[signal].when.fingerprint, date.fromisoformat(day), int(count))
        for signal, day, count, *_ in rows()
    ]
    score = scoring.score(agreement, counts, on)
    assert Decimal(score.micro) / MICRO == Decimal(re.findall(r"The sum is ([\d.]+\d)\.", EXAMPLE)[0])
    told = {(signal, day): rest for signal, day, *rest in rows()}
    for row in score.rows:
        count, counted, points, age, left, worth = told.pop((row.signal, row.day.isoformat()))
        assert (row.count, row.counted, row.points, row.age_days) == tuple(map(int, (count, counted, points, age)))
        half_life = (agreement.signals[row.signal].half_life or agreement.half_life).days
        assert Decimal(left) == Decimal(scoring.decay_micro(half_life, row.age_days)) / MICRO
        assert Decimal(worth) == Decimal(row.worth) / MICRO
    assert [(signal, rest[-1]) for (signal, _), rest in told.items()] == [("webinar", "0")]
