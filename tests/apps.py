"""The composition root as tests want it: the shipped workspace (or another one), no channels, no workers."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from nurture.app import App
from nurture.settings import Settings
from nurture.workspace import Workspace, load_workspace

ROOT = Path(__file__).parents[1]
SECRET = "a key for tests only"


def shipped_workspace() -> Workspace:
    """The example that comes with the product."""
    return load_workspace(ROOT)


def make_app(
    engine: Engine,
    data: Path,
    now: datetime,
    *,
    workspace: Workspace | None = None,
    nudge: Callable[[str], None] = lambda kind: None,
    mail_url: str | None = None,
) -> App:
    """An app whose clock stands still."""
    settings = Settings(
        workspace=ROOT,
        data_dir=data,
        base_url="http://nurture.example",
        given_secret_key=SECRET,
        mail_url=mail_url,
        set_variables=frozenset({"MAIL_URL"} if mail_url else ()),
    )
    return App(settings, engine, workspace or shipped_workspace(), now=lambda: now, nudge=nudge)
