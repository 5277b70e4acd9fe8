"""How far a file has been read, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from nurture.cli.printing import err


class BeingRead(Protocol):
    """A file that is read row by row; both figures are in bytes."""

    size: int

    @property
    def position(self) -> int:
        """How much of it has been read."""
        ...


@contextmanager
def rows_bar(file: BeingRead) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, by bytes read, since nobody knows how many rows there are; nothing in a pipe.

    What it gives is to be told how many rows have been dealt with.
    """
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=file.size, rows=0)
        yield lambda rows: bar.update(task, completed=file.position, rows=rows)
