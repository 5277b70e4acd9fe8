"""Who asks, by its own word: what a user agent says of itself, in plain words where it is no person's browser.

Programs are known by the list of the crawler-user-agents project (MIT), by names of mail gateways and by words that
only programs have in their names. What that list takes for programs although people sit behind it is taken out first:
a person taken for a program costs a sale, a program in doubt costs nothing but a count.
"""

import re
from functools import lru_cache
from typing import Literal

_PROXIES = {
    "GoogleImageProxy": "Gmail",
    "YahooMailProxy": "Yahoo",
}
"""Load a picture when its reader opens the mail, so they tell of an open, but not of a browser."""
_BARE = "Mozilla/5.0"
_NAMELESS = "it does not say which browser it is"

_GATEWAYS = (
    "barracuda|ciscosecureemail|cloudmark|cudasvc|fireeye|fortimail|hornetsecurity|ironport|messagelabs|mimecast"
    "|proofpoint|symantec|tmes|trend ?micro|vade ?secure"
)
"""Mail gateways that say who they are and that the list of crawlers does not know."""
_BY_WORD = r"headless|phantomjs|webdriver|crawl|spider|scraper|(?<!cu)bots?(?![a-z])"
"""Words that programs have in their names. The maker of phones Cubot is none."""
_BY_ADDRESS = r"\+ ?https?://|@[\w-]+\.[a-z]{2,}"
"""Where to complain, as programs say it (RFC 9309, section 2.2.1, asks for it)."""
_ANYWHERE = re.compile(rf"{_GATEWAYS}|{_BY_WORD}", re.IGNORECASE)
_ON_MAILS = re.compile(rf"{_GATEWAYS}|{_BY_WORD}|{_BY_ADDRESS}", re.IGNORECASE)
"""An address in its name is enough for who follows links of mails; not for a page view, which took a script to tell."""
_NAME = re.compile(r"[\w.+@-]*")
_LONGEST = 500
"""Of an agent so much is looked at; nobody's is longer, and what is made up must not take long to judge."""

_PEOPLE = re.compile(
    r"Build/[^;)]*"
    r"|MetaIAB Facebook"
    r"|(?<=like Gecko\) )(?:Code|Trae|Cursor|Windsurf)/[\d.]+(?= .*\bElectron/)"
    r"|Fluid/[\d.]+(?= Safari/)"
    r"|(?<=Safari/\d{3}\.\d\d )(?:Viber|WhatsApp)(?:/[\d.]+)?$|Viber/[\d.]+ (?=CFNetwork/)"
    r"|YLT (?=Chrome/)|GTmetrix$|TSM-turingos-\d+|Miniature\.io/[\d.]+(?= AppleWebKit/)"
)
"""What stands in people's user agents too. The number of an Android's build, of which the list has one; the browsers
inside of Facebook, Viber and WhatsApp, of editors (Electron) and of sites made programs (Fluid). Testers of pages that
somebody starts by hand and that say they are Chrome: isbot's list of browsers has them among people's."""


def program_reason(agent: str | None, on: Literal["link", "picture", "page"]) -> str | None:
    """Why who says this of itself is no person's browser, in plain words; None for a browser.

    Args:
        agent: the user agent; None or empty: none was given.
        on: it followed a link in a mail, loaded a mail's picture (which mail services do for their readers), or told
            by a script of a page that it saw.
    """
    said = (agent or "").strip()
    if not said:
        return _NAMELESS
    if said == _BARE:
        if on == "picture":
            return "proxied: Apple Mail loads pictures ahead, whether or not anybody looks (a bare Mozilla/5.0)"
        return "a bare Mozilla/5.0 is no browser"
    program = _known_program(said, on_mail=on != "page")
    if program is None:
        return None
    if on == "picture" and program in _PROXIES:
        return f"proxied: {_PROXIES[program]} loads pictures for its readers, so no browser of theirs was seen"
    return f"a known program: {program}"


def known_program(agent: str | None) -> str | None:
    """The name by which a program that follows links is known in this user agent; None for a browser."""
    return _known_program(agent.strip(), on_mail=True) if agent else None


def get_ready() -> None:
    """Read the list of crawlers now (a tenth of a second) rather than with the first event."""
    _crawlers()


@lru_cache(maxsize=16_384)
def _known_program(agent: str, *, on_mail: bool) -> str | None:
    """Judged once for each agent, since the same browsers come again and again."""
    told = _PEOPLE.sub(" ", agent[:_LONGEST])
    listed = _listed(told)
    if listed is not None:
        return listed
    found = (_ON_MAILS if on_mail else _ANYWHERE).search(told)
    return None if found is None else _whole_name(told, *found.span())


def _whole_name(agent: str, start: int, end: int) -> str:
    """The word that this is a part of, such as the name that ends in `bot`."""
    before = _NAME.match(agent[:start][::-1])
    after = _NAME.match(agent, end)
    return agent[start - (before.end() if before else 0) : after.end() if after else end].strip()


def _listed(agent: str) -> str | None:
    """What the list knows in this agent. Most of it is plain names, which are found ten times as fast as patterns."""
    names, patterns = _crawlers()
    for name in names:
        if name in agent:
            return name
    found = patterns.search(agent)
    return found.group().strip() if found else None


@lru_cache(maxsize=1)
def _crawlers() -> tuple[tuple[str, ...], re.Pattern[str]]:
    """The names in the list, and the rest of it as one expression; made when first needed, it takes a while."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

    names: list[str] = []
    patterns: list[str] = []
    for known in CRAWLER_USER_AGENTS_DATA:
        name = _plain(known["pattern"])
        if name is None:
            patterns.append(f"(?:{known['pattern']})")
        else:
            names.append(name)
    return tuple(names), re.compile("|".join(patterns))


_ESCAPED = re.compile(r"\\(\W)")
_SPECIAL = re.compile(r"[.^$*+?{}\[\]|()\\]")


def _plain(pattern: str) -> str | None:
    """The text that an expression is, where it is nothing but a text; None for all others."""
    return None if _SPECIAL.search(_ESCAPED.sub("", pattern)) else _ESCAPED.sub(r"\1", pattern)
