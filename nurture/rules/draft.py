"""One decision in the making: a state that is replaced step by step, and the effects that say how."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from nurture.facts import LeadState, Stage
from nurture.rules.book import Rulebook
from nurture.rules.effects import Effect, StageChanged, WaitsUntil
from nurture.rules.evolving import evolve

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Draft:
    """Lives only inside one call of `life.apply`."""

    book: Rulebook
    state: LeadState
    now: datetime
    effects: list[Effect] = field(default_factory=list)

    def add(self, effect: Effect) -> None:
        """Note what followed."""
        self.effects.append(effect)

    def move(self, stage: Stage, because: str) -> None:
        """Put the lead in another stage, if it is not there."""
        if stage != self.state.stage:
            self.add(StageChanged(self.state.stage, stage, because))
            self.state = evolve(self.state, stage=stage)

    def wait(self, *, mail_from: datetime | None, ask_at: datetime | None) -> None:
        """Set from when mail may go, and when to ask again who takes the lead. What it is postponed for holds on."""
        if self.state.postponed:
            mail_from = max((mail_from, *self._postponed()), key=_or_never)
        if (mail_from, ask_at) != (self.state.mail_from, self.state.ask_at):
            self.add(WaitsUntil(mail_from, ask_at))
            self.state = evolve(self.state, mail_from=mail_from, ask_at=ask_at)

    def _postponed(self) -> list[datetime]:
        return [until for _, until in self.state.postponed if until > self.now]


def _or_never(instant: datetime | None) -> datetime:
    return _NEVER if instant is None else instant
