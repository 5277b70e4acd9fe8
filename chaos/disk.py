"""A disk that PostgreSQL believes to be slow or full: a small library stands between, where there is a compiler.

Nothing is slowed that is not ours, and nothing is mounted: so it needs no rights, and takes no room.
"""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SOURCE = Path(__file__).parent / "faults" / "disk_shim.c"
COMPILERS = ("cc", "gcc", "clang")
_TOLD = struct.Struct("=ii")


@dataclass(frozen=True)
class Disk:
    """What stands between a server and its disk.

    Attributes:
        folder: The library and the file that tells it what to do; readable by the server's account.
        library: The library; None where there is no compiler, and then the disk is as it is.
    """

    folder: Path
    library: Path | None

    def before(self) -> list[str | Path]:
        """What stands before a server's command so that the library is in between."""
        if self.library is None:
            return []
        return ["/usr/bin/env", f"LD_PRELOAD={self.library}", f"CHAOS_DISK={self.told}"]

    @cached_property
    def told(self) -> Path:
        return self.folder / "told"

    @property
    def is_full(self) -> bool:
        """Whether no file can grow."""
        return self.library is not None and bool(_TOLD.unpack(self.told.read_bytes())[1])

    def be(self, *, milliseconds: int = 0, full: bool = False) -> bool:
        """From now on; False where nothing can be done."""
        if self.library is None:
            return False
        with self.told.open("r+b") as told:
            told.write(_TOLD.pack(milliseconds, full))
        return True


def make_disk(folder: Path) -> Disk:
    """Build the library, in a folder of its own."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    disk = Disk(folder, _built(folder / "disk.so"))
    disk.told.write_bytes(_TOLD.pack(0, 0))
    disk.told.chmod(0o644)
    return disk


def _built(library: Path) -> Path | None:
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None or not Path("/usr/bin/env").exists():
        return None
    command = (compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl")
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return library if done.returncode == 0 else None
