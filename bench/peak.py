"""The most memory that a process has held: what a small machine has to have."""

from pathlib import Path


def peak_mb(pid: int) -> float:
    """Megabytes of RAM, the most so far (`VmHWM` of proc(5)), of the process alone."""
    return _kilobytes(pid, "VmHWM") / 1024


def now_mb(pid: int) -> float:
    """Megabytes of RAM that it holds now (`VmRSS`)."""
    return _kilobytes(pid, "VmRSS") / 1024


def forget_peak(pid: int) -> None:
    """Count the most from now on (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _kilobytes(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])
