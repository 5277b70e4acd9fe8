"""What runs while nothing is due: a tick of the clock, and each kind of job finding nothing."""

from nurture.app import App
from nurture.flows.advance import advance
from nurture.flows.deliver import deliver
from nurture.flows.forward_mail import forward_mail
from nurture.flows.keep_promises import keep_promises
from nurture.flows.rescore import rescore
from nurture.flows.send_confirmations import send_confirmations
from nurture.flows.settle import settle
from nurture.flows.tell import waiting_channels
from workers.clock import Clock


def look(app: App, clock: Clock) -> int:
    """One tick, then what the actors of `workers` would ask if all of them were called; gives 1, for one look.

    Raises:
        SystemExit: Something was due after all, or the clock does not lead, so that this is no idle look.
    """
    now = app.now()
    if not clock.tick():
        raise SystemExit("this clock was to lead, and another does")
    found = {
        "advance": advance(app, now).leads, "deliver": deliver(app, app.now, seconds=1).sent,
        "settle": settle(app, now).more, "promises": keep_promises(app, now).more,
        "confirmations": send_confirmations(app, now).more, "forwards": forward_mail(app, now).more,
        "notices": len(waiting_channels(app, now)), "rescore": rescore(app, now).more,
    }  # fmt: skip
    if busy := [name for name, some in found.items() if some]:
        raise SystemExit(f"this was to be idle, and {', '.join(busy)} found work")
    return 1
