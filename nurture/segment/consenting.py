"""What a form says of its sender's consent: the trait `consent` of a call. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nurture.facts import BASES, Basis

TRAIT = "consent"

_LONGEST_WORDING = 2000
_LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class Agreed:
    """The ground that was given, in what words and where, as far as the form says."""

    basis: Basis
    wording: str | None = None
    source: str | None = None


def agreed_in(traits: Mapping[str, Any]) -> Agreed | None:
    """The consent among these traits: `{"basis": "consent", "wording": "I agree …", "source": "newsletter form"}`.

    Without a basis it is `consent`. None where there is no such object, where its basis is none that we know, or where
    it says `"given": false`.
    """
    said = traits.get(TRAIT)
    if not isinstance(said, Mapping) or said.get("given") is False:
        return None
    named = said.get("basis", "consent")
    basis = next((basis for basis in BASES if basis == named), None)
    if basis is None:
        return None
    return Agreed(basis, _text(said.get("wording"), _LONGEST_WORDING), _text(said.get("source"), _LONGEST_SOURCE))


def _text(value: object, longest: int) -> str | None:
    text = " ".join(value.split())[:longest] if isinstance(value, str) else ""
    return text or None
