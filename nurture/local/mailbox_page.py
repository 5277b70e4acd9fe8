"""The mailbox's pages: a list, one mail, its HTML in a sandbox, its bytes, and the list as JSON."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from nurture.local.mailbox_files import MailboxFiles, StoredMail

PER_PAGE = 50
MOST_PER_ANSWER = 1000

AROUND = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'"
)
INSIDE = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; "
    "style-src 'unsafe-inline' http: https:; font-src http: https: data:; base-uri 'none'"
)
"""A mail is a stranger's HTML: no script, no form, no access to this page. Pictures load, as in a mail program."""

HEAD = re.compile(r"<head\b[^>]*>|(?!.*<head\b)^", re.IGNORECASE | re.DOTALL)
"""Where links can be told to open outside the frame: in the head, so that the doctype stays first, or at the start."""

_pages = Environment(
    loader=PackageLoader("nurture.local", "pages"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Line:
    """What the list says of a mail."""

    name: str
    recipient: str
    sender: str
    subject: str
    date: str
    received_at: datetime
    size: int

    @property
    def day(self) -> str:
        """When the mail says it was written, as its writer's clock showed it; else when it came in."""
        try:
            written_at = parsedate_to_datetime(self.date)
        except ValueError:
            written_at = self.received_at
        return written_at.strftime("%d %b %Y %H:%M")


def mailbox_page(files: MailboxFiles) -> Starlette:
    """The web application. It only reads, and only answers to a name of this machine."""
    shelf = _Shelf(files)
    routes = [
        Route("/", _answer(shelf, _list)),
        Route("/mails/{name}", _answer(shelf, _mail)),
        Route("/mails/{name}/html", _answer(shelf, _html)),
        Route("/mails/{name}/raw", _answer(shelf, _raw)),
        Route("/api/mails", _answer(shelf, _json)),
    ]
    local = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]"])
    return Starlette(routes=routes, middleware=[local])


class _Shelf:
    """Mails by name; what the list needs of each is read once."""

    def __init__(self, files: MailboxFiles) -> None:
        self.files = files
        self._recipients: dict[str, str] = {}
        self.line = functools.lru_cache(maxsize=4096)(self._read_line)

    def newest(self, recipient: str, before: str, limit: int) -> list[str]:
        """Names of the newest mails, older than `before`, whose recipient's address contains this."""
        found: list[str] = []
        for name in reversed(self.files.names()):
            if len(found) == limit:
                break
            if (not before or name < before) and recipient in self._recipient(name):
                found.append(name)
        return found

    def _recipient(self, name: str) -> str:
        if name not in self._recipients:
            self._recipients[name] = self.files.read(name).recipient.lower()
        return self._recipients[name]

    def _read_line(self, name: str) -> Line:
        mail = self.read(name)
        message = mail.message()
        return Line(
            mail.name,
            mail.recipient,
            _header(message, "From"),
            _header(message, "Subject"),
            _header(message, "Date"),
            mail.received_at,
            len(mail.data),
        )

    def read(self, name: str) -> StoredMail:
        """One mail, or 404."""
        try:
            return self.files.read(name)
        except FileNotFoundError as error:
            raise HTTPException(404, "There is no such mail.") from error


def _answer(shelf: _Shelf, make: Callable[[_Shelf, Request], Response]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return make(shelf, request)

    return answer


def _list(shelf: _Shelf, request: Request) -> Response:
    recipient, before = _asked(request)
    lines = [shelf.line(name) for name in shelf.newest(recipient, before, PER_PAGE + 1)]
    more = urlencode({"to": recipient, "before": lines[PER_PAGE - 1].name}) if len(lines) > PER_PAGE else None
    return _page("list.html", lines=lines[:PER_PAGE], recipient=recipient, before=before, more=more)


def _json(shelf: _Shelf, request: Request) -> Response:
    recipient, before = _asked(request)
    asked = request.query_params.get("limit", "100")
    limit = min(int(asked), MOST_PER_ANSWER) if asked.isascii() and asked.isdigit() else PER_PAGE
    lines = [shelf.line(name) for name in shelf.newest(recipient, before, limit)]
    return JSONResponse([_as_json(line) for line in lines])


def _asked(request: Request) -> tuple[str, str]:
    return request.query_params.get("to", "").strip().lower(), request.query_params.get("before", "")


def _as_json(line: Line) -> dict[str, object]:
    return {
        "name": line.name,
        "to": line.recipient,
        "from": line.sender,
        "subject": line.subject,
        "date": line.date,
        "received_at": line.received_at.isoformat(timespec="milliseconds"),
        "size": line.size,
        "raw": f"/mails/{line.name}/raw",
    }


def _mail(shelf: _Shelf, request: Request) -> Response:
    mail = shelf.read(request.path_params["name"])
    message = mail.message()
    return _page(
        "mail.html",
        mail=mail,
        subject=_header(message, "Subject"),
        sender=_header(message, "From"),
        date=_header(message, "Date"),
        headers=[(name, _printable(str(value))) for name, value in message.raw_items()],
        has_html=_text_of(message, "html") is not None,
        text=_text_of(message, "plain"),
        attachments=[part.get_filename() or part.get_content_type() for part in message.iter_attachments()],
    )


def _html(shelf: _Shelf, request: Request) -> Response:
    html = _text_of(shelf.read(request.path_params["name"]).message(), "html")
    if html is None:
        raise HTTPException(404, "The mail has no HTML part.")
    headers = {"Content-Security-Policy": INSIDE, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(HEAD.sub(r'\g<0><base target="_blank">', html, count=1), headers=headers)


def _raw(shelf: _Shelf, request: Request) -> Response:
    mail = shelf.read(request.path_params["name"])
    headers = {"Content-Disposition": f'attachment; filename="{mail.name}"', "X-Content-Type-Options": "nosniff"}
    return Response(mail.data, media_type="message/rfc822", headers=headers)


def _header(message: EmailMessage, name: str) -> str:
    try:
        return _printable(str(message.get(name, "")))
    except (ValueError, IndexError, AttributeError):  # the parser of the standard library stumbles over some
        return ""


def _printable(text: str) -> str:
    """Bytes that the parser could not decode come as surrogates, which no answer can hold."""
    return text.encode("utf-8", "replace").decode()


def _text_of(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return _printable(str(part.get_content()))
    except (LookupError, ValueError):  # a charset that does not exist
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _page(template: str, **names: object) -> Response:
    headers = {"Content-Security-Policy": AROUND, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return HTMLResponse(_pages.get_template(template).render(**names), headers=headers)
