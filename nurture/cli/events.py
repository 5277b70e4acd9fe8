"""`nurture events …`: what leads did, as it came in. One file a command; each registers itself on this group."""

import typer

events = typer.Typer(help="What leads did, as it came in.", no_args_is_help=True)


@events.callback()
def _events() -> None:
    """Nothing is common to these commands; with this, the group stands whoever has registered on it."""
