"""Run one measure by itself: what every `python -m bench.NAME` does."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from bench.measure import QUICK_RUNS, RUNS, Measured, Options, Skipped, table

SKIPPED = 3
"""Exit status where it cannot be measured here; the reason stands on stderr."""

Measure = Callable[[Options], Iterable[Measured]]


def arguments(about: str | None) -> argparse.ArgumentParser:
    """What all measures, and the run of them all, let one say."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only see that it runs; the figures mean nothing")
    parser.add_argument("--runs", type=int, help=f"rounds to take the median of ({RUNS}; quick: {QUICK_RUNS})")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a size of some measure")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the figures go, as JSON")
    return parser


def options(given: argparse.Namespace) -> Options:
    """What was said, as measures take it."""
    runs = given.runs or (QUICK_RUNS if given.quick else RUNS)
    return Options(given.quick, runs, dict(said.split("=", 1) for said in given.set))


def run_alone(measure: Measure, about: str | None) -> None:
    """Measure as the command line says, print a line as each figure comes, then the table; `--out` keeps them."""
    given = arguments(about).parse_args()
    signal.signal(signal.SIGTERM, _end)  # so that blocks are left, and take down what they started
    found: list[Measured] = []
    try:
        for one in measure(options(given)):
            if given.quick:
                one = replace(one, target=None)  # nobody shall read that one was reached, or missed
            found.append(one)
            print(f"{one.name}: {one.ours:,g} {one.unit}", *_beside(one), file=sys.stderr, flush=True)
    except Skipped as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        if not found:
            sys.exit(SKIPPED)
    finally:  # what was measured before something failed is as good as ever
        if found:
            print(table(found))
        if given.out:
            given.out.write_text(json.dumps({one.name: one.as_json() for one in found}, indent=1, ensure_ascii=False))


def _end(*_: object) -> None:
    sys.exit("stopped")


def _beside(one: Measured) -> list[str]:
    return [] if one.floor is None else [f"beside {one.floor:,g}", f"(ratio {one.ratio:g})"]
