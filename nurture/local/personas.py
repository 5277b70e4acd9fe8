"""What kind of reader a make-believe lead is. A function of the seed and the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nurture.local.chance import Chance

Kind = Literal["silent", "glancer", "reader", "buyer", "guarded", "leaver"]

KINDS: Mapping[Kind, float] = {"silent": 28, "glancer": 21, "reader": 24, "buyer": 15, "guarded": 8, "leaver": 4}
"""How many of a hundred: who hardly looks, opens, clicks now and then, is going to buy, sits behind a mail gateway,
wants out."""

BROWSERS: tuple[str, ...] = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    " Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
)
SCANNERS: Mapping[tuple[str, Literal["GET", "HEAD"]], float] = {
    (BROWSERS[0], "GET"): 4,
    (BROWSERS[0], "HEAD"): 1,
    ("python-requests/2.32.5", "HEAD"): 1,
    ("Mozilla/5.0 (compatible; Barracuda Sentinel (EE))", "GET"): 1,
    ("Mozilla/5.0", "GET"): 1,
}
"""How mail gateways look behind links, by weight; most pretend to be a person's Chrome."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A reader. `wakes_at` is the mail, counted from 1, with which a buyer's interest begins and a leaver leaves.

    `address` is the network address of the reader, or of the reader's gateway (RFC 5737, for documentation); `visitor`
    is what the site's cookie calls the browser.
    """

    email: str
    kind: Kind
    zone: str
    wakes_at: int
    browser: str
    address: str
    visitor: str


def persona(chance: Chance, email: str, zone: str) -> Persona:
    """Who this lead is as a reader."""
    return Persona(
        email=email,
        kind=chance.weighed(KINDS, "kind", email),
        zone=zone,
        wakes_at=1 + chance.number(3, "wakes", email),
        browser=chance.one_of(BROWSERS, "browser", email),
        address=f"203.0.113.{1 + chance.number(254, 'address', email)}",
        visitor=f"visitor-{chance.number(1 << 60, 'visitor', email):015x}",
    )
