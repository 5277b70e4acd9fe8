"""A plan made from a snapshot: the same rules, over answers where they ask about persons.

A condition that was changed may ask for what the snapshot does not hold. Then a lead is decided for each answer there
could be; where that makes a difference, it is counted as *cannot be told*, not guessed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from nurture.errors import UsageError
from nurture.facts import EventFact, Known, LeadState
from nurture.grammar.conditions import Condition
from nurture.lab.plan import Plan, plan, scope_between
from nurture.lab.plan_blind import Blinding, Part
from nurture.lab.plan_change import Change, Moved
from nurture.lab.plan_files import Files, adopted_files
from nurture.lab.plan_lead import changes
from nurture.lab.plan_record import Answers, from_record
from nurture.lab.plan_scope import Scope
from nurture.lab.plan_snapshot import Header, read_snapshot
from nurture.rules import conditions
from nurture.workspace import Workspace

_GUESSES = (None, True, False)


def plan_from_snapshot(path: Path, workspace: Workspace) -> Plan:
    """What the workspace's files would do to the leads of a snapshot, at the instant it was taken.

    Raises:
        UsageError: The file cannot be read.
        NurtureError: The adopted files in it cannot.
    """
    with read_snapshot(path) as (header, records):
        before, after = adopted_files(header.files), Files(workspace)
        scope = scope_between(before, after)
        blind = Blinding()
        blind_scope = replace(scope, before=blind.book(before.book), after=blind.book(after.book))
        told = _Told(header, blind, blind_scope)
        return plan(
            before,
            after,
            scope,
            told.leads(() if scope.touches_nobody else records),
            now=header.taken_at,
            enrolled=header.enrolled,
            adopted_at=header.adopted_at,
            judge=told.judge,
            notes=told.notes(),
            named=False,
        )


class _Told:
    """What a snapshot tells of the rules before and after."""

    def __init__(self, header: Header, blind: Blinding, scope: Scope) -> None:
        self._header, self._scope = header, scope
        self._now: datetime = header.taken_at
        new = [part for name, part in blind.answers.items() if name not in header.answers]
        self._computed = [
            (part, Condition(part.name, part.tree)) for part in new if part.fields and part.fields <= set(header.kept)
        ]
        computed = {part.name for part, _ in self._computed}
        self._unknown = [part for part in new if part.name not in computed]
        self._unasked = [part for name, part in blind.questions.items() if name not in header.questions]

    def leads(self, records: Iterable[Mapping[str, Any]]) -> Iterator[LeadState]:
        """The leads, each with what can be answered of it."""
        for record in records:
            try:
                state = from_record(record, self._header.answers, self._header.questions)
            except (KeyError, ValueError, TypeError, IndexError) as error:
                raise UsageError(f"the snapshot is damaged: lead {record['lead']} cannot be read") from error
            told = cast("Answers", state.profile.email)
            told.lacks = bool(self._unknown or self._unasked)
            values = record.get("values", {})
            for part, condition in self._computed:
                if part.fields <= values.keys():
                    told[part.name] = conditions.holds(condition, Known(self._now, values))
                else:
                    told.lacks = True
            yield state

    def judge(self, state: LeadState) -> Iterable[Moved]:
        """What changes for a lead, as far as that can be told."""
        if not cast("Answers", state.profile.email).lacks:
            return changes(self._scope, state, self._now)
        outcomes = [tuple(changes(self._scope, self._guessed(state, guess), self._now)) for guess in _GUESSES]
        sure = [moved for moved in outcomes[0] if all(moved in other for other in outcomes[1:])]
        if all(outcome == outcomes[0] for outcome in outcomes[1:]):
            return sure
        campaign = None if state.enrollment is None else state.enrollment.campaign
        return [*sure, Moved(Change("cannot_tell", campaign, becomes="a condition asks for what the snapshot lacks"))]

    def _guessed(self, state: LeadState, guess: bool | None) -> LeadState:
        told = cast("Answers", state.profile.email).guessing(guess)
        profile = replace(state.profile, email=cast("str", told))
        events = state.events
        if guess:
            events += tuple(EventFact("track", self._now, name=part.name) for part in self._unasked)
        return replace(state, profile=profile, events=events)

    def notes(self) -> list[str]:
        """Which conditions cannot be told of all leads."""
        lacking = [
            f"{_asks(part)}, and asks for what the snapshot does not hold" for part in (*self._unknown, *self._unasked)
        ]
        rare = [
            f"{_asks(part)}, and values that fewer than five leads share are not in the snapshot"
            for part, _ in self._computed
            if part.fields - {"employees"}
        ]
        return lacking + rare


def _asks(part: Part) -> str:
    return f"`{part.tree}` in {part.place} is new"
