"""What changed files would do to the leads now inside: counted in one pass over them, whatever their number.

Leads come as a stream (from the database in batches, or from a snapshot), each is decided by the files before and by
those after (`plan_lead`), and only counts and a few examples are kept.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nurture.agreement import Agreement
from nurture.facts import LeadState
from nurture.lab.plan_change import Change, Moved
from nurture.lab.plan_files import Fate, Files, changed_files
from nurture.lab.plan_lead import changes as changes_of
from nurture.lab.plan_scope import Scope, scope_of
from nurture.rules import scoring

EXAMPLES = 3
"""So many addresses are kept of each change."""

NOTHING_ADOPTED = (
    "no files have been adopted yet, so there is nothing to compare with; the clock adopts them when it first leads "
    "(`nurture clock`, or `nurture up` on a laptop)"
)

Each = Callable[[LeadState, Moved], None]
"""Is told of every change of every lead."""
Judge = Callable[[LeadState], Iterable[Moved]]
"""Everything that changes for one lead."""


@dataclass(frozen=True, slots=True)
class Row:
    """One change, and for how many leads. `days`: by how few and how many local days it moves a date."""

    change: Change
    leads: int
    days: tuple[int, int] | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change.

    Attributes:
        files: which files differ, and how.
        rows: the changes, those of one campaign together, the largest first.
        enrolled: how many leads are in each campaign now.
        looked_at: how many leads had to be decided.
        notes: what a person has to know beside the counts.
        as_of: the instant the plan holds for.
        adopted_at: when the files before were adopted; None where nothing ever was.
    """

    files: Mapping[str, Fate]
    rows: tuple[Row, ...]
    enrolled: Mapping[str, int]
    looked_at: int
    notes: tuple[str, ...]
    as_of: datetime
    adopted_at: datetime | None

    def share(self, row: Row) -> float | None:
        """Which part of the campaign's leads a change concerns; None where that says nothing."""
        enrolled = self.enrolled.get(row.change.campaign or "", 0)
        outside = row.change.kind in ("taken", "not_taken", "taken_elsewhere")
        return None if outside or not enrolled else min(1.0, row.leads / enrolled)


@dataclass
class Tally:
    """Counts changes while leads go by."""

    rows: Counter[Change] = field(default_factory=Counter)
    days: dict[Change, tuple[int, int]] = field(default_factory=dict)
    examples: dict[Change, list[str]] = field(default_factory=dict)
    leads: int = 0
    each: Each | None = None

    def count(self, state: LeadState, moved: Iterable[Moved], *, name: bool) -> None:
        """Count what changes for one lead; `name`: keep its address if it is among the first."""
        self.leads += 1
        for one in moved:
            if self.each is not None:
                self.each(state, one)
            self.rows[one.change] += 1
            if one.days:
                least, most = self.days.get(one.change, (one.days, one.days))
                self.days[one.change] = min(least, one.days), max(most, one.days)
            examples = self.examples.setdefault(one.change, [])
            if name and len(examples) < EXAMPLES:
                examples.append(state.profile.email)

    def sorted_rows(self) -> tuple[Row, ...]:
        """The counts, by campaign; what concerns no campaign comes last."""
        ordered = sorted(
            self.rows.items(),
            key=lambda item: (item[0].campaign is None, item[0].campaign or "", -item[1], str(item[0])),
        )
        return tuple(
            Row(change, leads, self.days.get(change), tuple(self.examples[change])) for change, leads in ordered
        )


def scope_between(before: Files, after: Files) -> Scope:
    """What differs between two sets of files."""
    before.share_texts(after)
    return scope_of(before.book, after.book, before.text, after.text)


def plan(
    before: Files,
    after: Files,
    scope: Scope,
    leads: Iterable[LeadState],
    *,
    now: datetime,
    enrolled: Mapping[str, int],
    adopted_at: datetime | None,
    judge: Judge | None = None,
    notes: Iterable[str] = (),
    named: bool = True,
    each: Each | None = None,
) -> Plan:
    """Decide every lead by both sets of files.

    Args:
        before: the adopted files.
        after: those that may take their place.
        scope: what differs, from `scope_between`.
        leads: those that the scope concerns; more do no harm.
        now: the instant of the decision.
        enrolled: how many leads are in each campaign.
        adopted_at: when the files before were adopted.
        judge: what changes for one lead; by the scope, where none is given.
        notes: what is to be said beside.
        named: whether examples of addresses are kept.
        each: is told of every change of every lead.
    """
    tally = Tally(each=each)
    for state in leads:
        tally.count(state, changes_of(scope, state, now) if judge is None else judge(state), name=named)
    files = changed_files(before.workspace.versions, after.workspace.versions)
    said = (*_notes(before, after, scope), *notes)
    return Plan(files, tally.sorted_rows(), dict(enrolled), tally.leads, said, now, adopted_at)


def _notes(before: Files, after: Files, scope: Scope) -> list[str]:
    was, becomes = before.book.agreement, after.book.agreement
    notes = [f"{why}: its mails cannot be compared, or made" for why in after.broken.values()]
    if was.company != becomes.company:
        notes.append("`company` changed: every mail from then on shows the new sender and footer")
    notes += _signal_notes(was, becomes)
    if scope.regrades:
        notes.append("all leads are graded again once these files are adopted; campaigns that ask for grades follow")
    if scope.fit:
        notes.append(
            "a changed agreement hands nobody over by itself; `nurture qualify --limit N` offers who fits then"
        )
    return notes


def _signal_notes(was: Agreement, becomes: Agreement) -> list[str]:
    """What is to be said of signals that ask for something that has not been counted."""
    new = scoring.matchers(becomes).keys() - scoring.matchers(was).keys()
    names = [name for name, signal in becomes.signals.items() if signal.when.fingerprint in new]
    changed = ", ".join(f"`{name}`" for name in names if name in was.signals)
    added = ", ".join(f"`{name}`" for name in names if name not in was.signals)
    notes = []
    if changed:
        notes.append(
            f"what leads did so far is counted anew once these files are adopted, and until that is done the former "
            f"`when` decides; nobody is counted here as qualifying by it: {changed}"
        )
    if added:
        notes.append(
            f"what leads did so far is counted for new signals once these files are adopted; nobody is counted here as "
            f"qualifying by it: {added}"
        )
    return notes
