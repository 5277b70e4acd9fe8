"""The files of the design, and workspaces made of them."""

from collections.abc import Mapping
from pathlib import Path

from nurture.errors import Problem, WorkspaceError
from nurture.workspace import Workspace, load_workspace

EXAMPLES = Path(__file__).parent / "examples"
AGREEMENT = (EXAMPLES / "agreement.yaml").read_text(encoding="utf-8")
CAMPAIGN = (EXAMPLES / "not-ready-yet.yaml").read_text(encoding="utf-8")
LONG_TERM = """\
name: Keep warm
status: live
enroll: {reasons: [no_budget, wrong_person, unreachable, no_outcome]}
cadence: {every: 4 weeks, days: tue, hours: "09:00-11:00"}
steps:
  - {id: news, email: long-term/news}
"""
TEMPLATES = ("three-questions", "case-study", "roi", "roi-short", "timing", "last-word")


def example() -> dict[str, str]:
    """The files of a workspace without a fault: those of the design, and what they refer to."""
    files = {
        "campaigns/agreement.yaml": AGREEMENT,
        "campaigns/not-ready-yet.yaml": CAMPAIGN,
        "campaigns/long-term.yaml": LONG_TERM,
        "templates/long-term/news.md": "# News\n",
    }
    return files | {f"templates/not-ready/{name}.mjml": f"<mjml>{name}</mjml>" for name in TEMPLATES}


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return root


def load(root: Path, changes: Mapping[str, str | bytes | None] | None = None) -> Workspace:
    """The example, with some files other or gone (None)."""
    files: dict[str, str | bytes] = dict(example())
    for name, content in (changes or {}).items():
        files.pop(name, None)
        if content is not None:
            files[name] = content
    return load_workspace(write(root, files))


def problems(root: Path, changes: Mapping[str, str | bytes | None]) -> tuple[Problem, ...]:
    """What is wrong with the example after the changes; nothing where it still loads."""
    try:
        load(root, changes)
    except WorkspaceError as error:
        return error.problems
    return ()
