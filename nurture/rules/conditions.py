"""Whether a condition holds, and why, by SQL's three-valued logic.

A comparison over an empty field is unknown (None); `and`, `or` and `not` treat unknown as SQL does; only True holds.
The language itself is `nurture.grammar.conditions`.
"""

from nurture.facts import Known, LeadNames
from nurture.grammar.conditions import Condition
from nurture.grammar.tree import And, Asked, Comparison, Field, Length, Literal, Not, Or, Truth, Value
from nurture.rules.judging import Judge, judge, last_time, reader
from nurture.rules.once import once

_LONGEST = 60
_WORD = {True: "holds", False: "does not hold", None: "cannot hold"}


def holds(condition: Condition, known: Known) -> bool | None:
    """Whether the condition holds; None where that cannot be known. Never raises, whatever the fields contain."""
    lead = known.lead
    if not isinstance(lead, LeadNames):
        return _judge(condition)(known)
    # While the lead's names stay, so do the answers that follow from them alone.
    kept = lead.answers.get(id(condition))
    if kept is not None:
        return kept[1]
    held = _judge(condition)(known)
    if condition.is_of_lead_alone:
        lead.answers[id(condition)] = condition, held
    return held


def explain(condition: Condition, known: Known) -> str:
    """Why it holds or not, in plain words: a sentence for each part that decided.

    `lead.employees is not known, so "lead.employees >= 200" cannot hold`.
    """
    sentences = dict.fromkeys(_reason(part, known) for part in _decisive(condition.tree, known, True))
    return "; ".join(sentences)


@once
def _judge(condition: Condition) -> Judge:
    return judge(condition.tree)


def _decisive(tree: Truth, known: Known, wanted: bool) -> list[Truth]:
    """The smallest parts, each with the `not` that belongs to it, that made the whole what it is."""
    if isinstance(tree, Not):
        return _decisive(tree.operand, known, not wanted)
    if not isinstance(tree, And | Or):
        return [tree if wanted else Not(tree)]
    held = judge(tree)(known)
    results = [judge(item)(known) for item in tree.items]
    # One False decides an `and`, one True an `or`; nothing less than all of them decides the opposite.
    needs_all = held is isinstance(tree, And)
    deciding = [item for item, result in zip(tree.items, results, strict=True) if result is held]
    if not needs_all and held is not None:
        deciding = deciding[:1]
    return [part for item in deciding for part in _decisive(item, known, wanted)]


def _reason(part: Truth, known: Known) -> str:
    held = judge(part)(known)
    bare = part.operand if isinstance(part, Not) else part
    verdict = f'"{part}" {_WORD[held]}'
    if isinstance(bare, Literal):
        return f"{verdict}, always"
    fact = _past(bare, known) if isinstance(bare, Asked) else _facts(bare, known, held)
    return f"{fact}, so {verdict}"


def _facts(part: Truth, known: Known, held: bool | None) -> str:
    facts = {str(value): _known(reader(value)(known)) for value in _values(part)}
    said = " and ".join(f"{name} is {value}" for name, value in facts.items())
    odd = held is None and "not known" not in facts.values()
    return f"{said}, which cannot be compared" if odd else said


def _values(part: Truth) -> list[Value]:
    if isinstance(part, Field):
        return [part]
    if isinstance(part, Comparison):
        values = (part.first, *(value for _, value in part.rest))
        return [value for value in values if isinstance(value, Field | Length)]
    return [part.operand] if not isinstance(part, Literal | Asked | And | Or | Not) else []


def _known(value: object) -> str:
    if value is None:
        return "not known"
    text = "yes" if value is True else "no" if value is False else " ".join(str(value).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"“{text}”" if isinstance(value, str) else text


def _past(question: Asked, known: Known) -> str:
    said = f"“{question.argument}”"
    if question.function == "received":
        return f"the step {said} has {'' if question.argument in known.received else 'not '}been received"
    did, did_not = {
        "visited": ("visited", "did not visit"),
        "did": ("did", "did not do"),
        "clicked": ("clicked in the step", "clicked nothing in the step"),
        "answered": ("answered", "did not answer"),
    }[question.function]
    last = last_time(question, known)
    period = "" if question.days is None else f" in the last {question.days} days"
    if last is None:
        return f"the lead {did_not} {said}{period}"
    return f"the lead {did} {said}, last on {last.date().isoformat()}"
