"""What calls may say: bodies and filters, checked before anything is done with them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nurture.facts import Grade, HandoffState, Stage
from nurture.flows.answering import LONGEST_NOTE
from nurture.grammar.addresses import parse_address
from nurture.grammar.mistakes import Mistake
from nurture.web.api.paging import MOST, USUALLY

MOST_IN_A_BATCH = 1000


def _text(value: object) -> object:
    if isinstance(value, str):
        return value.strip()
    raise PydanticCustomError("time_text", "it has to be a text such as 2026-03-03T14:05:00-06:00")


def _storable(at: datetime) -> datetime:
    if not 1970 <= at.year < 9999:
        raise PydanticCustomError("time_range", "it lies before 1970 or beyond 9998")
    return at.astimezone(UTC)


def _email(value: object) -> object:
    try:
        return parse_address(value)
    except Mistake as mistake:
        raise PydanticCustomError("address", "{said}", {"said": str(mistake)}) from None


Instant = Annotated[AwareDatetime, BeforeValidator(_text), AfterValidator(_storable)]
Email = Annotated[str, BeforeValidator(_email)]
By = Annotated[
    str | None,
    Field(
        max_length=200,
        description="Who says so: a rep's address or name as in the agreement, or `program: person`. Without it "
        "`API: ` and the key's name, and nobody's lead changes hands.",
        examples=["rep.one@acme.example"],
    ),
]
Note = Annotated[
    str | None, Field(max_length=LONGEST_NOTE, description="In the rep's own words.", examples=["Call me in May."])
]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=100, description="A reject reason of the agreement: `GET /api/reasons`.",
          examples=["not_ready"]),
]  # fmt: skip


class Said(BaseModel):
    """A body of a call. What it does not know it refuses: a typo must not be silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Signed(Said):
    """Who says so."""

    by: By = None


class Rejecting(Signed):
    """Sales does not want the lead, and why."""

    reason: Reason
    note: Note = None


class Attempting(Signed):
    """Sales tried to reach the lead."""

    kind: Annotated[Literal["call", "mail", "meeting"], Field(description="How.", examples=["call"])]
    outcome: Annotated[
        Literal["reached", "not_reached"], Field(description="Whether the lead was reached.", examples=["not_reached"])
    ]
    note: Note = None
    at: Annotated[
        Instant | None,
        Field(description="When, if not just now. The same attempt at the same instant is logged once, however often "
              "it is sent.", examples=["2026-03-03T14:05:00-06:00"]),
    ] = None  # fmt: skip


class Concluding(Signed):
    """What became of the lead."""

    outcome: Annotated[
        Literal["contacted", "qualified", "won", "lost"],
        Field(
            validation_alias=AliasChoices("outcome", "state"),
            description="`contacted`: spoken to. `qualified`: a real opportunity. `won`: a customer. `lost`: neither. "
            "May also be called `state`.",
            examples=["qualified"],
        ),
    ]
    reason: Annotated[
        str | None, Field(max_length=100, description="For `lost`: a reject reason.", examples=["no_budget"])
    ] = None
    note: Note = None


class Reaching(Signed):
    """The lead was spoken to."""

    note: Note = None


class Reassigning(Signed):
    """Somebody else is to have the lead."""

    to: Annotated[
        str | None,
        Field(max_length=254, description="An address, or a rep's name as in the agreement. Without it: whoever gets "
              "it by the agreement's `assign`, of those who have not had it.", examples=["rep.two@acme.example"]),
    ] = None  # fmt: skip
    because: Annotated[str, Field(max_length=500, description="Why.", examples=["on holiday"])] = ""


class Batch(Said):
    """Leads to take in."""

    leads: Annotated[
        list[Any],
        Field(min_length=1, max_length=MOST_IN_A_BATCH, description="Each as for `POST /api/leads`.",
              json_schema_extra={"items": {"$ref": "#/components/schemas/LeadIn"}}),
    ]  # fmt: skip


class Filter(BaseModel):
    """What a list is asked for. A name that it does not know is refused: it would silently filter nothing."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None, Field(max_length=100, description="The `next` of the last answer; without it: from the beginning.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST, description="How many a page holds.")] = USUALLY


class LeadFilter(Filter):
    """Which leads."""

    stage: Annotated[Stage | None, Field(description="Only those in this stage.")] = None
    grade: Annotated[Grade | None, Field(description="Only those with this grade.")] = None
    updated_since: Annotated[
        Instant | None,
        Field(description="Only those of which profile, stage, grade or attributes changed then or later. Ask from a "
              "few minutes before you asked last: a transaction that took long shows its time of beginning.",
              examples=["2026-03-03T00:00:00Z"]),
    ] = None  # fmt: skip
    email: Annotated[
        Email | None,
        Field(description="Only whoever has this address, also as a further one.", examples=["a@b.example"]),
    ] = None


class HandoffFilter(Filter):
    """Which handoffs."""

    state: Annotated[
        Literal["open", HandoffState] | None,
        Field(description="Only those in this state; `open`: all that wait for an answer or an outcome."),
    ] = None
    owner: Annotated[str | None, Field(max_length=254, description="Only this rep's.")] = None
    lead: Annotated[Email | None, Field(description="Only of whoever has this address.")] = None
    since: Annotated[Instant | None, Field(description="Only those that were offered then or later.")] = None
    changed_since: Annotated[
        Instant | None, Field(description="Only those to which anything happened then or later, as in their `log`.")
    ] = None
