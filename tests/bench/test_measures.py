"""Measures run, their figures are put down as promised, and none is taken of a database that may lose commits."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import psycopg
import pytest

from bench.measure import Measured, Options, Target, against, alone, by_turns, table
from bench.servers import TEMPLATE, Servers, see_that_it_is_durable, shared
from nurture.local.servers import LocalServers

ROOT = Path(__file__).parents[2]


def test_a_measure_runs_and_leaves_its_figures_beside_those_of_others(servers: LocalServers, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text('{"of before": {"ours": 1}}')
    environment = {**os.environ, **shared(Servers(servers.database_url, servers.redis_url))}
    command = [sys.executable, "-m", "bench", "import", "--quick", "--out", str(out)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False
        )
    finally:
        with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as db:
            db.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert found.pop("of before") == {"ours": 1}
    assert {"import", "import-again"} <= found.keys()
    for name, figures in found.items():
        assert figures.keys() >= {"ours", "floor", "ratio", "unit", "runs"}, name
        assert figures["ours"] > 0, name
        assert name in done.stdout
    assert found["import"]["ratio"] == pytest.approx(found["import"]["ours"] / found["import"]["floor"], rel=0.01)


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    command = [sys.executable, "-m", "bench", "sned"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "there is no measure 'sned'" in done.stderr
    assert "send" in done.stderr


def test_sides_take_turns_and_none_is_always_first() -> None:
    order: list[str] = []
    by_turns({"ours": lambda: order.append("ours") or 1.0, "floor": lambda: order.append("floor") or 2.0}, 3)  # type: ignore[func-returns-value]
    assert order == ["ours", "floor", "floor", "ours", "ours", "floor"]


def test_a_ratio_is_that_of_the_medians() -> None:
    one = against("a", [3.0, 1.0, 2.0], [4.0, 4.0, 8.0], "mails/s")
    assert (one.ours, one.floor, one.ratio, one.runs) == (2.0, 4.0, 0.5, 3)
    assert one.more["ratios"] == [0.25, 0.75]
    assert alone("b", [3.0, 1.0, 2.0], "MB").ours == median([3.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target(least=0.5), True),
        (Target(least=0.6), False),
        (Target(most=0.5), True),
        (Target(most=1, of="ours"), False),
        (None, None),
    ],
)
def test_a_target_is_of_the_ratio_or_of_our_own_figure(target: Target | None, reached: bool | None) -> None:
    one = against("a", [2.0], [4.0], "mails/s", target=target)
    assert one.is_reached is reached
    again = Measured.from_json("a", json.loads(json.dumps(one.as_json())))
    assert again.is_reached is reached
    assert table([again]) == table([one])
    assert ("MISSED" in table([one])) is (reached is False)


def test_nothing_without_a_floor_reaches_a_target_of_the_ratio() -> None:
    assert alone("a", [2.0], "MB", target=Target(least=0.0)).is_reached is False


def test_quick_sizes_give_way_to_what_was_asked() -> None:
    assert Options().number("rows", 1000, 10) == 1000
    assert Options(quick=True).number("rows", 1000, 10) == 10
    assert Options(quick=True, asked={"rows": "20_000"}).number("rows", 1000, 10) == 20_000


def test_a_database_that_may_lose_commits_is_not_measured(servers: LocalServers) -> None:
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as db:
        see_that_it_is_durable(db)
        db.execute("SET synchronous_commit = off")
        with pytest.raises(SystemExit, match="synchronous_commit is off"):
            see_that_it_is_durable(db)
