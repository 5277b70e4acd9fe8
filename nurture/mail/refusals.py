"""What happens when something is wrong with a template: for a mail, all ends there; for a check, it is noted.

Whatever may refuse a part of a template does so within `with refusals:`. In production that does nothing, and the first
error ends the work. A check keeps the error, goes on behind that part, and so finds the next.
"""

from types import TracebackType

from nurture.errors import TemplateError


class Refusals:
    """Keeps what is wrong with a template, in the order in which it is found, or lets it end the work."""

    def __init__(self, *, keep: bool) -> None:
        """Nothing is wrong yet."""
        self._keep = keep
        self.errors: list[TemplateError] = []

    def __enter__(self) -> None:
        """Begin a part that may be refused."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keep what is wrong with the template, and go on; let everything else through."""
        if not self._keep or not isinstance(error, TemplateError):
            return False
        self.errors.append(error)
        return True


STRICT = Refusals(keep=False)
"""The first error ends the work."""
