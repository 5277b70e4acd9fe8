"""What a CRM is told in the fields that reps set too, and what a rep has said by setting them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from nurture.agreement import BUILT_IN_REASONS, CrmTerms, RejectReason
from nurture.facts import OPEN_HANDOFF, HandoffState
from nurture.grammar.crm_words import NEED_A_REASON, Meaning, Word
from nurture.grammar.mistakes import did_you_mean

WEIGHT: tuple[Word, ...] = (
    "nothing", "accepted", "attempted", "contacted", "qualified", "lost", "rejected", "won",
)  # fmt: skip
"""Of two fields set at once the later word here is what was said."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a lead stands with sales: its last handoff, and why it was refused last."""

    cycle: int
    reason: str | None = None
    handoff_id: int | None = None
    state: HandoffState | None = None
    owner: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether sales has it."""
        return self.state in OPEN_HANDOFF


@dataclass(frozen=True, slots=True)
class Shared:
    """What to write into fields that reps set too; `told` remembers what has been said that way."""

    values: Mapping[str, str]
    owner: str | None
    told: Mapping[str, str]


def shared(
    terms: CrmTerms,
    standing: Standing,
    told: Mapping[str, str] | None,
    current: Mapping[str, str],
    seen: Mapping[str, str],
) -> Shared:
    """What to write of status, reason and owner: each once, when it changes here, and never over a rep's newer word.

    Args:
        terms: The agreement's words on this CRM.
        standing: How the lead stands here.
        told: What was said before; None: nothing ever was, so of what is over nothing is said.
        current: The fields as they are there now.
        seen: The fields as they were when somebody looked last: what differs has not been heard yet, and stays.
    """
    tokens = {
        "status": f"{standing.handoff_id}/{standing.state}" if standing.state else "",
        "reason": "" if standing.is_open else f"{standing.cycle}/{standing.reason}" if standing.reason else "",
        "owner": f"{standing.handoff_id}/{standing.owner}" if standing.is_open and standing.owner else "",
    }
    wanted = {name for name, token in tokens.items() if token != (told or {}).get(name, "")}
    if told is None and not standing.is_open:
        wanted = set()
    after = {**(told or {}), **tokens}
    values: dict[str, str] = {}
    for name, field, value in (
        ("status", terms.status_field, _status(terms, standing, current)),
        ("reason", terms.names.get("reason"), "" if standing.is_open else _word_of(terms, standing.reason)),
    ):
        if name not in wanted or field is None or value is None:
            continue
        if field in seen and current.get(field, "") != seen[field]:
            after[name] = (told or {}).get(name, "")
        elif current.get(field, "") != value:
            values[field] = value
    return Shared(values, standing.owner if "owner" in wanted and tokens["owner"] else None, after)


def _status(terms: CrmTerms, standing: Standing, current: Mapping[str, str]) -> str | None:
    """What to write; None where what stands there says the same already, in a word of the rep's own."""
    field = terms.status_field
    if field is None:
        return None
    there = terms.heard.get(field, {}).get(current.get(field, ""))
    return None if there is not None and there.word == standing.state else terms.status_for(standing.state)


def _word_of(terms: CrmTerms, reason: str | None) -> str:
    """A reject reason as it is called there."""
    return next((word for word, code in terms.reasons.items() if code == reason), reason or "")


@dataclass(frozen=True, slots=True)
class Said:
    """What a rep said. `words`: the fields set, as they stand there. `unclear`: why nobody can tell what is meant."""

    word: Word
    words: str
    reason: str | None = None
    unclear: str | None = None


def heard(
    terms: CrmTerms, reasons: Mapping[str, RejectReason], before: Mapping[str, str], after: Mapping[str, str]
) -> Said | None:
    """What somebody said by changing fields from `before` to `after`; None where nothing was said."""
    changed = [name for name in terms.watched if name in before and after.get(name, "") != before[name]]
    if not changed:
        return None
    words = ", ".join(f"{name}: {after.get(name) or 'empty'}" for name in changed)
    meant: Meaning | None = None
    for name in changed:
        value = after.get(name, "")
        found = terms.heard.get(name, {}).get(value)
        if found is None and value and name == terms.status_field:
            return Said(
                "nothing", words, unclear=f"{name} is {value!r}, of which `statuses` does not say what it means"
            )
        meant = _weightier(meant, found)
    reason_field = terms.names.get("reason")
    if (meant is None or meant.word == "nothing") and reason_field in changed and after.get(reason_field):
        meant = next((m for m in _standing_words(terms, after) if m.word in NEED_A_REASON), meant)
    if meant is None or meant.word == "nothing":
        return None
    if meant.word not in NEED_A_REASON:
        return Said(meant.word, words)
    return _with_reason(meant, words, reason_field, after.get(reason_field or "", ""), terms, reasons)


def _weightier(one: Meaning | None, other: Meaning | None) -> Meaning | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda meaning: WEIGHT.index(meaning.word))


def _standing_words(terms: CrmTerms, after: Mapping[str, str]) -> list[Meaning]:
    """What all fields say as they are now."""
    found = (values.get(after.get(name, "")) for name, values in terms.heard.items())
    return [meaning for meaning in found if meaning is not None]


def _with_reason(
    meant: Meaning, words: str, field: str | None, value: str, terms: CrmTerms, reasons: Mapping[str, RejectReason]
) -> Said:
    reason = meant.reason or code_of(terms, reasons, value)
    if reason is not None:
        return Said(meant.word, words, reason)
    if not value:
        where = f"{field} is empty" if field else "no field holds reasons"
        return Said(meant.word, words, unclear=f"{meant.word}, but {where}: nobody can tell why")
    hint = did_you_mean(value, [*reasons, *BUILT_IN_REASONS])
    near = f" ({hint})" if hint else ""
    return Said(meant.word, words, unclear=f"{field} is {value!r}, which is no reject reason of the agreement{near}")


def code_of(terms: CrmTerms, reasons: Mapping[str, RejectReason], value: str) -> str | None:
    """The reject reason that a word of the CRM stands for: as the agreement says, by its code, or by its label."""
    if value in terms.reasons:
        return terms.reasons[value]
    folded = value.strip().casefold()
    for code, reason in reasons.items():
        if folded in (code.casefold(), reason.label.casefold()):
            return code
    return folded if folded in BUILT_IN_REASONS else None
