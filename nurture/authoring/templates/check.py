"""The checks of templates, of a workspace's and of loose ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nurture.agreement import Company
from nurture.authoring.templates.codes import BY_TOPIC
from nurture.errors import Problem, TemplateError
from nurture.mail.compiling import compile_template
from nurture.mail.pieces import file_of
from nurture.workspace import TemplateFile
from nurture.workspace.templates import TemplateKind


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
) -> list[Problem]:
    """Find every problem of every template, in the order of files and lines; each once, however many mails share it.

    Args:
        templates: What steps can name, by name (`Workspace.templates`, `Templates.whole`).
        partials: What they include (`Workspace.partials`).
        uses: Every step that sends one; None where campaigns are not known: then none is called unused, and a missing
            subject is no more than a warning.
        company: Who sends, for sizes and the footer; a made-up one where it is not known.
        attributes: The leads' own fields, where they are known, as from conditions or a sheet of leads.
        only: Names of templates; check these alone, with the parts that they use.
    """
    problems = []
    for name, file in templates.items():
        if only is None or name in only:
            try:
                compile_template(file, partials)
            except TemplateError as error:
                problems.append(_problem(error))
    return sorted(set(problems), key=lambda problem: (problem.file, problem.line, problem.column, problem.code))


def check_loose(
    text: str, file: str, kind: TemplateKind, partials: Mapping[str, TemplateFile] | None = None
) -> list[Problem]:
    """Find every problem of one file that belongs to no workspace. `file` is what problems call it."""
    template = TemplateFile("loose", Path(file), kind, text)
    found = check_templates({"loose": template}, partials or {})
    return [replace(problem, file=file) if problem.file == file_of(template) else problem for problem in found]


def _problem(error: TemplateError) -> Problem:
    code = BY_TOPIC[error.topic]
    return Problem(error.template, error.line, error.column, error.what, error.hint, code=code.code)
