from collections.abc import Callable

from nurture.grammar.mistakes import Mistake


def mistake_in(parse: Callable[..., object], *arguments: object) -> Mistake | None:
    """What `parse` has against the arguments; None where it takes them. Anything but a `Mistake` is raised."""
    try:
        parse(*arguments)
    except Mistake as mistake:
        return mistake
    return None
