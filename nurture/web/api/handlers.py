"""What goes wrong inside of routes, as problems."""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nurture.db import is_away, is_deadlock_or_serialization, is_refusal
from nurture.errors import Conflict, NotFound, UsageError
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.web.api import sayings
from nurture.web.api.gate import away
from nurture.web.api.problems import (
    BROKEN,
    CONFLICT,
    INVALID,
    MALFORMED,
    NOT_FOUND,
    WRONG_METHOD,
    Fault,
    Problem,
    answer,
)
from nurture.web.api.strict_json import escaped

MOST_FAULTS = 20
_KNOWN = sorted({
    name for said in vars(sayings).values() if isinstance(said, type) and issubclass(said, BaseModel)
    for name in said.model_fields
})  # fmt: skip
_QUOTED = re.compile("'([^']*)'")


def add_handlers(api: FastAPI, base_url: str) -> None:
    """Let each error be answered with a problem."""

    def problem(_: Request, error: Exception) -> Response:
        return answer(problem_of(error), base_url)

    for kind in (Problem, RequestValidationError, NotFound, Conflict, UsageError, DBAPIError, PoolTimeout):
        api.add_exception_handler(kind, problem)

    def said_no(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        return answer(_of_http(request, error), base_url)

    def broken(_: Request, __: Exception) -> Response:
        return answer(Problem(BROKEN, BROKEN.example), base_url)

    api.add_exception_handler(HTTPException, said_no)
    api.add_exception_handler(Exception, broken)


def problem_of(error: Exception) -> Problem:
    """What an error means to whoever called. What it does not know it raises again."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error.errors())
        case NotFound():
            return Problem(NOT_FOUND, str(error))
        case Conflict():
            return Problem(CONFLICT, str(error))
        case UsageError():
            return Problem(INVALID, str(error))
        case _ if is_away(error) or is_deadlock_or_serialization(error):
            return away()
        case _ if is_refusal(error):
            return Problem(INVALID, "the database refuses a value of it")
    raise error


def _of_http(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 404:
        return Problem(NOT_FOUND, f"the API has no {quoted(request.url.path)}; /docs says what it has")
    if error.status_code == 405:
        allowed = sorted(_allowed(request))
        does = f"{one_of(allowed).replace('`', '')} {'does' if len(allowed) == 1 else 'do'}"
        return Problem(WRONG_METHOD, f"{request.method} does not work here; {does}",
                       headers={"allow": ", ".join(allowed)})  # fmt: skip
    return Problem(MALFORMED, str(error.detail))


def _allowed(request: Request) -> set[str]:
    """The methods of all routes with this address; the framework names those of the first alone."""
    path = request.url.path
    return {
        method.upper()
        for template, methods in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)
        for method in methods
    } or {"GET"}


def _invalid(errors: Sequence[Any]) -> Problem:
    faults = [_fault(error) for error in errors[:MOST_FAULTS]]
    first = faults[0]
    place = first.parameter or (first.pointer or "").removeprefix("/")
    said = f"`{place}`: {first.detail}" if place else first.detail
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    return Problem(INVALID, f"{said}{more}", faults)


def _fault(error: Any) -> Fault:
    place, *path = error["loc"]
    detail = _in_words(error, str(path[-1]) if path else "")
    if place == "body":
        return Fault(detail, "".join(f"/{escaped(str(part))}" for part in path))
    return Fault(detail, parameter=str(path[0]) if path else str(place))


def _in_words(error: Any, name: str) -> str:
    match error["type"]:
        case "missing":
            return "it is missing" if name else "the body is missing; it has to be a JSON object"
        case "extra_forbidden":
            hint = did_you_mean(name, _KNOWN)
            return f"nothing is called so here{f' ({hint})' if hint else ''}"
        case "literal_error":
            words = _QUOTED.findall(error["ctx"]["expected"])
            hint = did_you_mean(str(error["input"]), words)
            return f"{quoted(error['input'])} is none of {one_of(words)}{f' ({hint})' if hint else ''}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{quoted(error['input'])} is no whole number"
        case "model_attributes_type" | "dict_type" | "model_type":
            return "it has to be a JSON object"
        case "timezone_aware":
            return "the time needs its offset, such as 2026-03-03T14:05:00-06:00"
        case _:
            said: str = error["msg"]
            return said[:1].lower() + said[1:]
