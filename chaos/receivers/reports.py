"""What a provider reports of the mails that it took, by webhook: Postmark's way and Resend's.

https://postmarkapp.com/developer/webhooks/delivery-webhook and https://resend.com/docs/webhooks/emails/delivered.
"""

import base64
import hmac
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx
import orjson

from chaos.receivers.mailbox import Kept
from nurture.mailers.resend.tags import tag_of

USER = "chaos:reports"
"""User and password that Postmark's hook shows."""
SIGNED = "whsec_" + base64.b64encode(b"what signs the reports").decode()
"""What Resend's are signed with."""
SECRETS: Mapping[str, str] = {"POSTMARK_WEBHOOK_SECRET": USER, "RESEND_WEBHOOK_SECRET": SIGNED}


@dataclass(frozen=True)
class Reporter:
    """Posts to one installation's hooks.

    Attributes:
        base: Its `BASE_URL`.
        tries: How often a report is posted until it is answered 200.
        pause: Seconds between two tries.
    """

    base: str
    tries: int = 5
    pause: float = 0.5

    def delivered(self, mails: Iterable[Kept], at: datetime) -> int:
        """Report that these were delivered; gives how many reports were taken."""
        with httpx.Client(base_url=self.base, timeout=10, trust_env=False) as client:
            return sum(self._post(client, mail, at) for mail in mails)

    def _post(self, client: httpx.Client, mail: Kept, at: datetime) -> bool:
        body, headers = _postmark(mail, at) if mail.by == "postmark" else _resend(mail, at)
        for _ in range(self.tries):
            try:
                if client.post(f"/hooks/{mail.by}", content=body, headers=headers).is_success:
                    return True
            except httpx.TransportError:
                pass
            time.sleep(self.pause)
        return False


def _postmark(mail: Kept, at: datetime) -> tuple[bytes, dict[str, str]]:
    said: dict[str, Any] = {
        "RecordType": "Delivery", "MessageID": mail.token, "Recipient": mail.recipient, "DeliveredAt": at.isoformat(),
        "Details": "250 OK", "Metadata": {"nurture": mail.token},
    }  # fmt: skip
    shown = base64.b64encode(USER.encode()).decode()
    return orjson.dumps(said), {"content-type": "application/json", "authorization": f"Basic {shown}"}


def _resend(mail: Kept, at: datetime) -> tuple[bytes, dict[str, str]]:
    data = {"email_id": mail.token, "to": [mail.recipient], "tags": {"nurture": tag_of(mail.token)}}
    body = orjson.dumps({"type": "email.delivered", "created_at": at.isoformat(), "data": data})
    name, stamp = f"msg_{mail.token}", str(int(time.time()))
    key = base64.b64decode(SIGNED.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{name}.{stamp}.".encode() + body, sha256)).decode()
    headers = {"svix-id": name, "svix-timestamp": stamp, "svix-signature": f"v1,{signature}"}
    return body, {"content-type": "application/json", **headers}
