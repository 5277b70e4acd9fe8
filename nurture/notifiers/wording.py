"""What a packet says in words, the same in a mail, in Slack and on the rep's page. Pure.

Names, titles and notes come from outside: `one_line` takes out of them what could break a line, a card or the direction
of reading. Escaping for HTML or Slack is done where the text is put in.
"""

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

from nurture.notifiers.packet import Answer, Criterion, Did, Earlier, MailRow, Packet, Person, Row

_JOINERS = frozenset("\u200c\u200d")
"""Persian names and many emoji need them; alone they are nothing to see."""
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that look like nothing at all."""
_SPARE = 8
"""So many characters are read for one that is shown: some are taken out."""
_PHONES = frozenset({"phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "cell", "workphone"})
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,28}[0-9]")
_WORDS = {"lead.requalified": "is ready for sales", "lead.hand_raised": "asks to talk to you"}


def one_line(value: object, limit: int = 200) -> str:
    """`value` on one line, cut with `…` at `limit`: nothing that cannot be seen or that turns the reading round."""
    whole = str(value)
    near = whole[: limit * _SPARE]  # what is far beyond the limit need not be looked at
    text = " ".join("".join(map(_harmless, near)).split())
    if _JOINERS.issuperset(text.replace(" ", "")):
        text = ""
    if len(text) <= limit and (len(near) == len(whole) or not text):
        return text
    return text[: limit - 1].rstrip() + "…"


def _harmless(character: str) -> str:
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category == "Cf" or character in _FILLERS:  # turns the direction of reading, or cannot be seen
        return ""
    return " " if category in {"Cc", "Cs", "Zl", "Zp", "Zs"} else character


def label(code: str) -> str:
    """A code of the agreement in words: `pricing_page` → `Pricing page`."""
    words = one_line(code.replace("_", " "), 100)
    return words[:1].upper() + words[1:]


def name_of(lead: Person) -> str:
    """The lead's name, else the address."""
    return one_line(lead.name or "", 80) or one_line(lead.email, 80)


def position_of(lead: Person) -> str:
    """`VP Operations at Acme`, as much of it as is known."""
    title, company = one_line(lead.title or "", 80), one_line(lead.company or "", 80)
    return f"{title} at {company}" if title and company else title or company


def phone_of(lead: Person) -> str:
    """The lead's telephone number, where an attribute says one that looks like it; nothing else stands in it."""
    for name, value in lead.attributes.items():
        if name.lower().replace("_", "").replace(" ", "") in _PHONES and isinstance(value, str | int):
            number = one_line(value, 40)
            if _PHONE.fullmatch(number):
                return number
    return ""


def headline(kind: str, packet: Packet) -> str:
    """What has happened, in one line: `Maria Rossi is ready for sales`."""
    if kind == "lead.requalified" and packet.handoff.hand_raise:
        kind = "lead.hand_raised"
    news = _WORDS.get(kind)
    who = name_of(packet.lead)
    return f"{who} {news}" if news else f"{label(kind.rpartition('.')[2])}: {who}"


def sentence(text: str, limit: int = 400) -> str:
    """`text` as a sentence: a capital at the front, a full stop at the end."""
    line = one_line(text, limit)
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def why_now(packet: Packet) -> str:
    """The packet's one sentence, to be said on the phone."""
    return sentence(packet.why_now or packet.because)


def number(value: float) -> str:
    """A number of points with at most one decimal: `62`, `31.2`, `−4`."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text.replace("-", "−")


def signed(points: float) -> str:
    """Points with their sign: `+30`, `−20`."""
    return f"+{number(points)}" if points >= 0 else number(points)


def day(value: date) -> str:
    """`3 Mar 2026`."""
    return f"{value.day} {value:%b %Y}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 3 Mar 2026, 14:05 CST`, in the zone that sales works in."""
    local = at.astimezone(zone)
    return f"{local:%a} {day(local)}, {local:%H:%M %Z}"


def row(term: Row) -> str:
    """`Pricing page, 3 times on 3 Mar 2026 (2 counted)`."""
    times = {1: "once", 2: "twice"}.get(term.count, f"{term.count} times")
    counted = "" if term.counted == term.count else f" ({term.counted} counted)"
    return f"{label(term.signal)}, {times} on {day(term.day)}{counted}"


def age(term: Row) -> str:
    """`5 days old`."""
    return {0: "of the same day", 1: "1 day old"}.get(term.age_days, f"{term.age_days} days old")


def did(done: Did) -> str:
    """`Visited /pricing (3 times)`."""
    what = one_line(done.what, 240)
    return what[:1].upper() + what[1:] + (f" ({done.times} times)" if done.times > 1 else "")


def answer(said: Answer) -> str:
    """`When will you decide? This quarter`."""
    asked = one_line(said.asked, 200) if said.asked else label(said.question or "a question")
    answered = one_line(said.said, 200) if said.said else label(said.answer or "")
    return f"{asked} {answered}" if asked.endswith(("?", "!", ".", ":")) else f"{asked}: {answered}"


def mail(sent: MailRow, zone: ZoneInfo) -> str:
    """`“Three questions”, sent Tue 3 Mar 2026, 14:05 CST, clicked`."""
    at = f", sent {moment(sent.sent_at, zone)}" if sent.sent_at else ""
    step = label(sent.step.replace("-", " ").replace("/", ": "))
    return f"{f'“{one_line(sent.subject, 120)}”' if sent.subject else step}{at}{', clicked' if sent.clicked else ''}"


def criterion(line: Criterion) -> str:
    """`Decision maker +30`; one that gave the grade alone has no points."""
    name = one_line(line.name, 80)
    return name if line.points is None else f"{name} {signed(line.points)}"


def held(packet: Packet) -> tuple[Criterion, ...]:
    """The criteria of fit that hold: what the grade was made of."""
    return tuple(line for line in packet.fit if line.holds)


def unknown(packet: Packet) -> tuple[str, ...]:
    """Names of the criteria of which nobody knows whether they hold: worth a question on the phone."""
    return tuple(one_line(line.name, 80) for line in packet.fit if line.holds is None)


def earlier(round_: Earlier) -> str:
    """`10 Jan 2026: Not ready, “call me in May” (rep@acme.example)`."""
    when = f"{day(round_.at.date())}: " if round_.at else ""
    reason = one_line(round_.label, 100) if round_.label else label(round_.reason or "Ended")
    note = f", “{one_line(round_.note, 300)}”" if round_.note else ""
    by = f" ({one_line(round_.by or round_.owner, 80)})" if round_.by or round_.owner else ""
    return f"{when}{reason}{note}{by}"


def left_out(packet: Packet, name: str, shown: int) -> int:
    """How many of a list are not shown, of which the first `shown` are."""
    return max(0, len(getattr(packet, name)) - shown) + packet.left_out.get(name, 0)
