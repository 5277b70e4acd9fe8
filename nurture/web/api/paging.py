"""Pages by cursor: where the last one ended, so that what comes meanwhile neither hides a row nor shows one twice."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from nurture.web.api.asking import as_json
from nurture.web.api.problems import INVALID, Fault, Problem

MOST = 200
USUALLY = 50


def cursor_of(kind: str, row_id: int) -> str:
    """Where a page of such rows ended."""
    return base64.urlsafe_b64encode(f"{kind}.{row_id}".encode()).decode().rstrip("=")


def read_cursor(kind: str, cursor: str | None) -> int | None:
    """The id of the last row that was shown; None at the beginning.

    Raises:
        Problem: It is no cursor of such pages.
    """
    if cursor is None:
        return None
    try:
        said = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        said = ""
    name, _, number = said.partition(".")
    if name != kind or not (number.isascii() and number.isdigit()) or len(number) > 18:
        detail = "it is no cursor of this list; take the `next` of its last answer, or leave it out to begin anew"
        raise Problem(INVALID, f"`cursor`: {detail}", [Fault(detail, parameter="cursor")])
    return int(number)


def page(request: Request, name: str, shown: Sequence[Any], *, kind: str, more_after: int | None) -> Response:
    """One page, `{name: […], "next": cursor or null}`, with the next one's address in `Link` (RFC 8288).

    Args:
        request: what was asked.
        name: of the list.
        shown: the rows of this page as JSON.
        kind: of the cursor.
        more_after: the id of its last row, if there are more; else None.
    """
    following = None if more_after is None else cursor_of(kind, more_after)
    headers = {}
    if following is not None:
        asked = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
        headers["link"] = f'<?{urlencode([*asked, ("cursor", following)])}>; rel="next"'
    return as_json({name: list(shown), "next": following}, headers=headers)


def more_after(rows: Sequence[Any], limit: int) -> int | None:
    """The id of the last row of a page, if `rows`, which has one more than fits, goes on after it."""
    return int(rows[limit - 1].id) if len(rows) > limit else None
