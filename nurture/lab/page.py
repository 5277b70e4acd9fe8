"""A simulation as a page."""

from typing import Any


def page(figures: dict[str, Any], *, company: str, file: str) -> str:
    """Soon."""
    return ""
