"""What routes are given beside what a call says: the application, and whose key was shown."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from nurture.app import App
from nurture.errors import UsageError
from nurture.web.api.callers import Caller
from nurture.web.api.problems import INVALID, Fault, Problem


def _app(request: Request) -> App:
    app: App = request.app.state.nurture
    return app


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


TheApp = Annotated[App, Depends(_app)]
TheCaller = Annotated[Caller, Depends(_caller)]


def speaker(caller: Caller, by: str | None) -> str:
    """Who says so: whom the body names, or the program that holds the key, which takes a lead from nobody."""
    return by if by else f"API: {caller.name}"


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer. Times in ISO 8601 with their offset; what else is no JSON, as text."""
    return Response(orjson.dumps(value, default=_plain), status, dict(headers or {}), "application/json")


@contextmanager
def blaming(pointer: str) -> Iterator[None]:
    """What a flow calls wrong usage is the value at this pointer of the body."""
    try:
        yield
    except UsageError as mistake:
        raise Problem(INVALID, str(mistake), [Fault(str(mistake), pointer)]) from None


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)
