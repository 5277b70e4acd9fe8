"""What the courier says of jobs, asked of a process of the workers': only these know the queue's library."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from nurture.app import App
from nurture.errors import NurtureError

_ASK = (sys.executable, "-m", "workers.dead_letters")
ANSWERS_WITHIN = 30.0
"""Seconds; most of them are for starting."""


class CourierAway(NurtureError):
    """Redis cannot be asked."""


def jobs(app: App) -> dict[str, Any]:
    """Jobs that wait, and those that failed by kind: `{"waiting", "dead": [{"kind", "count", "since", …}]}`.

    Raises:
        CourierAway: It does not answer.
    """
    said: dict[str, Any] = _ask(app)
    for one in said["dead"]:
        one["since"], one["last_at"] = (datetime.fromisoformat(one[name]) for name in ("since", "last_at"))
    return said


def ask_again(app: App, kinds: Sequence[str]) -> None:
    """Ask for a job of each of these kinds, and forget that others failed.

    Raises:
        CourierAway: It does not answer.
    """
    _ask(app, *kinds)


def _ask(app: App, *kinds: str) -> Any:
    addresses = {"DATABASE_URL": app.settings.database_url or "", "REDIS_URL": app.settings.redis_url or ""}
    contradicting = {f"{name}_FILE" for name in addresses}
    environ = {name: value for name, value in os.environ.items() if name not in contradicting}
    environ |= {**addresses, "SECRET_KEY": app.settings.secret_key}
    environ.pop("SECRET_KEY_FILE", None)
    try:
        ran = subprocess.run((*_ASK, *kinds), env=environ, capture_output=True, timeout=ANSWERS_WITHIN, check=False)
    except subprocess.TimeoutExpired as error:
        raise CourierAway("Redis does not answer") from error
    if ran.returncode:
        words = ran.stderr.decode(errors="replace").strip().splitlines()
        raise CourierAway(words[-1] if words else "Redis cannot be asked")
    return orjson.loads(ran.stdout)
