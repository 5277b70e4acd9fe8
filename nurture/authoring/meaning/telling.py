"""Problems at a path of a file."""

from dataclasses import replace

from nurture.errors import Problem
from nurture.workspace.codes import Code
from nurture.workspace.document import Document, Path


def so_many(count: int, what: str, *, form: str = "{}") -> str:
    """`1 step`, `2 steps`; the number in a format such as `{:,}`."""
    return f"{form.format(count)} {what}{'' if count == 1 else 's'}"


def error(
    document: Document,
    path: Path,
    code: Code,
    message: str,
    hint: str | None = None,
    *,
    at_key: bool = False,
    within: int | None = None,
) -> Problem:
    """Something that can never happen. The place is that of `Document.offset`."""
    return document.source.problem(code, document.offset(path, at_key=at_key, within=within), message, hint)


def warning(
    document: Document,
    path: Path,
    code: Code,
    message: str,
    hint: str | None = None,
    *,
    at_key: bool = False,
    within: int | None = None,
) -> Problem:
    """Something that is probably not meant."""
    problem = error(document, path, code, message, hint, at_key=at_key, within=within)
    return replace(problem, severity="warning")
