"""What a signal means, said of a lead as a rep would: "looked at the pricing page", "attended a webinar". English.

The agreement's own words (`says`) come first. Without them they are made of what the signal asks for: a page of its
name; a track of its own name, which by convention is an object and what was done with it ("Webinar Attended").
"""

import re

from nurture.agreement import Agreement, Signal
from nurture.grammar.labels import in_language

_LANGUAGE = "en"
_LONGEST = 120
_PAST = frozenset({
    "begun", "bought", "built", "chosen", "drawn", "filled", "found", "given", "held", "kept", "left", "made", "met",
    "read", "seen", "sent", "spoken", "taken", "won", "written",
})  # fmt: skip
_SIMPLE_PAST = {
    "begun": "began", "chosen": "chose", "drawn": "drew", "given": "gave", "seen": "saw", "spoken": "spoke",
    "taken": "took", "written": "wrote",
}  # fmt: skip
_OF_PAGES = re.compile(r"[_\s-]*(?:pages?|visits?|visited|views?|viewed)$", re.IGNORECASE)


def says(agreement: Agreement, name: str) -> str:
    """What the lead did, as it follows "Maria", for a signal of this name; of one that is gone, by its name."""
    signal = agreement.signals.get(name)
    if signal is None:
        return f"did “{_plain(name)}”"
    return (signal.says or _made(agreement, name, signal))[:_LONGEST]


def did_track(name: str) -> str:
    """What a track event says: `Webinar Attended` → `attended a webinar`; any other name is quoted."""
    words = name.split()
    done = words[-1].lower() if len(words) > 1 else ""
    if done not in _PAST and not re.fullmatch(r"[a-z]{2,}ed", done):
        return f"did “{_plain(name)}”"
    thing = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words[:-1])
    return f"{_SIMPLE_PAST.get(done, done)} {_article(thing)}{thing}"


def answer_in_words(agreement: Agreement, question: str, answer: str | None) -> tuple[str, str | None]:
    """A survey's question and answer as leads read them; the codes themselves where the agreement has no words."""
    asked = next((one for name, one in agreement.questions.items() if _same(name, question)), None)
    if asked is None:
        return _plain(question), None if answer is None else _plain(answer)
    label = in_language(asked.label, _LANGUAGE)
    if answer is None:
        return label, None
    said = next((words for code, words in asked.answers.items() if _same(code, answer)), None)
    return label, _plain(answer) if said is None else in_language(said, _LANGUAGE)


def _made(agreement: Agreement, name: str, signal: Signal) -> str:
    matcher = signal.when
    match matcher.kind:
        case "page":
            return f"looked at the {_OF_PAGES.sub('', _plain(name)).strip() or _plain(name)} page"
        case "track" if matcher.pattern:
            return did_track(matcher.pattern)
        case "answer" if matcher.pattern:
            question, answer = answer_in_words(agreement, matcher.pattern, matcher.answer)
            return f"answered “{question}”" if answer is None else f"answered “{question}” with “{answer}”"
        case "click":
            return "clicked a link in a mail"
        case "open":
            return "opened a mail"
        case "reply":
            return "replied to a mail"
    return f"did “{_plain(name)}”"


def _article(thing: str) -> str:
    if thing.endswith("s") and not thing.endswith(("ss", "us", "is")):
        return ""
    return "an " if thing[:1].lower() in "aeio" else "a "


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
