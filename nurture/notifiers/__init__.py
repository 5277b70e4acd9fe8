"""How sales is told: one channel a file, one line a channel in `NOTIFIERS`."""

from collections.abc import Callable, Mapping
from typing import Protocol

from nurture.agreement import Agreement
from nurture.messages import Notice
from nurture.notifiers import email, slack, webhook
from nurture.notifiers.email import Send
from nurture.settings import Settings


class Notifier(Protocol):
    """A channel. Silence is success."""

    def notify(self, notice: Notice) -> None:
        """Tell it. A `NotifierError` says that it was not told, whether trying again makes sense, and from when."""


Build = Callable[[Settings, Agreement, Send], Notifier | None]

NOTIFIERS: Mapping[str, Build] = {"email": email.build, "slack": slack.build, "webhook": webhook.build}


def build_notifiers(settings: Settings, agreement: Agreement, send: Send) -> dict[str, Notifier]:
    """The channels that the agreement asks for and the environment sets up, by name.

    Raises:
        SettingsError: A channel's variable is malformed.
    """
    built = {channel: NOTIFIERS[channel](settings, agreement, send) for channel in agreement.notify}
    return {channel: notifier for channel, notifier in built.items() if notifier is not None}
