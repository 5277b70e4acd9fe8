"""From what pydantic finds wrong to problems of a file, each at its place."""

from collections.abc import Collection

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nurture.errors import Problem
from nurture.grammar.mistakes import Mistake, nearest, one_of, quoted
from nurture.grammar.shape import Shape
from nurture.workspace.codes import BAD_IDENTIFIER, BY_TOPIC, UNKNOWN_KEY
from nurture.workspace.document import Document, Path
from nurture.workspace.shapes import keys_at
from nurture.workspace.words import key_words, value_words


def findings(error: ValidationError, document: Document, shape: type[Shape], given: Collection[str]) -> list[Problem]:
    """Every problem of the file, without those that only follow from another.

    Args:
        error: what pydantic found.
        document: the file.
        shape: what the file was to be.
        given: keys of the shape that come from the file's name.
    """
    return _Findings(error.errors(include_url=False), document, shape, given).problems()


class _Findings:
    """The errors of one file."""

    def __init__(
        self, errors: list[ErrorDetails], document: Document, shape: type[Shape], given: Collection[str]
    ) -> None:
        self._errors, self._document, self._shape, self._given = errors, document, shape, given
        unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
        self._meant = {path: nearest(str(path[-1]), self._allowed(path)) for path in unknown}

    def problems(self) -> list[Problem]:
        misspelt = {(*path[:-1], meant) for path, meant in self._meant.items()}
        above = {error["loc"][:depth] for error in self._errors for depth in range(len(error["loc"]))}
        found = [
            self._problem(error)
            for error in self._errors
            if not (error["type"] == "missing" and error["loc"] in misspelt)
            # A list whose items are refused is also too short, to pydantic.
            and not (error["type"] == "too_short" and error["loc"] in above)
        ]
        return list(dict.fromkeys(found))

    def _allowed(self, path: Path) -> list[str]:
        return [key for key in keys_at(self._shape, path[:-1]) if len(path) > 1 or key not in self._given]

    def _problem(self, error: ErrorDetails) -> Problem:
        path, source = error["loc"], self._document.source
        cause = error.get("ctx", {}).get("error")
        if path and path[0] in self._given:
            message = "the file's name is the id: letters, digits, `-` and `_`, at most 64 and no space"
            return source.problem(BAD_IDENTIFIER, 0, message, "rename the file")
        if error["type"] == "extra_forbidden":
            return self._unknown(path)
        if path and path[-1] == "[key]":
            if isinstance(cause, Mistake):
                offset = self._document.offset(path[:-1], at_key=True)
                return source.problem(BY_TOPIC[cause.topic], offset, cause.message, cause.hint)
            code, message, hint = key_words(error, path[:-1])
            return source.problem(code, self._document.offset(path[:-1], at_key=True), message, hint)
        if isinstance(cause, Mistake) and (error["input"] is not None or not path):
            return self._mistake(cause, path)
        code, message, hint = value_words(error, path)
        return source.problem(code, self._document.offset(path, at_key=error["input"] is None), message, hint)

    def _unknown(self, path: Path) -> Problem:
        allowed, meant = self._allowed(path), self._meant[path]
        message = f"{quoted(path[-1])} is not known here"
        if allowed:
            message += f"; there are {one_of(allowed)}"
        hint = f"did you mean `{meant}`?" if meant else None
        return self._document.source.problem(UNKNOWN_KEY, self._document.offset(path, at_key=True), message, hint)

    def _mistake(self, mistake: Mistake, path: Path) -> Problem:
        full = path + mistake.path
        offset = self._document.offset(full, at_key=mistake.at_key, within=mistake.offset)
        return self._document.source.problem(BY_TOPIC[mistake.topic], offset, mistake.message, mistake.hint)
