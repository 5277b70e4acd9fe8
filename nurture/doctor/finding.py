"""What the doctor says of one thing: how it is, what was found, what to do. One line each."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem", "skipped"]
"""`problem`: mail does not go out, or not where it should. `warning`: it goes, and something may go wrong.
`skipped`: it does not apply here, or was not to be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `do` is what to do about it, empty where nothing is to be done."""

    check: str
    level: Level
    found: str
    do: str = ""


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", found)


def warning(check: str, found: str, do: str) -> Finding:
    """It goes, and something may go wrong."""
    return Finding(check, "warning", found, do)


def problem(check: str, found: str, do: str) -> Finding:
    """It does not go, or not as it should."""
    return Finding(check, "problem", found, do)


def skipped(check: str, found: str) -> Finding:
    """Not looked at, and why."""
    return Finding(check, "skipped", found)
