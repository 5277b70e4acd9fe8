"""Every error as `application/problem+json` (RFC 9457): what is wrong in one sentence, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem.

    Attributes:
        name: its short name for programs; also where `/docs` explains it.
        status: of the answer.
        title: the same sentence whenever it occurs.
        meaning: what is to be done about it, for the description.
        example: of a detail.
    """

    name: str
    status: int
    title: str
    meaning: str
    example: str


MALFORMED = Kind(
    "malformed", 400, "The request cannot be read",
    "The body is no JSON that two programs would read alike: broken, not UTF-8, a name twice in one object, nested "
    "more than 32 deep. Mend the program that wrote it.",
    "The body is no JSON: Expecting ',' delimiter in line 1, column 17.",
)  # fmt: skip
NO_KEY = Kind(
    "no-key", 401, "A key is needed",
    "Send `Authorization: Bearer KEY`. `nurture api-keys create NAME` makes one.",
    "Send a key of this installation as `Authorization: Bearer KEY`.",
)  # fmt: skip
READ_ONLY = Kind(
    "read-only", 403, "This key may only look",
    "The key was made with `--read-only`.",
    "The key `reports` may only look; this call changes something.",
)  # fmt: skip
NOT_FOUND = Kind(
    "not-found", 404, "There is no such thing",
    "The address is none of the API's, or what it names is not there (any more).",
    "No handoff 4711.",
)  # fmt: skip
WRONG_METHOD = Kind(
    "wrong-method", 405, "That method does not work here",
    "`Allow` says which do.",
    "DELETE does not work here; GET and POST do.",
)  # fmt: skip
CONFLICT = Kind(
    "conflict", 409, "It does not fit the state of things",
    "Somebody else was first, or it is too late; the detail says who did what, and when. Look again before acting.",
    "This handoff was accepted by rep.two@acme.example on 03 Mar 2026, 14:05 UTC.",
)  # fmt: skip
IN_FLIGHT = Kind(
    "in-flight", 409, "The first call under this Idempotency-Key is still being answered",
    "Wait as `Retry-After` says, and send the same again.",
    "A call with the same Idempotency-Key is still being answered; wait a moment and send it again.",
)  # fmt: skip
TOO_LARGE = Kind(
    "too-large", 413, "The body is too large",
    "2 MB for a batch, 64 KB for anything else.",
    "The body has more than 65,536 octets.",
)  # fmt: skip
NOT_JSON = Kind(
    "media-type", 415, "The body is of another type",
    "Send `Content-Type: application/json`, in UTF-8, plain or as gzip.",
    "Send the body as `Content-Type: application/json`; `text/plain` is not read here.",
)  # fmt: skip
INVALID = Kind(
    "invalid", 422, "What was sent cannot be taken",
    "`errors` names each value by its JSON pointer (RFC 6901) in the body, or by the name of the parameter.",
    "No reject reason `not_redy`; did you mean `not_ready`?",
)  # fmt: skip
KEY_REUSED = Kind(
    "key-reused", 422, "The Idempotency-Key has been used for something else",
    "One key names one call, with the same address and body. Make a new one for each thing that is to be done.",
    "This Idempotency-Key was sent before with another request.",
)  # fmt: skip
TOO_MANY = Kind(
    "too-many", 429, "Too many calls",
    "Wait as `Retry-After` says. `RateLimit` tells on every answer what is left.",
    "The key `hubspot` has made 6,000 calls within a minute; wait 2 seconds.",
)  # fmt: skip
BROKEN = Kind(
    "broken", 500, "Something went wrong here",
    "The mistake is ours and has been noted. Trying again may or may not help.",
    "The mistake is ours and has been noted.",
)  # fmt: skip
AWAY = Kind(
    "away", 503, "The database does not answer",
    "Nothing was changed. Send the same again as `Retry-After` says.",
    "The database does not answer at the moment. Nothing was changed; please try again.",
)  # fmt: skip
BUSY = Kind(
    "busy", 503, "Too much is being done at once",
    "Nothing was changed. Send the same again as `Retry-After` says.",
    "More calls are waiting than can be answered. Nothing was changed; please try again.",
)  # fmt: skip

KINDS = (MALFORMED, NO_KEY, READ_ONLY, NOT_FOUND, WRONG_METHOD, CONFLICT, IN_FLIGHT, TOO_LARGE, NOT_JSON, INVALID,
         KEY_REUSED, TOO_MANY, BROKEN, AWAY, BUSY)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value: of the body, by its JSON pointer, or of a parameter, by its name."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def to_json(self) -> dict[str, str]:
        """As it stands under `errors`."""
        place = {"parameter": self.parameter} if self.pointer is None else {"pointer": self.pointer}
        return {**{name: said for name, said in place.items() if said is not None}, "detail": self.detail}


@dataclass
class Problem(Exception):
    """Raised wherever a call cannot be answered as asked; becomes the answer."""

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The detail."""
        return self.detail


def answer(problem: Problem, base_url: str) -> Response:
    """The problem as a response. `type` leads to where this installation explains it."""
    return Response(
        orjson.dumps(to_json(problem, base_url)), problem.kind.status, dict(problem.headers), media_type=MEDIA_TYPE
    )


def to_json(problem: Problem, base_url: str) -> dict[str, Any]:
    """The members of a problem (RFC 9457 §3), `code` for programs, and `errors` where values are to blame."""
    kind = problem.kind
    said: dict[str, Any] = {
        "type": f"{base_url}/docs#problem-{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "code": kind.name,
        "detail": sentence(problem.detail),
    }
    return {**said, "errors": [fault.to_json() for fault in problem.faults]} if problem.faults else said


def sentence(text: str) -> str:
    """With a capital at the front and a stop at the end, on one line that JSON can carry."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())[:1000]
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "!", "?", ".)", "?)")) else f"{line}."
