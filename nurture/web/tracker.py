"""`GET /nurture.js`: our tracker for the pages of a site, as `docs/tracking.md` describes it.

What is served is the file in `static/` without its comments and most of its blanks: nothing but Python is needed to
make it, and whoever looks at it in a browser can read it.
"""

import gzip
import re
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nurture.app import App

PATH = "/nurture.js"

_HEADERS = {
    "content-type": "text/javascript; charset=utf-8",
    # A mended tracker must soon be everywhere; until it is fetched anew, the one at hand will do.
    "cache-control": "public, max-age=600, stale-while-revalidate=86400, stale-if-error=604800",
    "vary": "accept-encoding",
    # It is for other people's pages, whatever they demand of what they embed.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}


_TEXT_OR_SIGN = re.compile(r"('[^'\n]*'|`[^`\n]*`)| ?(=>|[=!]==|&&|\|\||[-=+,:?{}<>*]) ?")


@dataclass(frozen=True, slots=True)
class Served:
    """One form of the script, ready to go out."""

    body: bytes
    etag: str
    encoding: str | None = None

    def headers(self) -> dict[str, str]:
        """All that an answer with it says."""
        encoded = {} if self.encoding is None else {"content-encoding": self.encoding}
        return {**_HEADERS, **encoded, "etag": self.etag}


def routes(_: App) -> list[BaseRoute]:
    """The one route."""
    script = squeezed((files("nurture.web") / "static" / "nurture.js").read_text("utf-8"))
    plain, packed = forms(script)

    async def tracker(request: Request) -> Response:
        served = packed if takes_gzip(request.headers.get("accept-encoding", "")) else plain
        if is_known(request.headers.get("if-none-match", ""), served.etag):
            return Response(status_code=304, headers=served.headers())
        return Response(served.body, headers=served.headers())

    return [Route(PATH, tracker, methods=["GET"])]


def squeezed(source: str) -> str:
    """A script without lines that are comments, without indentation, and without blanks beside signs.

    This reads no JavaScript. The script must have its comments on lines of their own, no text over several lines, no
    text in `"`, and in its regular expressions neither quotes nor blanks beside those signs.
    """
    lines = (line.strip() for line in source.splitlines())
    code = "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
    return _TEXT_OR_SIGN.sub(lambda found: found[1] or found[2], code)


def forms(script: str) -> tuple[Served, Served]:
    """The script as it is, and under gzip; the same script always gives the same octets and tags."""
    body = script.encode()
    version = blake2b(body, digest_size=12).hexdigest()
    return (
        Served(body, f'"{version}"'),
        Served(gzip.compress(body, 9, mtime=0), f'"{version}-gzip"', "gzip"),
    )


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip (RFC 9110, 12.5.3)."""
    qualities = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        quality = parameters.replace(" ", "").removeprefix("q=")
        qualities[coding.strip()] = quality.strip("0.") != "" or not parameters
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", False)))


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether an `If-None-Match` names what we would send (RFC 9110, 13.1.2: weak comparison)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
