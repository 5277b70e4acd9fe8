"""Files that are nobody else's business: secrets, locks, the data directory they lie in."""

import os
import secrets
from pathlib import Path

FOR_OWNER = 0o600
DIRECTORY_FOR_OWNER = 0o700
DIRECTORY_TO_WALK_THROUGH = 0o711
"""As root the embedded servers run under another account, which has to pass through but may not look around."""


def make_data_directory(path: Path) -> None:
    """Make a directory, and those above it, where they are missing."""
    mode = DIRECTORY_TO_WALK_THROUGH if os.geteuid() == 0 else DIRECTORY_FOR_OWNER
    if not path.is_dir():
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)


def write_private(path: Path, text: str, *, keep: bool = False) -> None:
    """Write a file at once, so that nobody ever reads half of it. With `keep`, one that is there already stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_OWNER), "w") as file:
        file.write(text)
    give_to_owner_of(path.parent, draft)
    if not keep:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def kept_secret(path: Path) -> str:
    """The random secret (192 bits) that is kept in this file, made on first use: once, whoever else is asking."""
    if not path.exists():
        write_private(path, secrets.token_hex(24), keep=True)
    return path.read_text().strip()


def give_to_owner_of(directory: Path, path: Path) -> None:
    """Let root leave nothing that the directory's owner could not open."""
    if os.geteuid() == 0:
        there = directory.stat()
        os.chown(path, there.st_uid, there.st_gid)
