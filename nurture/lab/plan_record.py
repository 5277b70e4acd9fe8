"""One lead of a snapshot, as a JSON object and back: all that the rules need, and nothing that says who it is."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast

from nurture.facts import (
    RECEIVED,
    DeliveryFact,
    EnrollmentFact,
    EventFact,
    LeadState,
    PastEnrollment,
    Profile,
    SignalCount,
)
from nurture.rules.calendar import zone_named

KEY_BYTES = 10
_SIGN = {True: "1", False: "0", None: "?"}
_TOLD = {sign: answer for answer, sign in _SIGN.items()}


class Answers(dict[str, bool | None]):
    """The answers for one lead. `guess` stands for those that the snapshot lacks; `lacks` tells that it lacks some."""

    guess: bool | None = None
    lacks: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """The answer, or the guess."""
        return super().get(name, self.guess)

    def guessing(self, guess: bool | None) -> "Answers":
        """The same with another guess."""
        other = Answers(self)
        other.guess, other.lacks = guess, self.lacks
        return other


def pseudonym(key: str, secret: str) -> str:
    """What stands for a lead: a keyed hash (HMAC-SHA256, cut off) that nobody can turn back without the secret."""
    return hmac.new(f"nurture snapshot {secret}".encode(), key.encode(), "sha256").hexdigest()[: KEY_BYTES * 2]


def to_record(
    state: LeadState,
    *,
    secret: str,
    answers: list[bool | None],
    times: Mapping[int, datetime],
    values: Mapping[str, object],
    is_known: bool,
    is_elsewhere: bool = False,
) -> dict[str, Any]:
    """A lead without a person: what is empty is left out.

    Args:
        state: the lead.
        secret: hashes its key.
        answers: to each part of the conditions, in the order of the header.
        times: when the lead last did what a question asks for, by the question's place in the header.
        values: of the fields that are kept.
        is_known: whether more than an address is known.
        is_elsewhere: whether it lives where the agreement asks for no ground for mail.
    """
    live = state.enrollment
    record: dict[str, Any] = {
        "lead": pseudonym(state.profile.key, secret),
        "zone": zone_named(state.profile.timezone),
        "known": is_known,
        "stage": state.stage,
        "cycle": state.cycle,
        "created": _moment(state.created_at),
        "grade": state.grade,
        "handed_over": state.handed_over,
        "refused": state.refused,
        "reason": state.reason,
        "suppressed": state.suppressed,
        "unconfirmed": state.unconfirmed,
        "basis": state.basis,
        "basis_at": _moment(state.basis_at),
        "elsewhere": is_elsewhere,
        "left_topics": sorted(state.left_topics),
        "mail_from": _moment(state.mail_from),
        "ask_at": _moment(state.ask_at),
        "engaged": _moment(state.engaged_at),
        "postponed": {because: _moment(until) for because, until in state.postponed},
        "in": None if live is None else _enrollment(live),
        "past": [[past.n, past.campaign, past.cycle, _moment(past.ended_at), past.left_as] for past in state.past],
        "mails": [_mail(mail) for mail in state.deliveries],
        "counts": [[count.matcher, count.day.isoformat(), count.count] for count in state.counts],
        "answers": "".join(_SIGN[answer] for answer in answers),
        "did": {str(index): _moment(at) for index, at in times.items()},
        "values": dict(values),
    }
    return {name: value for name, value in record.items() if value not in (None, False, [], {}, "")}


def from_record(record: Mapping[str, Any], answers: Sequence[str], questions: Sequence[str]) -> LeadState:
    """The lead as the rules take it. `answers` and `questions` are the header's names."""
    told = Answers(zip(answers, (_TOLD[sign] for sign in record.get("answers", "")), strict=True))
    profile = Profile(
        key=record["lead"],
        email=cast("str", told),
        country="elsewhere" if record.get("elsewhere") else None,
        timezone=record.get("zone"),
        attributes={"known": True} if record.get("known") else {},
    )
    created = datetime.fromisoformat(record["created"])
    live = record.get("in")
    state = LeadState(
        profile=profile,
        stage=record["stage"],
        cycle=record["cycle"],
        cycles=((record["cycle"], created),),
        created_at=created,
        grade=record.get("grade"),
        handed_over=record.get("handed_over", False),
        refused=record.get("refused", False),
        reason=record.get("reason"),
        suppressed=record.get("suppressed"),
        unconfirmed=record.get("unconfirmed", False),
        basis=record.get("basis"),
        basis_at=_read(record.get("basis_at")),
        left_topics=frozenset(record.get("left_topics", ())),
        mail_from=_read(record.get("mail_from")),
        ask_at=_read(record.get("ask_at")),
        engaged_at=_read(record.get("engaged")),
        postponed=tuple((because, datetime.fromisoformat(at)) for because, at in record.get("postponed", {}).items()),
    )
    return replace(
        state,
        enrollment=None if live is None else _read_enrollment(live),
        past=tuple(
            PastEnrollment(n, campaign, cycle, datetime.fromisoformat(at), word)
            for n, campaign, cycle, at, word in record.get("past", ())
        ),
        deliveries=tuple(map(_read_mail, record.get("mails", ()))),
        counts=tuple(SignalCount(what, date.fromisoformat(day), n) for what, day, n in record.get("counts", ())),
        events=tuple(
            EventFact("track", datetime.fromisoformat(at), name=questions[int(index)])
            for index, at in record.get("did", {}).items()
        ),
    )


def _enrollment(live: EnrollmentFact) -> list[Any]:
    times = (_moment(live.started_at), _moment(live.due_at), _moment(live.due_until))
    return [live.n, live.campaign, live.cycle, live.status, *times, live.slow]


def _read_enrollment(live: list[Any]) -> EnrollmentFact:
    n, campaign, cycle, status, started_at, due_at, due_until, slow = live
    return EnrollmentFact(
        n, campaign, cycle, datetime.fromisoformat(started_at), status, _read(due_at), _read(due_until), slow
    )


def _mail(mail: DeliveryFact) -> list[Any]:
    state = "sent" if mail.state in RECEIVED else mail.state
    at = _moment(mail.at)
    return [mail.campaign, mail.step, mail.cycle, mail.enrollment, state, mail.local_on.isoformat(), at, mail.for_good]


def _read_mail(mail: list[Any]) -> DeliveryFact:
    campaign, step, cycle, enrollment, state, on, at, for_good = mail
    on_day, left_at = date.fromisoformat(on), datetime.fromisoformat(at)
    return DeliveryFact(campaign, step, cycle, enrollment, state, on_day, left_at, for_good)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read(at: str | None) -> datetime | None:
    return None if at is None else datetime.fromisoformat(at)
