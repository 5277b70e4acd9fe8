"""What every worker process sets up once: settings, logs, broker, app."""

import atexit
import os
import sys
from contextlib import ExitStack
from functools import cache

from dramatiq.brokers.redis import RedisBroker

from nurture.app import App, open_app
from nurture.db import hold_briefly
from nurture.interpreter import settle_in
from nurture.logs import log_to
from nurture.settings import Settings, read_settings
from workers.beating import BeatingWorker
from workers.broker import make_broker
from workers.nudge import make_nudge

_open = ExitStack()
atexit.register(_open.close)


@cache
def settings() -> Settings:
    """This process's settings, read once; logs are set up by the way."""
    found = read_settings(os.environ)
    log_to(sys.stdout, found.log_level)
    return found


@cache
def broker() -> RedisBroker:
    """This process's way to the courier."""
    made = make_broker(settings())
    made.add_middleware(BeatingWorker())
    return made


@cache
def app() -> App:
    """This process's app, opened when first used (after dramatiq has forked)."""
    opened = _open.enter_context(open_app(settings(), nudge=make_nudge(broker())))
    hold_briefly(opened.engine)
    settle_in()
    return opened
