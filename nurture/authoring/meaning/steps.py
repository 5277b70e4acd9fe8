"""Steps that are never reached, and mails that go twice or to nobody."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.authoring.meaning.circumstances import at_step, inside
from nurture.authoring.meaning.facts import Given
from nurture.authoring.meaning.possible import can_hold, possible
from nurture.authoring.meaning.telling import error, warning
from nurture.authoring.meaning.truths import HOLDS, NOT_HOLDS
from nurture.campaign import Campaign, Step
from nurture.errors import Problem
from nurture.grammar.conditions import Condition
from nurture.grammar.mistakes import quoted
from nurture.grammar.tree import And, Asked, Comparison, Field, Length, Literal, Not, Or, Truth, Value
from nurture.workspace.codes import NO_EFFECT, SAME_MAIL, STEP_HARDLY, STEP_NEVER
from nurture.workspace.document import Document

_STEADY = frozenset(
    ("email", "first_name", "last_name", "title", "company", "country", "industry", "employees", "source", "grade")
)
"""What hardly changes between a lead's entering a campaign and the next mail: an answer or a visit easily does."""


def unreachable_steps(campaign: Campaign, document: Document, given: Given) -> Iterator[Problem]:
    """Steps whose condition excludes everybody who could be at them."""
    for index, step in enumerate(campaign.steps):
        if step.when and can_hold(step.when.tree, given=given):
            yield from _unreachable(campaign, document, index, step, step.when, given)


def _unreachable(
    campaign: Campaign, document: Document, index: int, step: Step, when: Condition, given: Given
) -> Iterator[Problem]:
    path, here = ("steps", index, "when"), at_step(campaign, step, given)
    if not can_hold(when.tree, given=here):
        said = f"no lead ever receives {quoted(step.id)}: {_why_not(campaign, step, when, given)}"
        yield error(document, path, STEP_NEVER, said)
        return
    for line in campaign.exit:
        # Before a mail goes out the exit lines are asked, at the same instant as the step's own condition.
        if not possible([(when.tree, HOLDS), (line.when.tree, NOT_HOLDS)], here):
            whom = f"whoever it is for leaves first, by the exit line {quoted(line.when)}"
            said = f"no lead ever receives {quoted(step.id)}: {whom}"
            yield error(document, path, STEP_NEVER, said)
            return
    entry = campaign.enroll.when
    if entry and can_hold(entry.tree, given=given) and not can_hold(steady(entry.tree), when.tree, given=here):
        said = (
            f"only a lead that changes after it was taken receives {quoted(step.id)}: "
            f"`enroll.when` lets in nobody for whom this holds"
        )
        yield warning(document, path, STEP_HARDLY, said)
        return
    yield from _asks_of_later(campaign, document, index, when, here)


def _why_not(campaign: Campaign, step: Step, when: Condition, given: Given) -> str:
    if can_hold(when.tree, given=inside(campaign, given)) and not step.repeat:
        return "it asks that the step itself was received, and a step goes out only once"
    return "this never holds while a lead is in this campaign"


def _asks_of_later(
    campaign: Campaign, document: Document, index: int, when: Condition, here: Given
) -> Iterator[Problem]:
    """A step of a sequence that waits for one below it: a lead on its first way through has passed it by then."""
    if campaign.order != "sequence":
        return
    later = {step.id for step in campaign.steps[index + 1 :]}
    never = {(name, step) for name in ("received", "clicked") for step in later}
    first_time = Given(here.values, here.never | never, here.bounds)
    if not can_hold(when.tree, given=first_time):
        asked = next(question for question in when.questions if (question.function, question.argument) in never)
        said = f"{quoted(asked)} asks about a step further down, which nobody has had here on the first way through"
        hint = "move this step below it, or write `order: unseen`"
        yield warning(document, ("steps", index, "when"), STEP_HARDLY, said, hint, within=asked.at)


def same_mails(campaign: Campaign, document: Document) -> Iterator[Problem]:
    """Templates that two steps send to the same leads, and variants that differ in nothing."""
    first: dict[str, int] = {}
    for index, step in enumerate(campaign.steps):
        yield from _variants(step, document, index)
        for template in dict.fromkeys(step.variants.values() or [step.template]):
            before = first.setdefault(template, index)
            if before != index and _both(campaign.steps[before], step):
                other = campaign.steps[before].id
                said = (
                    f"the step {quoted(other)} sends {quoted(template)} already: a lead could get the same mail twice"
                )
                yield warning(document, _template_path(step, index, template), SAME_MAIL, said)


def _variants(step: Step, document: Document, index: int) -> Iterator[Problem]:
    names = list(step.variants)
    for name in names:
        template = step.variants[name]
        twin = next((other for other in names if step.variants[other] == template), name)
        if twin != name:
            said = f"the variants {quoted(twin)} and {quoted(name)} are the same mail"
            yield warning(document, ("steps", index, "variants", name), SAME_MAIL, said)
    if len(names) == 1:
        said = f"one variant alone splits nothing: everybody gets {quoted(names[0])}"
        yield warning(document, ("steps", index, "variants"), NO_EFFECT, said, "add another, or leave `variants` out")
    if names and step.template not in step.variants.values():
        key = "email" if step.email else "survey"
        said = f"nobody gets {quoted(step.template)}: each lead gets one of the `variants`, and it is none of them"
        yield warning(document, ("steps", index, key), NO_EFFECT, said, "name it among the variants")


def _both(one: Step, other: Step) -> bool:
    return possible([(step.when.tree, HOLDS) for step in (one, other) if step.when])


def _template_path(step: Step, index: int, template: str) -> tuple[str | int, ...]:
    for name, variant in step.variants.items():
        if variant == template:
            return ("steps", index, "variants", name)
    return ("steps", index, "email" if step.email else "survey")


def steady(tree: Truth) -> Truth:
    """What is left of a condition some time after it held: of what easily changes nothing is known any more."""
    if isinstance(tree, Not):
        return Not(steady(tree.operand))
    if isinstance(tree, And | Or):
        return type(tree)(tuple(map(steady, tree.items)))
    if isinstance(tree, Asked):
        return Field("lead", (f"then {tree}",))
    if isinstance(tree, Field):
        return _then(tree)
    if isinstance(tree, Comparison):
        rest = tuple((operator, _then_value(value)) for operator, value in tree.rest)
        return Comparison(_then_value(tree.first), rest)
    return tree if isinstance(tree, Literal) else replace(tree, operand=_then(tree.operand))


def _then_value(value: Value) -> Value:
    if isinstance(value, Field):
        return _then(value)
    return Length(_then(value.operand)) if isinstance(value, Length) else value


def _then(name: Field) -> Field:
    is_steady = name.scope != "lead" or name.path[0] in _STEADY
    return name if is_steady else Field("lead", (f"then {name}",))
