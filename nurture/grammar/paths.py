"""Pages as marketers write them: `/pricing*`.

A page's path is looked at without its host, query and fragment, without a slash at its end, percent-decoded, and in any
case. `*` stands for anything, slashes included. So `/pricing*` takes `/pricing`, `/Pricing/`, `/pricing-2` as well as
`/pricing/eu?utm_source=x`; `/blog/*` takes what lies below `/blog`, not `/blog` itself; `*` takes every page.
"""

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from nurture.grammar.mistakes import Mistake, quoted

_LONGEST = 500


class PageMistake(Mistake):
    """No pattern of pages."""

    topic = "page"


def parse_page(pattern: object) -> str:
    """Take a pattern of pages.

    Raises:
        PageMistake: it does not begin with `/` or `*`, has spaces, a query or a fragment in it, or is too long.
    """
    if not isinstance(pattern, str) or not pattern.strip():
        raise PageMistake(f"{quoted(pattern)} is not a page", hint='write it like `"/pricing*"`')
    pattern = pattern.strip()
    if "://" in pattern:
        below = "/" + pattern.partition("://")[2].partition("/")[2]
        raise PageMistake("a page is written without its site", hint=f"write {quoted(below)}")
    if pattern[0] not in "/*":
        raise PageMistake(f"{quoted(pattern)} does not begin with `/`", hint=f"write {quoted('/' + pattern)}")
    if any(character in pattern for character in "?#") or any(character.isspace() for character in pattern):
        raise PageMistake("a page has no spaces, and what follows a `?` or `#` is not looked at", hint="leave it out")
    if len(pattern) > _LONGEST:
        raise PageMistake(f"a page has at most {_LONGEST} characters")
    return pattern


def plain_path(path: str) -> str:
    """The part of a page's path, or of its whole address, that patterns look at."""
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    path = unquote(path.partition("#")[0].partition("?")[0]).strip().casefold()
    return path.rstrip("/") or "/"


@lru_cache(maxsize=1024)
def path_matcher(pattern: str) -> Callable[[str], bool]:
    """A function that says of a plain path whether `pattern` takes it, in time linear in the path for each `*`."""
    first, *rest = (unquote(part).casefold() for part in pattern.strip().split("*"))
    if not rest:
        exact = first.rstrip("/") or "/"
        return lambda path: path == exact
    *middle, last = rest
    last = last.rstrip("/")
    if not last and not any(middle):
        return lambda path: path.startswith(first)

    def matches(path: str) -> bool:
        if not path.startswith(first) or not path.endswith(last):
            return False
        at, end = len(first), len(path) - len(last)
        for part in middle:
            found = path.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return at <= end

    return matches


def path_matches(pattern: str, path: str) -> bool:
    """Whether a page of this path is one that `pattern` means."""
    return path_matcher(pattern)(plain_path(path))
