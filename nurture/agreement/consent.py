"""`consent`: on what ground leads may be mailed."""

from typing import Annotated

from pydantic import Field, model_validator

from nurture.facts import BASES, Basis
from nurture.grammar.durations import CalendarDuration, Duration
from nurture.grammar.mistakes import Mistake
from nurture.grammar.quantities import Text, Truth
from nurture.grammar.shape import Shape


class ConsentTerms(Shape):
    """On what ground leads may be mailed, and who has to confirm a form. What the law asks of you: docs/consent.md."""

    required: Truth = False
    """`true`: without a ground on record nobody gets a nurture mail. What the lead does counts all the same."""
    countries: tuple[Text, ...] = ()
    """Only for leads of these countries, as they stand in `lead.country`, and for those whose country is unknown;
    absent: for all.

    Example: [DE, AT, CA]
    """
    accepts: Annotated[tuple[Basis, ...], Field(min_length=1)] = BASES
    """Which grounds will do; absent: all of them.

    Example: [consent, existing_customer]
    """
    lapses: dict[Basis, CalendarDuration] = Field(default_factory=dict)
    """After how long a ground is over, counted from the day that stands on record.

    Example: {existing_customer: 2 years, inquiry: 6 months}
    """
    double_opt_in: tuple[Text, ...] = ()
    """Sources of leads (names of write keys) whose forms are confirmed: the address gets one mail that asks whether it
    was them, and no other before somebody says yes.

    Example: [website]
    """
    confirm_within: CalendarDuration = Duration(7, "day")
    """So long the question can be answered; after that a lead that did not answer is forgotten.

    Example: 7 days
    """
    wording: Text | None = None
    """What a lead agrees to, word by word as the form says it; kept with each consent that names no other wording.

    Example: I agree that Acme Robotics sends me mail about its products. I can take this back at any time.
    """

    @model_validator(mode="after")
    def _makes_sense(self) -> "ConsentTerms":
        if self.countries and not self.required:
            said = "`countries` says where a ground is required, and `required` is not `true`"
            raise Mistake(said, hint="write `required: true`, or leave out `countries`").below("countries")
        if self.confirm_within.days > 90:
            raise Mistake(f"`{self.confirm_within}` is too long", hint="at most 90 days").below("confirm_within")
        return self
