"""`nurture check`: everything that is wrong with a workspace, or with parts of it, or with files outside of any."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nurture.authoring.loose import check_file, check_folder
from nurture.authoring.meaning import meaning_problems
from nurture.authoring.spam import spam_problems
from nurture.authoring.targets import Target, targets
from nurture.authoring.templates import Use, check_templates
from nurture.errors import Problem
from nurture.pages.own import read_own
from nurture.workspace import Reading, read_workspace
from nurture.workspace.codes import UNKNOWN_TEMPLATE
from nurture.workspace.files import printable
from nurture.workspace.references import conditions_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: every problem in the order of files and lines, and how much was looked at.

    The steps are those of campaigns that could be read.
    """

    problems: tuple[Problem, ...]
    campaigns: int = 0
    steps: int = 0
    templates: int = 0

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many are warnings."""
        return len(self.problems) - self.errors


def check(paths: Sequence[Path] = (), *, workspace: Path = Path(), seen_from: Path | None = None) -> list[Problem]:
    """Find every problem that can be found, in the order of files and lines. `inspect` says what is promised."""
    return list(inspect(paths, workspace=workspace, seen_from=seen_from).problems)


def inspect(
    paths: Sequence[Path] = (), *, workspace: Path = Path(), seen_from: Path | None = None, spam: bool = False
) -> Checked:
    """Check workspaces, parts of workspaces, and loose files. Whatever stands in a file, it does not raise.

    A part of a workspace is judged with the whole of it, and only its own problems are told.

    Args:
        paths: folders that hold `campaigns/`; files and folders within one; loose files and folders.
        workspace: what is checked where there are no paths.
        seen_from: a folder. Files below it are named by their path from there; others by their path below their
            workspace, or as they were asked for where they have none or there is more than one.
        spam: ask SpamAssassin, too, of workspaces' mails.

    Raises:
        UsageError: one of the paths does not exist.
        NotFound: SpamAssassin was to be asked, and is not there.
    """
    asked = targets(paths, workspace)
    checked = [_workspace(target, spam=spam) if target.is_workspace else _loose(target) for target in asked]
    problems = {
        replace(problem, file=_shown(problem.file, target, seen_from, alone=len(asked) == 1))
        for target, one in zip(asked, checked, strict=True)
        for problem in one.problems
    }
    return Checked(
        tuple(sorted(problems, key=_order)),
        campaigns=sum(one.campaigns for one in checked),
        steps=sum(one.steps for one in checked),
        templates=sum(one.templates for one in checked),
    )


def workspace_problems(reading: Reading) -> list[Problem]:
    """Every problem of a reading: what reading it found, what its rules amount to, its templates, its own pages."""
    templates = check_templates(
        reading.templates.whole,
        reading.templates.partials,
        list(_uses(reading)) if _knows_uses(reading) else None,
        company=reading.agreement.company if reading.agreement else None,
        attributes=_fields(reading),
    )
    pages = read_own(reading.templates.pages).problems
    return [*reading.problems, *meaning_problems(reading), *templates, *pages]


def _workspace(target: Target, *, spam: bool) -> Checked:
    reading = read_workspace(target.root)
    found = [*workspace_problems(reading), *(spam_problems(reading) if spam else ())]
    problems = [problem for problem in found if target.covers(problem.file)]
    return Checked(
        tuple(problems),
        campaigns=len(reading.documents),
        steps=sum(len(campaign.steps) for campaign in reading.campaigns.values()),
        templates=len(reading.templates.whole),
    )


def _loose(target: Target) -> Checked:
    found = check_folder(target.root) if target.root.is_dir() else check_file(target.root)
    return Checked(tuple(found.problems), campaigns=found.campaigns, steps=found.steps, templates=found.templates)


def _knows_uses(reading: Reading) -> bool:
    """Whether it is known which templates are used: every campaign could be read, and names no other in vain."""
    is_whole = bool(reading.documents) and len(reading.campaigns) == len(reading.documents)
    return is_whole and not any(problem.code == UNKNOWN_TEMPLATE.code for problem in reading.problems)


def _fields(reading: Reading) -> set[str]:
    """The fields of a lead that the campaigns' conditions name."""
    conditions = [condition for campaign in reading.campaigns.values() for _, condition in conditions_of(campaign)]
    return {name.path[0] for condition in conditions for name in condition.names if name.scope == "lead"}


def _uses(reading: Reading) -> list[Use]:
    return [
        Use(template, campaign.id, step.id, is_survey=step.survey is not None)
        for campaign in reading.campaigns.values()
        for step in campaign.steps
        for template in (step.variants.values() or [step.template])
    ]


def _shown(file: str, target: Target, seen_from: Path | None, *, alone: bool) -> str:
    path = Path(os.path.normpath(target.root / file))
    if seen_from is not None and path.is_relative_to(seen_from):
        return printable(path.relative_to(seen_from).as_posix())
    if target.is_workspace and alone:
        return printable(file)
    return printable(os.path.normpath(Path(target.said, file)))


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.code, problem.message
