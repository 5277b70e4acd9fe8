"""The checks of templates, of a workspace's and of loose ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nurture.agreement import Company
from nurture.authoring.templates.codes import MERGE_TAG, NO_ANSWER, NO_FRONT_MATTER, NO_SUBJECT, UNUSED, UNUSED_PART
from nurture.authoring.templates.compatibility import compatibility_problems
from nurture.authoring.templates.elements import element_problems
from nurture.authoring.templates.fields import Fields, field_problems, fields_in
from nurture.authoring.templates.front import preheader_problems
from nurture.authoring.templates.hyperlinks import link_problems
from nurture.authoring.templates.markdown import in_markdown
from nurture.authoring.templates.mending import Mended, mended
from nurture.authoring.templates.pictures import picture_problems
from nurture.authoring.templates.reading import Reading, read_document
from nurture.authoring.templates.rendered import Sampled, mail_problems
from nurture.authoring.templates.telling import is_of_lost, problem, refused, warning
from nurture.errors import Problem, TemplateError
from nurture.mail.compiling import Framed, examine_template
from nurture.mail.pieces import Piece, Place, file_of
from nurture.workspace import TemplateFile
from nurture.workspace.templates import TemplateKind

_LENIENT_WHEN_LOOSE = frozenset({NO_FRONT_MATTER.code, NO_SUBJECT.code, MERGE_TAG.code})
_FOUND_BY_NAME = ("_layout.", "_footer.")


@dataclass(frozen=True, slots=True)
class Use:
    """A step that sends a template, in one of its variants."""

    template: str
    campaign: str
    step: str
    is_survey: bool = False


def check_templates(
    templates: Mapping[str, TemplateFile],
    partials: Mapping[str, TemplateFile],
    uses: Sequence[Use] | None = None,
    *,
    company: Company | None = None,
    attributes: Collection[str] | None = None,
    only: Collection[str] | None = None,
    loose: bool = False,
) -> list[Problem]:
    """Find every problem of every template, in the order of files and lines; each once, however many mails share it.

    Args:
        templates: What steps can name, by name (`Workspace.templates`, `Templates.whole`).
        partials: What they include (`Workspace.partials`).
        uses: Every step that sends one; None where that is not known: then none is called unused, or no survey.
        company: Who sends, for sizes and the footer; a made-up one where it is not known.
        attributes: The leads' own fields that the workspace names elsewhere, as in conditions.
        only: Names of templates; check these alone, with the parts that they use.
        loose: They belong to no workspace, so none is sent yet: a missing subject, or another program's merge tag, is
            no more than a warning.
    """
    check = _Check(partials, uses, company, attributes)
    found: list[Problem] = []
    for name, file in templates.items():
        if only is None or name in only:
            found += check.template(name, file)
    found += check.fields()
    if only is None:
        found += check.parts()
    if loose:
        found = [_leniently(one) for one in found]
    return sorted({_key(one): one for one in reversed(found)}.values(), key=_key)


def check_loose(
    text: str, file: str, kind: TemplateKind, partials: Mapping[str, TemplateFile] | None = None
) -> list[Problem]:
    """Find every problem of one file that belongs to no workspace. `file` is what problems call it."""
    template = TemplateFile("loose", Path(file), kind, text)
    found = check_templates({"loose": template}, partials or {}, only=["loose"], loose=True)
    return [replace(one, file=file) if one.file == file_of(template) else one for one in found]


class _Check:
    """One run over many templates: what they share is read once."""

    def __init__(
        self,
        partials: Mapping[str, TemplateFile],
        uses: Sequence[Use] | None,
        company: Company | None,
        attributes: Collection[str] | None,
    ) -> None:
        self._parts = {key: mended(part) for key, part in partials.items()}
        self._partials = {key: part.file for key, part in self._parts.items()}
        self._uses, self._company, self._attributes = uses, company, attributes or ()
        self._used: set[str] = set()
        self._fields: Fields = {}

    def template(self, name: str, file: TemplateFile) -> list[Problem]:
        """Give the problems of one template and the parts that it uses."""
        source = mended(file)
        examined = examine_template(source.file, self._partials)
        texts = {file_of(one.file): one.file.text for one in (source, *self._parts.values())}
        found = [*source.problems, *(refused(error, _line(texts, error)) for error in examined.errors)]
        used: frozenset[str] = frozenset()
        if examined.framed:
            used = examined.framed.parts
            found += self._lints(read_document(examined.framed))
            for field, place in fields_in(examined.framed):
                self._fields.setdefault(field, set()).add(place)
            if examined.subject and examined.html and not examined.errors:
                mail = Sampled(examined.framed, examined.subject, examined.html, self._company)
                found += mail_problems(mail)
        if self._uses is not None:
            found += self._use(name, file, examined.framed is None or _asks(examined.framed))
        self._used |= used
        sources = [source, *(part for part in self._parts.values() if file_of(part.file) in used)]
        found += [told for part in sources[1:] for told in part.problems]
        found = _in_own_files(found, file_of(file), {file_of(part.file) for part in self._parts.values()})
        if file.kind == "md":
            found = [in_markdown(one, source.file.text) if one.file == file_of(file) else one for one in found]
        return _not_covered(found, sources)

    def fields(self) -> Iterator[Problem]:
        """Give the fields that are probably slips."""
        yield from field_problems(self._fields, self._attributes)

    def parts(self) -> Iterator[Problem]:
        """Give the problems of parts that no template uses, and that none does."""
        for part in self._parts.values():
            path = file_of(part.file)
            if path in self._used:
                continue
            yield from part.problems
            if not path.removeprefix("templates/").startswith(_FOUND_BY_NAME):
                yield warning(UNUSED_PART, Place(path, 1), "no template uses this part", "delete it, or include it")

    def _lints(self, reading: Reading) -> Iterator[Problem]:
        yield from element_problems(reading)
        yield from picture_problems(reading)
        yield from link_problems(reading)
        yield from compatibility_problems(reading)
        if reading.framed.front.is_there:
            yield from preheader_problems(reading)

    def _use(self, name: str, file: TemplateFile, asks: bool) -> Iterator[Problem]:
        place = Place(file_of(file), 1)
        uses = [use for use in self._uses or () if use.template == name]
        if not uses:
            yield warning(UNUSED, place, "no step sends this template", "name it in a campaign, or delete it")
        survey = next((use for use in uses if use.is_survey), None)
        if survey and not asks:
            told = f"the step `{survey.step}` of `{survey.campaign}` is a survey, and its mail has no answer to click"
            hint = f"write href=\"{{{{ answer_url('{survey.step}', 'yes') }}}}\" into a button or link"
            yield problem(NO_ANSWER, place, told, hint)


def _line(texts: Mapping[str, str], error: TemplateError) -> str:
    lines = texts.get(error.template, "").split("\n")
    return lines[error.line - 1] if error.line <= len(lines) else ""


def _asks(framed: Framed) -> bool:
    parts = framed.document.shelf.parts(framed.document.text)
    return any(isinstance(part, Piece) and "answer_url" in part.text for part in parts)


def _not_covered(found: Iterable[Problem], sources: Sequence[Mended]) -> list[Problem]:
    """Leave out what is wrong only because something else was, which is told already."""
    covered = {file_of(source.file): source.covered for source in sources}
    lost = {file_of(source.file): source.lost for source in sources}
    told = {one for source in sources for one in source.problems}
    return [
        one
        for one in found
        if one in told
        or not (
            is_of_lost(one, lost.get(one.file, frozenset()))
            or any(line == one.line and start <= one.column < end for line, start, end in covered.get(one.file, ()))
        )
    ]


def _in_own_files(found: Sequence[Problem], path: str, parts: Collection[str]) -> list[Problem]:
    """Leave out what seems wrong in the layout and footer that Nurture ships: the cause stands in the mail itself."""
    own = [one for one in found if one.file == path or one.file in parts]
    if any(one.severity == "error" for one in own):
        return own
    return [one if one in own else replace(one, file=path, line=1, column=1) for one in found]


def _leniently(one: Problem) -> Problem:
    return replace(one, severity="warning") if one.code in _LENIENT_WHEN_LOOSE else one


def _key(one: Problem) -> tuple[str, int, int, str]:
    return one.file, one.line, one.column, one.code
