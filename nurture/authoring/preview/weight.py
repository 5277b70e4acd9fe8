"""What a mail weighs, against the sizes at which it becomes a problem."""

from dataclasses import dataclass

from nurture.authoring.preview.mailroom import MadeMail

HEAVY, CUT_OFF = 90 * 1024, 102 * 1024
"""Octets of HTML. Gmail cuts a mail off at 102 KB, and with it the footer."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Sizes in words, and how much of what Gmail shows is used up."""

    html: str
    message: str
    percent: int
    is_heavy: bool
    is_cut_off: bool


def weight(mail: MadeMail) -> Weight:
    """Weigh a mail."""
    octets = mail.html_octets
    return Weight(
        kilobytes(octets),
        kilobytes(mail.message_octets),
        min(100, round(100 * octets / CUT_OFF)),
        is_heavy=octets > HEAVY,
        is_cut_off=octets > CUT_OFF,
    )


def kilobytes(octets: int) -> str:
    """`12.3 KB`, by 1024."""
    return f"{octets / 1024:.1f} KB"
