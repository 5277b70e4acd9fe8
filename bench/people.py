"""Files of make-believe leads, as long as wanted: each address once."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.product import TUESDAY
from nurture.local.people import make_people, write_csv

REASONS = {"not_ready": False, "no_budget": True, "wrong_person": False, "no_follow_up": False, "unreachable": False}
PART = 1000
"""So many at a time: beyond that the names of the make-believe people run out."""


def csv_of(people: int, folder: Path, *, name: str = "leads", domain: str = "") -> Path:
    """A file for `nurture leads import`; with another `domain` the same people are others."""
    path = folder / f"{name}{people}.csv"
    with path.open("w") as file:
        for part, size in enumerate(_parts(people)):
            write_csv(make_people(part, REASONS, TUESDAY, size), folder / "part.csv")
            header, *rows = (folder / "part.csv").read_text().splitlines(keepends=True)
            file.writelines([header] if part == 0 else [])
            file.writelines(row.replace("@", f".{part}@{domain}", 1) for row in rows)
    (folder / "part.csv").unlink(missing_ok=True)
    return path


def _parts(people: int) -> Iterator[int]:
    for part in count():
        if (left := people - part * PART) <= 0:
            return
        yield min(PART, left)
