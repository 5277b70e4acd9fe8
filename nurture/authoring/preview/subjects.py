"""The subjects of all mails as one lead reads them, for lists: no mail is made for its subject."""

from dataclasses import dataclass
from functools import lru_cache

from nurture.authoring.preview.catalogue import Entry
from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.leads import Chosen
from nurture.authoring.preview.mailroom import Mailroom
from nurture.errors import TemplateError
from nurture.mail.compiling import compile_subject
from nurture.mail.front_matter import read_front_matter
from nurture.mail.pieces import file_of
from nurture.mail.template import Part
from nurture.workspace import TemplateFile


@dataclass(frozen=True, slots=True)
class Subject:
    """What the lead reads; or, where `fault` says why it can read nothing, what the author wrote."""

    text: str
    fault: str = ""


class Subjects:
    """The subjects of an edition for one lead, each filled when it is asked for, and once."""

    def __init__(self, edition: Edition, mailroom: Mailroom, lead: Chosen) -> None:
        """Fill none yet."""
        self._edition, self._mailroom, self._lead = edition, mailroom, lead
        self._filled: dict[Entry, Subject] = {}

    def of(self, entry: Entry) -> Subject:
        """The subject of a mail; empty where its file has none, or is not there."""
        if entry not in self._filled:
            self._filled[entry] = self._fill(entry)
        return self._filled[entry]

    def _fill(self, entry: Entry) -> Subject:
        file = self._edition.templates.get(entry.template)
        if file is None:
            return Subject("")
        written, compiled = _read(file)
        if isinstance(compiled, TemplateError):
            return Subject(written, compiled.what)
        if compiled is None:
            return Subject(written)
        try:
            return Subject(self._mailroom.subject(compiled, self._edition.agreement, self._lead, entry.sending))
        except TemplateError as error:
            return Subject(written, error.what)


def read_subjects(edition: Edition) -> None:
    """Compile what is new, so that no list waits for it."""
    for file in edition.templates.values():
        _read(file)


def _read(file: TemplateFile) -> tuple[str, Part | TemplateError | None]:
    return _read_text(file.text, file_of(file))


@lru_cache(maxsize=4096)
def _read_text(text: str, path: str) -> tuple[str, Part | TemplateError | None]:
    """Give the subject as it is written, and compiled, where there is Jinja in it."""
    try:
        line = read_front_matter(text, path).subject
    except TemplateError:
        return "", None
    try:
        return line.text, compile_subject(line) if "{" in line.text else None
    except TemplateError as error:
        return line.text, error
