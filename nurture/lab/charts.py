"""Columns of a chart in a terminal, out of block characters."""

from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def columns(values: Sequence[int], height: int) -> list[str]:
    """Lines of a column chart, the top one first; each value is one character wide.

    The highest fills the height; what is above 0 always shows.
    """
    most = max(values, default=0)
    if most <= 0:
        return []
    eighths = [max(1, round(value * height * 8 / most)) if value > 0 else 0 for value in values]
    return [
        "".join(_EIGHTHS[min(8, max(0, filled - 8 * row))] for filled in eighths) for row in reversed(range(height))
    ]


def bar(share: float, width: int) -> str:
    """A bar of this share of the width; what is above 0 always shows."""
    if share <= 0:
        return ""
    filled = max(1, round(share * width * 8))
    return "█" * (filled // 8) + (" ▏▎▍▌▋▊▉"[filled % 8] if filled % 8 else "")
