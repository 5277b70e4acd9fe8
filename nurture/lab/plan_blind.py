"""Rules that need no personal data: what they ask of a person is replaced by the answer, which a snapshot holds.

A condition such as `lead.title | matches('vp') and lead.grade == 'A'` becomes `<answer 1> and lead.grade == 'A'`. What
is no person's (stage, cycle, grade, score, zone, what was received) stays; each other smallest part becomes a look-up
of its own answer, true, false or unknown; a question about the past (`visited`, `did`, `clicked`, `answered`) becomes
one about an event of that name, of which only the time is known. So the production rules decide about nobody they know.

The answers stand where the address would: a lead of whom only the address is known stays one of whom nothing is known.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nurture.agreement import Agreement
from nurture.campaign import Campaign, Step
from nurture.grammar.conditions import Condition
from nurture.grammar.tree import And, Asked, Field, Literal, Not, Or, Truth, leaves
from nurture.rules.book import Rulebook

NOBODYS = frozenset({"stage", "cycle", "grade", "score", "timezone"})
"""Fields of a lead that a snapshot always holds."""
KEPT = ("country", "industry", "employees", "locale", "source")
"""Fields whose values it may hold besides; none of them says who somebody is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One smallest part of a condition that asks about a person, and where it stands."""

    name: str
    tree: Truth
    campaign: Campaign | None = None
    step: Step | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The lead's fields it asks about; empty where it asks about anything else as well."""
        found = [leaf for leaf in leaves(self.tree) if isinstance(leaf, Field)]
        own = all(leaf.scope == "lead" and len(leaf.path) == 1 for leaf in found)
        return frozenset(leaf.path[0] for leaf in found) if own else frozenset()

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return "the agreement" if self.campaign is None else self.campaign.id


@dataclass
class Blinding:
    """Blinds rulebooks, and keeps what they ask of persons: `answers` by name, `questions` about the past by name."""

    answers: dict[str, Part] = field(default_factory=dict)
    questions: dict[str, Part] = field(default_factory=dict)

    def book(self, book: Rulebook) -> Rulebook:
        """The same rules over answers."""
        campaigns = {name: self._campaign(campaign) for name, campaign in book.campaigns.items()}
        return Rulebook(self._agreement(book.agreement), campaigns)

    def _agreement(self, agreement: Agreement) -> Agreement:
        fit = tuple(line.model_copy(update={"when": self._blind(line.when)}) for line in agreement.fit)
        return agreement.model_copy(update={"fit": fit})

    def _campaign(self, campaign: Campaign) -> Campaign:
        enroll = campaign.enroll
        if enroll.when is not None:
            enroll = enroll.model_copy(update={"when": self._blind(enroll.when, campaign)})
        steps = tuple(
            step if step.when is None else step.model_copy(update={"when": self._blind(step.when, campaign, step)})
            for step in campaign.steps
        )
        ends = tuple(line.model_copy(update={"when": self._blind(line.when, campaign)}) for line in campaign.exit)
        return campaign.model_copy(update={"enroll": enroll, "steps": steps, "exit": ends})

    def _blind(self, condition: Condition, campaign: Campaign | None = None, step: Step | None = None) -> Condition:
        tree = self._tree(condition.tree, campaign, step)
        return Condition(f"{condition.source} # {tree}", tree)

    def _tree(self, tree: Truth, campaign: Campaign | None, step: Step | None) -> Truth:
        if isinstance(tree, And):
            return And(tuple(self._tree(item, campaign, step) for item in tree.items))
        if isinstance(tree, Or):
            return Or(tuple(self._tree(item, campaign, step) for item in tree.items))
        if isinstance(tree, Not):
            return Not(self._tree(tree.operand, campaign, step))
        if isinstance(tree, Asked):
            return self._question(tree, campaign)
        if isinstance(tree, Literal) or not any(_is_personal(leaf) for leaf in leaves(tree)):
            return tree
        return self._answer(tree, campaign, step)

    def _question(self, question: Asked, campaign: Campaign | None) -> Truth:
        if question.function == "received":
            return question
        where = f"{campaign.id}: " if campaign is not None and question.function == "clicked" else ""
        name = f"{where}{Asked(question.function, question.argument)}"
        self.questions.setdefault(name, Part(name, Asked(question.function, question.argument), campaign))
        return Asked("did", name, question.days)

    def _answer(self, tree: Truth, campaign: Campaign | None, step: Step | None) -> Truth:
        scopes = {leaf.scope for leaf in leaves(tree) if isinstance(leaf, Field)}
        where = f"{step.id}: " if step is not None and "step" in scopes else ""
        where = f"{campaign.id}: {where}" if campaign is not None and scopes & {"campaign", "step"} else where
        name = f"{where}{tree}"
        self.answers.setdefault(name, Part(name, tree, campaign, step))
        return Field("lead", ("email", name))


def _is_personal(leaf: Field | Asked) -> bool:
    return isinstance(leaf, Field) and leaf.scope == "lead" and leaf.path[0] not in NOBODYS


def fields_asked(parts: Iterator[Part]) -> frozenset[str]:
    """Fields of a lead that any of these parts asks about."""
    return frozenset(name for part in parts for name in part.fields)
