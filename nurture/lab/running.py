"""One simulation from files to figures: leads out of a sheet, events out of JSONL, people by rates; told as it goes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nurture.errors import NotFound, NurtureError
from nurture.grammar.mistakes import did_you_mean
from nurture.lab.behaviour import Behaviour, Nobody
from nurture.lab.letters import Letters
from nurture.lab.model import Model, usual_reasons
from nurture.lab.people import merged, repeated
from nurture.lab.rates import NONE, Rates
from nurture.lab.records import Lived
from nurture.lab.simulation import simulate
from nurture.rules.book import Rulebook
from nurture.segment.event import IncomingEvent
from nurture.segment.lines import BadLine, read_lines
from nurture.sheets.people import Person, Terms
from nurture.sheets.readings import Reject
from nurture.sheets.sheet import Sheet, open_sheet
from nurture.workspace import Workspace

KEPT = 1000
"""So many bad rows and lines are kept to be told of; all are counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be simulated. `maps` is which column holds what, `reasons` weighs why sales refuses."""

    leads: Path
    start: datetime
    end: datetime
    events: Path | None = None
    campaign: str | None = None
    seed: int = 1
    rates: Rates = NONE
    reasons: Mapping[str, float] = field(default_factory=dict)
    maps: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


@dataclass(slots=True)
class Aside:
    """What could not be used, and what the author of the files should know; complete once everybody has lived."""

    bad_rows: list[Reject] = field(default_factory=list)
    bad_row_count: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)
    bad_line_count: int = 0
    notes: tuple[str, ...] = ()

    def reject(self, row: Reject) -> None:
        """Note a row that is nobody."""
        self.bad_row_count += 1
        if len(self.bad_rows) < KEPT:
            self.bad_rows.append(row)

    def pass_over(self, line: BadLine) -> None:
        """Note a line that is no event."""
        self.bad_line_count += 1
        if len(self.bad_lines) < KEPT:
            self.bad_lines.append(line)


def book_of(workspace: Workspace, campaign: str | None) -> Rulebook:
    """The rules: all of the workspace, or of one campaign alone, which then is live whatever its file says.

    Raises:
        NotFound: There is no such campaign.
    """
    if campaign is None:
        return Rulebook(workspace.agreement, workspace.campaigns)
    one = workspace.campaigns.get(campaign)
    if one is None:
        hint = did_you_mean(campaign, workspace.campaigns)
        near = f" ({hint})" if hint else ""
        raise NotFound(f"--campaign: no campaign {campaign!r}{near}; there are {', '.join(workspace.campaigns)}")
    return Rulebook(workspace.agreement, {campaign: one.model_copy(update={"status": "live"})})


def run(
    book: Rulebook,
    letters: Letters,
    asked: Asked,
    aside: Aside,
    progress: Callable[[Sheet], None] = lambda _: None,
) -> Iterator[Lived]:
    """Everybody's life, one at a time.

    Raises:
        NotFound: There is no such file of leads or events.
        NurtureError: One of them cannot be read.
        UsageError: A column that was named is not there.
    """
    events = [] if asked.events is None else list(_events(asked.events, aside))
    with people_of(book, asked, aside) as (sheet, people):
        for lived in lives(book, letters, asked, people, events):
            yield lived
            progress(sheet)


@contextmanager
def people_of(book: Rulebook, asked: Asked, aside: Aside) -> Iterator[tuple[Sheet, Iterator[Person]]]:
    """The file of leads, and who is in it, each once; `aside` hears of all others."""
    terms = Terms.of(book.agreement, asked.start)
    with open_sheet(asked.leads, terms, asked=asked.maps, encoding=asked.encoding) as sheet:
        again = repeated(sheet.addresses())
    with open_sheet(asked.leads, terms, asked=asked.maps, encoding=asked.encoding) as sheet:
        yield sheet, merged(sheet, again, aside.reject)
        aside.notes = sheet.notes


def lives(
    book: Rulebook, letters: Letters, asked: Asked, people: Iterable[Person], events: Iterable[IncomingEvent] = ()
) -> Iterator[Lived]:
    """The lives of these people, as `asked` wants them lived."""
    return simulate(
        book,
        people,
        start=asked.start,
        end=asked.end,
        events=events,
        behaviour=_behaviour(book, letters, asked),
        link_count=letters.link_count,
        campaign=asked.campaign,
    )


def _behaviour(book: Rulebook, letters: Letters, asked: Asked) -> Behaviour:
    if asked.rates.is_silent:
        return Nobody()
    return Model(book, asked.rates, asked.seed, letters.answers, asked.reasons or usual_reasons(book))


def _events(path: Path, aside: Aside) -> Iterator[IncomingEvent]:
    try:
        with path.open("rb") as lines:
            for event in read_lines(lines):
                if isinstance(event, BadLine):
                    aside.pass_over(event)
                else:
                    yield event
    except FileNotFoundError as error:
        raise NotFound(f"{path}: there is no such file") from error
    except OSError as error:
        raise NurtureError(f"{path}: cannot be read ({error.strerror})") from error
