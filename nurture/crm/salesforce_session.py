"""The way into Salesforce: OAuth 2.0 client credentials (RFC 6749, 4.4), one token for many requests."""

from base64 import b64encode
from collections.abc import Mapping
from threading import Lock
from typing import Any

from nurture.crm.salesforce_errors import login_trouble
from nurture.crm.wire import Answer, Wire

VERSION = "v60.0"
"""Of the REST API."""
TOKEN = "/services/oauth2/token"  # noqa: S105 - a path


class Session:
    """Asks with a token that is kept until Salesforce does not take it any more. Any thread may use it."""

    def __init__(self, wire: Wire, client_id: str, secret: str) -> None:
        """Not logged in yet."""
        self._wire = wire
        self._basic = b64encode(f"{client_id}:{secret}".encode()).decode()
        self._lock = Lock()
        self._token: str | None = None

    def ask(self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None) -> Answer:
        """Send one request; where the token has run out, once more with a new one.

        Raises:
            CrmAway: There is no answer, or nobody lets us in.
        """
        token = self._current(None)
        answer = self._ask(token, method, path, body, query)
        if answer.status == 401:
            answer = self._ask(self._current(token), method, path, body, query)
        return answer

    def close(self) -> None:
        """Let go of the connections that are kept."""
        self._wire.close()

    def _ask(self, token: str, method: str, path: str, body: Any, query: Mapping[str, str] | None) -> Answer:
        return self._wire.ask(method, path, headers={"authorization": f"Bearer {token}"}, body=body, query=query)

    def _current(self, used_up: str | None) -> str:
        """The token; a new one where this one is used up. Another thread may have got it meanwhile."""
        with self._lock:
            if self._token is None or self._token == used_up:
                self._token = None
                self._token = self._login()
            return self._token

    def _login(self) -> str:
        headers = {"authorization": f"Basic {self._basic}"}
        answer = self._wire.ask("POST", TOKEN, headers=headers, form={"grant_type": "client_credentials"})
        token = answer.data.get("access_token") if answer.is_good and isinstance(answer.data, dict) else None
        if not isinstance(token, str):
            raise login_trouble(answer)
        return token
