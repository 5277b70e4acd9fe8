"""`make chaos`: breaks things while mails go out and events come in, and looks whether anything is lost or doubled."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from chaos.faults import FAULTS
from chaos.rounds import Asked, Runs

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Run what is asked. Exit status: 0 all rounds passed, 1 one did not, 2 wrong usage, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="how many (10)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the first; each has the next (1)")
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), metavar="NAME", help="only these (all)")
    parser.add_argument("--mails", type=int, default=600, metavar="N", help="due in a round, about (600)")
    parser.add_argument("--events", type=int, default=600, metavar="N", help="sent in a round (600)")
    parser.add_argument("--long", action=argparse.BooleanOptionalAction, help="make every round a long one, or none")
    parser.add_argument("--out", type=Path, default=HERE / "out.json", metavar="FILE", help="for the tally")
    parser.add_argument("--evidence", type=Path, default=HERE / "evidence", metavar="DIR", help="of failed rounds")
    parser.add_argument("--keep", action="store_true", help="keep the world also where all is well")
    parser.add_argument("--list", action="store_true", help="say which faults there are")
    asked = parser.parse_args(arguments)
    if asked.list:
        sys.stdout.write("".join(f"{name}\n" for name in sorted(FAULTS)))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    faults = {name: fault for name, fault in FAULTS.items() if not asked.fault or name in asked.fault}
    runs = Runs(
        Asked(
            asked.rounds,
            asked.seed,
            faults,
            asked.mails,
            asked.events,
            asked.evidence.absolute(),
            asked.long,
            asked.keep,
        ),
        _tell,
    )
    try:
        tally = runs.run()
    except KeyboardInterrupt:
        _tell("interrupted")
        return 130
    finally:
        runs.tally.write(asked.out)
    _tell(
        f"{tally.rounds} rounds, {tally.faults} faults, {tally.mails} mails, {tally.events} events: "
        f"{tally.doubles} doubles, {tally.losses} losses, {tally.unknown} unknown, {tally.stuck} stuck"
    )
    return 1 if tally.failed else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
