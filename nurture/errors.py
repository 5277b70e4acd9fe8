"""The exception tree. A person reads these: one sentence, what is wrong and what is allowed.

NurtureError
├── SettingsError          an environment variable is missing or malformed (exit 2)
├── UsageError             a command was called wrongly (exit 2)
├── NotFound               nothing such (exit 1)
├── Conflict               what is asked for does not fit the state of things (exit 1, HTTP 409)
│   └── Overtaken          something happened that whoever speaks has not seen; `changes` says what
├── WorkspaceError         campaigns or templates have problems, each with file, line and column (exit 1)
├── TemplateError          a template cannot be compiled or rendered
├── DatabaseNotReady       the database cannot be reached or has not been upgraded (exit 1)
├── LocalServerError       an embedded server could not be started (exit 1)
├── NotifierError          a channel did not take a notice; `permanent` when it never will
└── CrmAway                a CRM cannot be reached, lets us not in, or asks us to wait

Normal outcomes (a mail refused, a lead not due) are values, not exceptions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    code: str = "N100"

    def __str__(self) -> str:
        """`file:line:column: what is wrong (did you mean …?)`."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class NurtureError(Exception):
    """Something a person has to know about."""

    exit_status = 1


class SettingsError(NurtureError):
    """An environment variable is missing or malformed."""

    exit_status = 2


class UsageError(NurtureError):
    """A command was called wrongly."""

    exit_status = 2


class NotFound(NurtureError):
    """There is nothing such."""


class Conflict(NurtureError):
    """What is asked for does not fit the state of things."""


class Overtaken(Conflict):
    """Something happened since whoever speaks has looked.

    Attributes:
        changes: what, oldest first, as rows of a handoff's log.
    """

    def __init__(self, changes: Sequence[Any]) -> None:
        """Keep them; the message tells the last."""
        self.changes = tuple(changes)
        last = self.changes[-1]
        super().__init__(f"this happened meanwhile: {last.what}{f' by {last.by}' if last.by else ''}; look again")


class WorkspaceError(NurtureError):
    """Files of the workspace have problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every problem; the message is one line each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class TemplateError(NurtureError):
    """A template cannot be compiled or rendered.

    Attributes:
        template: The file, below the workspace.
        line: The line of the author's own source, from 1.
        column: The column there, from 1; 1 also where it is not known.
        what: What is wrong.
        hint: What to write instead, where that can be told.
        topic: What kind of mistake it is; the table of problem codes knows every topic.
        message: What is wrong, and the hint.
    """

    def __init__(
        self, template: str, line: int, what: str, *, column: int = 1, hint: str | None = None, topic: str = "mail"
    ) -> None:
        """Say where in the template's own source."""
        self.template, self.line, self.column = template, line, column
        self.what, self.hint, self.topic = what, hint, topic
        self.message = f"{what}; {hint}" if hint else what
        super().__init__(f"{template}:{line}: {self.message}")

    def again(self) -> "TemplateError":
        """Make the same error anew, to be raised a second time without the first one's traceback."""
        place = self.template, self.line, self.what
        return TemplateError(*place, column=self.column, hint=self.hint, topic=self.topic)


class DatabaseNotReady(NurtureError):
    """The database cannot be reached or has not been upgraded.

    Attributes:
        for_good: It will not pass by waiting.
    """

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        """Say why."""
        self.for_good = for_good
        super().__init__(message)


class LocalServerError(NurtureError):
    """An embedded server could not be started."""


class NotifierError(NurtureError):
    """A channel did not take a notice."""

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None, gone: bool = False
    ) -> None:
        """`permanent`: trying again is useless. `retry_after`: seconds the channel asked us to wait.

        `gone`: whatever is told next is useless too, until the channel leads elsewhere.
        """
        self.permanent, self.retry_after, self.gone = permanent, retry_after, gone
        super().__init__(message)


class CrmAway(NurtureError):
    """A CRM does not let us in, cannot be reached, or asks us to wait. It is nothing that one lead has done."""

    def __init__(self, message: str, *, retry_after: float | None = None, needs_a_person: bool = False) -> None:
        """`retry_after`: seconds it asked us to wait. `needs_a_person`: a key, a right or a field is missing."""
        self.retry_after, self.needs_a_person = retry_after, needs_a_person
        super().__init__(message)
