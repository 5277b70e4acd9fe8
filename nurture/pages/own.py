"""What a workspace puts in the place of our texts and pages: read, judged, and only what is sound is taken.

A mistake in these files must not keep anybody from unsubscribing. So what cannot be used is left out, here and in each
page as it is shown, and ours stands there instead; `nurture check` says where and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nurture.errors import Problem
from nurture.grammar.labels import language_tag
from nurture.grammar.mistakes import did_you_mean, one_of, quoted
from nurture.pages.codes import NO_SUCH_PAGE
from nurture.pages.judging import page_problems
from nurture.pages.texts import text_problems
from nurture.pages.writing import PAGES
from nurture.workspace.source import Source

FOLDER = "templates/pages"


@dataclass(frozen=True)
class Own:
    """What of a workspace's files is sound.

    Attributes:
        texts: by language and key.
        pages: templates, by name such as `unsubscribe`.
        problems: what is not sound, and why.
    """

    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pages: Mapping[str, Source] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_own(given: Mapping[str, Source | Problem]) -> Own:
    """Judge every file below `templates/pages/`, given by its path there. Never raises."""
    texts: dict[str, dict[str, str]] = {}
    pages: dict[str, Source] = {}
    problems: list[Problem] = []
    for below, source in given.items():
        if isinstance(source, Problem):
            problems.append(source)
        elif (page := _page(below)) is not None:
            pages[page] = source
        elif (language := _language(below)) is not None:
            texts[language], found = text_problems(source, language)
            problems += found
        else:
            problems.append(_astray(below, source))
    sound, found = page_problems(pages)
    return Own(texts, sound, (*problems, *found))


def _page(below: str) -> str | None:
    name = below.removesuffix(".html")
    return name if name != below and name in PAGES else None


def _language(below: str) -> str | None:
    if not (below.startswith("texts.") and below.endswith(".yaml")) or "/" in below:
        return None
    return language_tag(below.removeprefix("texts.").removesuffix(".yaml").replace(".", "?"))


def _astray(below: str, source: Source) -> Problem:
    names = [f"{page}.html" for page in PAGES]
    message = f"{quoted(below)} is no page of Nurture's; mails cannot lie in `{FOLDER}/`"
    hint = did_you_mean(below, [*names, "texts.en.yaml", "texts.de.yaml"])
    return source.problem(NO_SUCH_PAGE, 0, message, hint or f"there are {one_of([*names, 'texts.<language>.yaml'])}")
