"""Does over HTTP what make-believe people do: as a browser, a mail gateway or the site's own Segment client would.

Nothing leaves the loopback: where a link redirects to is read, not visited; the site it leads to is played by us.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import httpx

from nurture.errors import NurtureError
from nurture.local.acts import Act, Answer, ComeBack, Follow, Leave, OneClick, Open, Scan, Visit
from nurture.local.forms import Form, forms
from nurture.local.personas import Persona
from nurture.local.sales_team import Move

AT_ONCE = 8
"""So many people act at the same time."""
_MESSAGES = UUID("6f0d8a3e-58d5-4c1e-9a63-0f1f5f0f7a11")
"""The namespace that `messageId`s are made in, so that the same act has the same id."""
_OFFICE = "198.51.100.7"
_DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"


class PageProblem(NurtureError):
    """A page of ours did not do what a person expects of it."""


@dataclass(frozen=True, slots=True)
class Browser:
    """A way to the web process. May be used by several threads."""

    client: httpx.Client
    base: str
    write_key: str

    def do(self, act: Act, who: Persona, now: datetime) -> None:
        """Do it.

        Raises:
            PageProblem: Our side did not answer as it must.
        """
        deed = act.deed
        match deed:
            case Open():
                self._get(deed.pixel, who)
            case Follow():
                self._follow(act, deed, who, now)
            case ComeBack():
                self._tell(act, who, now, "", deed.visits)
            case Answer():
                self._press(deed.link, who)
            case Leave():
                self._press(deed.link, who)
            case OneClick():
                body = {"List-Unsubscribe": "One-Click"}
                _expect(
                    self.client.post(self._ours(deed.link), data=body, headers=_from(who.address, "Mozilla/5.0")), 200
                )
            case Scan():
                self._scan(deed, who)

    def answer_handoff(self, page: str, move: Move) -> bool:
        """Open a rep's page and press what the move says; False where the page no longer offers that."""
        self.client.cookies.clear()  # each rep has a browser of their own; the page takes its reader for the owner
        found = self.client.get(self._ours(page), headers=_from(_OFFICE, _DESK))
        _expect(found, 200)
        for form in forms(found.text, str(found.url)):
            if form.fields.get("do") == move.do:
                try:
                    filled = form.filled(**move.fields)
                except ValueError as error:
                    raise PageProblem(f"{_route(page)}: {error}") from error
                _expect(self.client.post(form.action, data=filled, headers=_from(_OFFICE, _DESK)), 303)
                return True
        return False

    def _follow(self, act: Act, deed: Follow, who: Persona, now: datetime) -> None:
        """The link redirects to the site; its own script tells us of the page, with whatever the address carries."""
        found = self._get(deed.link, who, expect=302)
        self._tell(act, who, now, found.headers["location"], deed.visits)

    def _press(self, link: str, who: Persona) -> None:
        """Open a page and press its only button."""
        found = self._get(link, who)
        shown: list[Form] = forms(found.text, str(found.url))
        if len(shown) != 1 or shown[0].method != "post":
            raise PageProblem(f"{_route(link)}: the page has no button to press")
        _expect(self.client.post(shown[0].action, data=shown[0].filled(), headers=_from(who.address, who.browser)), 200)

    def _scan(self, deed: Scan, who: Persona) -> None:
        """One link after the other; whatever the answer is, it goes on."""
        for link in deed.links:
            self.client.request(deed.method, self._ours(link), headers=_from(who.address, deed.agent))

    def _tell(self, act: Act, who: Persona, now: datetime, landed: str, visits: tuple[Visit, ...]) -> None:
        """One batch, as Segment's client on the site sends it."""
        said = now.isoformat()
        messages = [
            {**message, "messageId": str(uuid5(_MESSAGES, f"{act.email} {act.at.isoformat()} {number}"))}
            for number, message in enumerate(_messages(who, landed, visits, said))
        ]
        found = self.client.post(
            f"{self.base}/v1/batch",
            json={"batch": messages, "sentAt": said},
            auth=(self.write_key, ""),
            headers=_from(who.address, who.browser),
        )
        _expect(found, 200)

    def _get(self, link: str, who: Persona, expect: int = 200) -> httpx.Response:
        found = self.client.get(self._ours(link), headers=_from(who.address, who.browser))
        _expect(found, expect)
        return found

    def _ours(self, link: str) -> str:
        if not link.startswith(f"{self.base}/"):
            raise PageProblem(f"a link in a mail does not lead to {self.base}: {urlsplit(link).netloc}")
        return link


def _messages(who: Persona, landed: str, visits: tuple[Visit, ...], said: str) -> Iterator[dict[str, Any]]:
    site = f"https://{urlsplit(landed).netloc or 'www.acme.example'}"
    common = {"anonymousId": who.visitor, "timestamp": said}
    if landed:
        path = urlsplit(landed).path or "/"
        yield {**common, "type": "page", "properties": {"path": path, "url": landed}}
    for visit in visits:
        if visit.kind == "page":
            yield {**common, "type": "page", "properties": {"path": visit.name, "url": f"{site}{visit.name}"}}
        else:
            yield {**common, "type": "track", "event": visit.name, "properties": dict(visit.properties)}


def _from(address: str, agent: str) -> dict[str, str]:
    """Who asks: the address as a PaaS's router passes it on, the agent by its own word."""
    return {"X-Forwarded-For": address, "User-Agent": agent}


def _expect(found: httpx.Response, status: int) -> None:
    if found.status_code != status:
        where = f"{found.request.method} {_route(str(found.url))}"
        raise PageProblem(f"{where}: answered {found.status_code} instead of {status}")


def _route(link: str) -> str:
    """A link without its token, which is its holder's secret."""
    return "/".join(urlsplit(link).path.split("/")[:2])
