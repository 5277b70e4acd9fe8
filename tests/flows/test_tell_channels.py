"""News for sales goes out channel by channel: one that hangs holds up nobody else."""

from nurture.app import App
from nurture.flows.ingest import ingest
from nurture.flows.tell import tell, waiting_channels
from tests.flows.apps import add_lead, rows, track
from tests.rules.examples import NOW


def test_each_channel_is_told_on_its_own(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    assert waiting_channels(app, NOW) == ["email", "webhook"]
    assert tell(app, NOW, channel="webhook").sent == 1
    assert waiting_channels(app, NOW) == ["email"]
    assert dict(rows(app, "SELECT channel, state FROM notice")) == {"email": "queued", "webhook": "sent"}  # type: ignore[arg-type]
    assert tell(app, NOW, channel="email").sent == 1
    assert waiting_channels(app, NOW) == []


def test_a_channel_whose_notice_waits_for_its_next_try_is_not_due(app: App) -> None:
    add_lead(app)
    ingest(app, [track("Demo Requested")], NOW)
    with app.engine.begin() as db:
        db.exec_driver_sql("UPDATE notice SET next_at = next_at + interval '1 hour' WHERE channel = 'email'")
    assert waiting_channels(app, NOW) == ["webhook"]
