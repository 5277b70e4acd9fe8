"""What a mail weighs, against the sizes at which it becomes a problem."""

from dataclasses import dataclass

from nurture.authoring.preview.mailroom import MadeMail
from nurture.authoring.templates.rendered import CLIPPED, NEARLY_CLIPPED


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
        min(100, round(100 * octets / CLIPPED)),
        is_heavy=octets > NEARLY_CLIPPED,
        is_cut_off=octets > CLIPPED,
    )


def kilobytes(octets: int) -> str:
    """`12.3 KB`, by 1024."""
    return f"{octets / 1024:.1f} KB"
