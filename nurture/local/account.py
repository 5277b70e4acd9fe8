"""The account that the servers run under. PostgreSQL refuses to run as root."""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import LocalServerError

UNPRIVILEGED = "nobody"
CAP_DAC_OVERRIDE = 1
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
"""Without it access(2), by which `initdb` looks for `postgres`, takes no notice of capabilities (its man page)."""
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to become. `passes_closed_doors`: keeps the right to walk into directories that are closed to it."""

    uid: int
    gid: int
    passes_closed_doors: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether nothing has to be done to become it."""
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Make the account the owner of a directory or file."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def become(self, when_parent_dies: int) -> Callable[[], None]:
        """What a child runs between fork and exec: become the account, and ask for a signal at its parent's death.

        On Linux no server outlives its keeper. Elsewhere the next command ends those that are left over.
        """
        libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

        def become() -> None:
            if not self.is_ours:
                if libc and self.passes_closed_doors:
                    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
                    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
                if libc and self.passes_closed_doors:
                    _keep_capability(libc, CAP_DAC_OVERRIDE)
            if libc:  # last: the kernel forgets it when the user id changes
                libc.prctl(PR_SET_PDEATHSIG, when_parent_dies, 0, 0, 0)

        return become


def server_account(data: Path, programs: tuple[Path, ...]) -> Account:
    """Choose the account: our own, or as root the data directory's owner, or `nobody`.

    Where root's checkout lies in a directory closed to others, the account keeps one Linux capability
    (CAP_DAC_OVERRIDE, which containers have by default): no door is opened that somebody closed.

    Raises:
        LocalServerError: We have no name (PostgreSQL's `initdb` asks for it), or are root and the account could reach
            neither programs nor data.
    """
    if os.geteuid() != 0:
        if not _has_name(os.geteuid()):
            raise LocalServerError(
                f"PostgreSQL does not run as user id {os.geteuid()}, which has no name on this machine; "
                "run as another user, or set DATABASE_URL and REDIS_URL"
            )
        return Account(os.geteuid(), os.getegid())
    owner = data.stat()
    is_usable = owner.st_uid != 0 and _has_name(owner.st_uid)
    uid, gid = (owner.st_uid, owner.st_gid) if is_usable else _unprivileged()
    closed = next((door for path in (data, *programs) if (door := _closed_door(path, uid, gid))), None)
    if closed is None:
        return Account(uid, gid)
    if not _may_keep(CAP_DAC_OVERRIDE):
        raise LocalServerError(
            f"{closed}: PostgreSQL does not run as root, and {UNPRIVILEGED} may not enter here; "
            "run as an ordinary user, chmod o+x it, or set DATABASE_URL and REDIS_URL"
        )
    return Account(uid, gid, passes_closed_doors=True)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        return 65534, 65534
    return entry.pw_uid, entry.pw_gid


def _closed_door(path: Path, uid: int, gid: int) -> Path | None:
    """The first directory on the way that the account may not enter, or the program that it may not run."""
    path = path.resolve()
    for door in (*reversed(path.parents), path):
        found = door.stat()
        bits = stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & bits:
            return door
    return None


def _may_keep(capability: int) -> bool:
    """Whether we have the capability to pass on (Linux: /proc/self/status, CapPrm and CapBnd)."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("CapPrm:", "CapBnd:"))]
    return len(masks) == 2 and all(mask >> capability & 1 for mask in masks)


def _keep_capability(libc: ctypes.CDLL, capability: int) -> None:
    """Make a permitted capability inheritable and ambient, so that it survives exec (capabilities(7))."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low word, high word
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
