import base64
from pathlib import Path

import pytest

from nurture.errors import SettingsError
from nurture.messages import Receipt
from nurture.notifiers import NOTIFIERS, build_notifiers
from nurture.notifiers.packet import read_packet
from nurture.settings import Settings
from nurture.workspace import load_workspace
from tests.notifiers.packets import bare_packet, notice, packet
from tests.notifiers.receiver import receiver

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(scope="module")
def agreement():
    return load_workspace(ROOT).agreement


def environment(**values: str) -> Settings:
    return Settings(workspace=ROOT, data_dir=ROOT / ".nurture", **values)


def test_every_channel_of_the_agreement_has_a_notifier(agreement):
    assert set(NOTIFIERS) == {"email", "slack", "webhook"} == set(agreement.notify)


def test_a_channel_the_environment_does_not_set_up_is_left_out(agreement):
    assert set(build_notifiers(environment(), agreement, lambda mail: Receipt(0, "sent"))) == {"email"}


def test_every_channel_tells_every_packet(agreement):
    mailed = []
    with receiver() as hook:
        urls = {"slack_webhook_url": hook.url, "handoff_webhook_url": hook.url, "handoff_webhook_secret": SECRET}
        channels = build_notifiers(
            environment(**urls), agreement, lambda mail: mailed.append(mail) or Receipt(mail.delivery_id, "sent")
        )
        for data in (packet(), bare_packet()):
            for channel in channels.values():
                channel.notify(notice(data))
    assert len(mailed) == 2
    assert len(hook.got) == 4


def test_a_webhook_without_a_secret_is_refused_at_the_start(agreement):
    with pytest.raises(SettingsError, match="HANDOFF_WEBHOOK_SECRET is missing"):
        build_notifiers(environment(handoff_webhook_url="https://crm.example/hook"), agreement, lambda mail: None)


def test_a_packet_may_grow():
    assert read_packet(packet(more={"to": "come"})).lead.name == "Maria Rossi"
