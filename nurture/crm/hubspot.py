"""HubSpot: contacts, by its CRM API v3 with the token of a private app (https://developers.hubspot.com/docs/api).

A contact is found by its e-mail, also a secondary one. Reading and writing take 100 contacts a request; searching is
allowed four times a second, and gives 10,000 results at most, so a longer search begins anew where it has come to.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from nurture.agreement import HubSpotTerms
from nurture.crm.hubspot_errors import is_of_a_record, refusal, trouble, whose
from nurture.crm.hubspot_look import look
from nurture.crm.owners import Owners
from nurture.crm.protocol import Changed, Looked, Record, Value, Who, Write, Written
from nurture.crm.wire import Answer, Wire
from nurture.errors import CrmAway
from nurture.settings import Settings

CONTACTS = "/crm/v3/objects/contacts"
PAGE = 100
SEARCH_EVERY = 0.26
"""Seconds between two searches: four a second are allowed (CRM search, "limits")."""
RESULTS = 2_000
"""So many changed contacts are read before they are looked at. A search gives 10,000 in all."""
SPLIT_WITHIN = 60.0
"""Seconds in which a batch that is refused is taken apart; what is left then waits for another try."""
_MILLISECOND = timedelta(milliseconds=1)
_PROFILE = {
    "first_name": "firstname", "last_name": "lastname", "title": "jobtitle", "company": "company",
    "country": "country", "industry": "industry",
}  # fmt: skip


class HubSpot:
    """The connector."""

    label = "HubSpot"
    batch = PAGE

    def __init__(
        self,
        url: str,
        token: str,
        terms: HubSpotTerms,
        *,
        wire: Wire | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`pause` waits between two searches."""
        self.terms = terms
        self._wire = wire or Wire(self.label, url)
        self._headers = {"authorization": f"Bearer {token}"}
        self._token, self._pause = token, pause
        self._searched_at = float("-inf")
        self._owners = Owners(self._read_owners)

    def find(self, whom: Sequence[Who]) -> Mapping[int, Sequence[Record]]:
        """The contacts of these leads as they are now; one of several addresses is found by each."""
        if not whom:
            return {}
        body = {
            "idProperty": "email",
            "inputs": [{"id": who.email} for who in whom],
            "properties": [*self._properties(), "hs_additional_emails"],
            "propertiesWithHistory": [],
        }
        answer = self._ask("POST", f"{CONTACTS}/batch/read", body)
        by_address: dict[str, Record] = {}
        for result in answer["results"]:
            record = self._record(result)
            properties = result["properties"]
            also = (properties.get("hs_additional_emails") or "").split(";")
            for address in (properties.get("email") or "", *also):
                by_address[address.strip().lower()] = record
        return {who.lead_id: [by_address[who.email]] for who in whom if who.email in by_address}

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Create or update the contacts; a batch that is refused for one of them is taken apart."""
        return self._write(writes, time.monotonic() + SPLIT_WITHIN) if writes else []

    def changed(self, since: datetime) -> Changed:
        """Contacts that carry our stage and were changed since then, oldest first."""
        records: list[Record] = []
        after: str | None = None
        while True:
            found = self._search(since, after)
            records += [self._record(result) for result in found["results"]]
            after = ((found.get("paging") or {}).get("next") or {}).get("after")
            until = records[-1].changed_at if records else since
            if after is None:
                return Changed(records, until, more=False)
            if len(records) >= RESULTS and until > since:
                return Changed(records, until, more=True)
            if int(after) + PAGE > 10_000:  # ten thousand of one millisecond: the rest of it cannot be read
                return Changed(records, until + _MILLISECOND, more=True)

    def look(self) -> Iterator[Looked]:
        """See whether the token is good, has the scopes, and all properties are there."""
        return look(self.terms, self._token, self._send)

    def close(self) -> None:
        """Let go of the connections that are kept."""
        self._wire.close()

    def _properties(self) -> list[str]:
        return ["email", "lastmodifieddate", self.terms.owner_field, *self.terms.watched]

    def _record(self, result: Mapping[str, Any]) -> Record:
        properties = result["properties"]
        changed_at = properties.get("lastmodifieddate") or result["updatedAt"]
        return Record(
            id=str(result["id"]),
            values={name: str(properties.get(name) or "") for name in self.terms.watched},
            owner=self._owners.address(properties.get(self.terms.owner_field)),
            changed_at=datetime.fromisoformat(changed_at),
        )

    def _search(self, since: datetime, after: str | None) -> Any:
        self._pause(max(0.0, self._searched_at + SEARCH_EVERY - time.monotonic()))
        self._searched_at = time.monotonic()
        filters = [
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(int(since.timestamp() * 1000))},
            {"propertyName": self.terms.names["stage"], "operator": "HAS_PROPERTY"},
        ]
        body: dict[str, Any] = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            "properties": self._properties(),
            "limit": PAGE,
        }
        if after is not None:
            body["after"] = after
        return self._ask("POST", f"{CONTACTS}/search", body)

    def _write(self, writes: Sequence[Write], until: float) -> list[Written]:
        if time.monotonic() > until:
            return [Written(write.who.lead_id, "put_off", said="the batch took too long") for write in writes]
        answer = self._send("POST", f"{CONTACTS}/batch/upsert", {"inputs": [self._input(write) for write in writes]})
        if answer.is_good:
            return self._outcomes(writes, answer)
        if not is_of_a_record(answer):
            raise trouble(answer)
        if len(writes) == 1:
            return [Written(writes[0].who.lead_id, "refused", said=refusal(answer.data))]
        half = len(writes) // 2
        first = self._write(writes[:half], until)
        try:
            return first + self._write(writes[half:], until)
        except CrmAway as error:  # what the first half was told stays told
            return first + [Written(write.who.lead_id, "put_off", said=str(error)) for write in writes[half:]]

    def _input(self, write: Write) -> dict[str, Any]:
        values: dict[str, Value] = {**write.values}
        for field, name in _PROFILE.items():
            if write.record is None and write.profile.get(field):
                values[name] = write.profile[field]
        if owner := self._owners.id_of(write.owner):
            values[self.terms.owner_field] = owner
        return {
            "id": write.who.email,
            "idProperty": "email",
            "objectWriteTraceId": str(write.who.lead_id),
            "properties": {name: "" if value is None else str(value) for name, value in values.items()},
        }

    def _outcomes(self, writes: Sequence[Write], answer: Answer) -> list[Written]:
        """Who was written, by what came back: HTTP 207 says that some were not."""
        results = {}
        for result in answer.data["results"]:
            for name in (result.get("objectWriteTraceId"), (result.get("properties") or {}).get("email"), result["id"]):
                if name:
                    results[str(name).lower()] = result
        errors = {trace: error for error in answer.data.get("errors") or () for trace in whose(error)}
        return [self._outcome(write, results, errors) for write in writes]

    def _outcome(self, write: Write, results: Mapping[str, Any], errors: Mapping[str, Any]) -> Written:
        lead_id, trace = write.who.lead_id, str(write.who.lead_id)
        error = errors.get(trace) or errors.get(write.who.email)
        if error is not None:
            known = is_of_a_record(Answer(400, {}, error))
            return Written(lead_id, "refused" if known else "put_off", said=refusal(error))
        known_as = (trace, write.who.email, write.record.id if write.record else "")
        result = next((results[name] for name in known_as if name in results), None)
        if result is None:
            return Written(lead_id, "put_off", said="HubSpot's answer says nothing of it")
        at = datetime.fromisoformat(result["updatedAt"])
        return Written(lead_id, "written", str(result["id"]), at, owner=self._owners.id_of(write.owner) is not None)

    def _read_owners(self) -> dict[str, str]:
        found: dict[str, str] = {}
        after = ""
        while True:
            query = {"limit": "500", "archived": "false"} | ({"after": after} if after else {})
            page = self._ask("GET", "/crm/v3/owners/", query=query)
            found |= {str(owner["id"]): owner["email"].lower() for owner in page["results"] if owner.get("email")}
            after = ((page.get("paging") or {}).get("next") or {}).get("after") or ""
            if not after:
                return found

    def _send(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        return self._wire.ask(method, path, headers=self._headers, body=body, query=query)

    def _ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        answer = self._send(method, path, body, query)
        if not answer.is_good or not isinstance(answer.data, dict) or "results" not in answer.data:
            raise trouble(answer)
        return answer.data


def build(settings: Settings, terms: HubSpotTerms) -> HubSpot | None:
    """The connector, where `HUBSPOT_TOKEN` is set."""
    token = settings.crm.hubspot_token
    return HubSpot(settings.crm.hubspot_url, token, terms) if token else None
