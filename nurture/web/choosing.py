"""The forms of `/p/{token}`: what each one asks for, and the flow that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from urllib.parse import parse_qs

from nurture.app import App
from nurture.errors import UsageError
from nurture.flows import choose, pause
from nurture.flows.change_address import LINK_LIVES, Asked, ask_for_address
from nurture.mail.address_links import AddressLetter, address_mail, address_token
from nurture.mail.links import MailOfLead
from nurture.messages import Mail
from nurture.pages.masking import masked
from nurture.rules.cadence import zone_of
from nurture.rules.calendar import local_date
from nurture.store.choices import Choices

_MOST_FIELDS = 500
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Choice:
    """One form as it was sent."""

    do: str = ""
    offered: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    until: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What to say of it: keys of texts, what fills them, and the field that is wrong with what was typed there."""

    said: str | None = None
    problem: str | None = None
    wrong: str | None = None
    typed: str = ""
    fill: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whose form it is."""

    app: App
    language: str
    there: Choices
    mail: MailOfLead

    @property
    def now(self) -> datetime:
        return self.app.now()

    @property
    def how(self) -> str:
        return f"preferences, delivery {self.mail.delivery_id}"


def read_choice(body: bytes) -> Choice:
    """The fields of a urlencoded form. What is not there is empty; what cannot be read asks for nothing."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return Choice()
    first = {name: values[0].replace("\x00", "").strip()[:_LONGEST] for name, values in fields.items()}
    return Choice(
        do=first.get("do", ""),
        offered=frozenset(fields.get("offered", ())),
        topics=frozenset(fields.get("topic", ())),
        until=first.get("until", ""),
        email=first.get("email", ""),
    )


def act(app: App, language: str, there: Choices, mail: MailOfLead, choice: Choice) -> Done:
    """Do what the form asks for. Sent twice, it does once what it says."""
    doing = _ACTS.get(choice.do)
    if doing is None:
        return Done(problem="wrong.form")
    return doing(_Asking(app, language, there, mail), choice)


def _topics(asking: _Asking, choice: Choice) -> Done:
    choose.choose_topics(
        asking.app,
        asking.there.lead_id,
        offered=choice.offered,
        wanted=choice.topics,
        how=asking.how,
        now=asking.now,
    )
    return Done(said="said.topics")


def _pause(asking: _Asking, choice: Choice) -> Done:
    try:
        until = date.fromisoformat(choice.until)
        pause.pause(asking.app, asking.there.lead_id, until, asking.now)
    except (ValueError, UsageError):
        return Done(problem="wrong.day", wrong="day", typed=choice.until)
    return Done(said="said.pause", fill={"until": until})


def _resume(asking: _Asking, _: Choice) -> Done:
    pause.resume(asking.app, asking.there.lead_id, asking.now)
    return Done(said="said.resume")


def _stop(asking: _Asking, _: Choice) -> Done:
    choose.stop(asking.app, asking.there.lead_id, how=asking.how, now=asking.now)
    return Done(said="said.stop")


def _come_back(asking: _Asking, _: Choice) -> Done:
    how = f"{asking.how}: the lead subscribed again"
    may = choose.come_back(asking.app, asking.there.lead_id, how=how, now=asking.now)
    return Done(said="said.come_back") if may else Done()


_PROBLEMS: Mapping[Asked, str] = {
    "no address": "wrong.address",
    "same": "wrong.address_same",
    "often": "wrong.address_often",
    "unsent": "wrong.address_unsent",
}


def _address(asking: _Asking, choice: Choice) -> Done:
    app, there = asking.app, asking.there
    if app.settings.mail_url is None or there.stopped not in (None, "bounced"):
        return Done(problem="wrong.form")
    compose = partial(_letter, asking)
    asked = ask_for_address(app, there.lead_id, choice.email, how=asking.how, compose=compose, now=asking.now)
    if asked in _PROBLEMS:
        return Done(problem=_PROBLEMS[asked], wrong="address", typed=choice.email)
    return Done(said="said.address", fill={"address": masked(choice.email), "days": LINK_LIVES.days})


def _letter(asking: _Asking, to: str, asked_id: int, expires_at: datetime) -> Mail:
    app, company = asking.app, asking.app.agreement.company
    words = app.pages.words(asking.language)
    zone = zone_of(asking.there.timezone, app.agreement)
    letter = AddressLetter(
        subject=words("mail.subject"),
        hello=words("mail.hello"),
        text=words("mail.text"),
        until=words("mail.until", until=words.day(local_date(expires_at, zone))),
        company=words("page.company", address=company.address),
        language=asking.language,
    )
    return address_mail(
        letter,
        sender=str(company.sender),
        envelope=company.sender.address,
        to=to,
        token=address_token(app.settings.secret_key, asked_id),
        base_url=app.settings.base_url.rstrip("/"),
        now=asking.now,
    )


_ACTS: Mapping[str, Callable[[_Asking, Choice], Done]] = {
    "topics": _topics,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "come_back": _come_back,
    "address": _address,
}
