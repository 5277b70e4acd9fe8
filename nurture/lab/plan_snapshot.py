"""A snapshot: who is inside, without saying who anybody is, so that a plan can be made where there is no database.

JSON, a line a thing, packed where the file's name ends in `.gz`: a header with the adopted files and the names of the
answers, a line for each lead, and a last line that counts them. docs/plan.md says what is in it, and why that.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import orjson

from nurture.errors import UsageError

FORM = 1
"""The form of snapshots; another one cannot be read."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line.

    Attributes:
        taken_at: the instant it holds for.
        adopted_at: when the files were adopted.
        enrolled: how many leads are in each campaign.
        kept: the fields whose values the leads' lines hold.
        answers: the parts of conditions that are answered for each lead, in order.
        questions: the questions about the past whose times are given, in order.
        files: the adopted files: SHA-256 and text, by name.
    """

    taken_at: datetime
    adopted_at: datetime | None
    enrolled: Mapping[str, int]
    kept: tuple[str, ...]
    answers: tuple[str, ...]
    questions: tuple[str, ...]
    files: Mapping[str, tuple[str, str]]


def write_snapshot(path: Path, header: Header, records: Iterable[Mapping[str, Any]]) -> int:
    """Write a snapshot, all of it or nothing; gives the number of leads in it."""
    draft = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with _opened(draft, "wb", packed=path.suffix == ".gz") as file:
            file.write(_line(_from_header(header)))
            for record in records:
                file.write(_line(record))
                count += 1
            file.write(_line({"leads": count}))
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return count


@contextmanager
def read_snapshot(path: Path) -> Iterator[tuple[Header, Iterator[Mapping[str, Any]]]]:
    """The header, and the leads' records one after the other, inside the block.

    Raises:
        UsageError: It is no snapshot, of another form, or cut off.
    """
    try:
        with _opened(path, "rb", packed=path.suffix == ".gz") as file:
            yield _to_header(path, _parsed(path, file.readline())), _records(path, file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut off"
        raise UsageError(f"{path} cannot be read: {reason}") from error


def _records(path: Path, file: IO[bytes]) -> Iterator[Mapping[str, Any]]:
    count = 0
    for line in file:
        record = _parsed(path, line)
        if "lead" not in record:
            if record.get("leads") != count:
                break
            return
        count += 1
        yield record
    raise UsageError(f"{path} is cut off after {count:,} leads; have it written again")


@contextmanager
def _opened(path: Path, mode: str, *, packed: bool) -> Iterator[IO[bytes]]:
    if not packed:
        with path.open(mode) as file:
            yield cast("IO[bytes]", file)
        return
    with path.open(mode) as below, gzip.GzipFile("", mode, compresslevel=6, fileobj=below, mtime=0) as file:
        yield cast("IO[bytes]", file)


def _from_header(header: Header) -> dict[str, Any]:
    return {
        "nurture_snapshot": FORM,
        "taken_at": header.taken_at,
        "adopted_at": header.adopted_at,
        "enrolled": dict(header.enrolled),
        "kept": header.kept,
        "answers": header.answers,
        "questions": header.questions,
        "files": {name: list(file) for name, file in header.files.items()},
    }


def _to_header(path: Path, said: Mapping[str, Any]) -> Header:
    if "nurture_snapshot" not in said:
        raise UsageError(f"{path} is no snapshot; `nurture plan --write-snapshot` makes one")
    if said["nurture_snapshot"] != FORM:
        form = said["nurture_snapshot"]
        raise UsageError(f"{path} is a snapshot of form {form}, this version reads form {FORM}; have it written again")
    try:
        adopted_at = said["adopted_at"]
        return Header(
            taken_at=datetime.fromisoformat(said["taken_at"]),
            adopted_at=None if adopted_at is None else datetime.fromisoformat(adopted_at),
            enrolled=said["enrolled"],
            kept=tuple(said["kept"]),
            answers=tuple(said["answers"]),
            questions=tuple(said["questions"]),
            files={name: (digest, text) for name, (digest, text) in said["files"].items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is damaged: its first line cannot be read; have it written again") from error


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _parsed(path: Path, line: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        said = f"{path} is no snapshot, or is damaged or cut off; `nurture plan --write-snapshot` makes one"
        raise UsageError(said) from error
    return value if isinstance(value, dict) else {}
