"""Columns of a chart in a terminal, out of block characters."""

from collections.abc import Iterator, Sequence
from itertools import count

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def columns(values: Sequence[int], height: int) -> list[tuple[int, str]]:
    """Lines of a column chart, the top one first: (the number at its upper edge, a character for each value).

    Every line is worth the same round number (1, 2, 5, 10, 20, ...), the smallest with which `height` lines are enough:
    small numbers make a low chart, and a line is never worth a part of one. What is above 0 always shows.
    """
    most = max(values, default=0)
    if most <= 0:
        return []
    worth = next(number for number in _round_numbers() if number * height >= most)
    lines = -(-most // worth)
    eighths = [max(1, round(value * 8 / worth)) if value > 0 else 0 for value in values]
    return [
        ((row + 1) * worth, "".join(_EIGHTHS[min(8, max(0, filled - 8 * row))] for filled in eighths))
        for row in reversed(range(lines))
    ]


def spark(values: Sequence[int], most: int) -> str:
    """One line of columns, `most` filling it; a dot where there is nothing."""
    return "".join(_EIGHTHS[max(1, round(value * 8 / most))] if value > 0 else "·" for value in values)


def _round_numbers() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


def bar(share: float, width: int) -> str:
    """A bar of this share of the width; what is above 0 always shows."""
    if share <= 0:
        return ""
    filled = max(1, round(share * width * 8))
    return "█" * (filled // 8) + (" ▏▎▍▌▋▊▉"[filled % 8] if filled % 8 else "")
