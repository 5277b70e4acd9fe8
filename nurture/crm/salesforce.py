"""Salesforce: leads or contacts, by its REST API (https://developer.salesforce.com/docs, "REST API Developer Guide").

A record is found by an external id of ours, or else by its e-mail, and then gets that id. Reading is SOQL; writing
takes up to 200 records a request (sObject Collections), each with an answer of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from nurture.agreement import SalesforceTerms
from nurture.crm.owners import Owners
from nurture.crm.protocol import Changed, Looked, Record, Value, Who, Write, Written
from nurture.crm.salesforce_errors import is_passing, refusal, trouble
from nurture.crm.salesforce_look import look
from nurture.crm.salesforce_session import VERSION, Session
from nurture.crm.wire import Wire
from nurture.errors import CrmAway
from nurture.settings import Settings

DATA = f"/services/data/{VERSION}"
RESULTS = 10_000
"""So many changed records are read before they are looked at."""
LONGEST_QUERY = 12_000
"""Characters of a query as it stands in the URL; 16,384 are taken (REST API, "URI length")."""
NOT_PROVIDED = "[not provided]"
"""What Salesforce's own forms write into a required field of which nothing is known."""
_PROFILE = {
    "first_name": "FirstName", "last_name": "LastName", "title": "Title", "company": "Company", "country": "Country",
    "industry": "Industry",
}  # fmt: skip
_OF_CONTACTS = {**_PROFILE, "country": "MailingCountry"}
_TEXT = 255
_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})


class Salesforce:
    """The connector."""

    label = "Salesforce"
    batch = 200

    def __init__(
        self, url: str, client_id: str, secret: str, terms: SalesforceTerms, *, wire: Wire | None = None
    ) -> None:
        """`url` is My Domain; id and secret are those of an app that may use the client credentials flow."""
        self.terms = terms
        self._session = Session(wire or Wire(self.label, url), client_id, secret)
        self._owners = Owners(self._read_owners)
        self._profile = dict(_PROFILE)
        if terms.object == "Contact":
            self._profile = {
                field: name for field, name in _OF_CONTACTS.items() if field not in ("company", "industry")
            }

    def find(self, whom: Sequence[Who]) -> Mapping[int, Sequence[Record]]:
        """The records of these leads as they are now: with our id; else all with the address."""
        keyed: dict[str, list[Record]] = {}
        mailed: dict[str, list[Record]] = {}
        for query in self._queries(whom):
            for row in self._all(query):
                key = row.get(self.terms.external_id) or ""
                record = self._record(row)
                keyed.setdefault(key.lower(), []).append(record)
                mailed.setdefault((row.get("Email") or "").lower(), []).append(record)
        found = {who.lead_id: keyed.get(who.key.lower()) or _open(mailed.get(who.email, [])) for who in whom}
        return {lead_id: records for lead_id, records in found.items() if records}

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Create or update the records, those with our id by it, others by their own; one answer each."""
        by_id = [write for write in writes if write.record is not None and not write.record.keyed]
        by_key = [write for write in writes if write.record is None or write.record.keyed]
        done: list[Written] = []
        for part, path in ((by_key, f"{self.terms.object}/{self.terms.external_id}"), (by_id, "")):
            if part:
                body = {"allOrNone": False, "records": [self._row(write) for write in part]}
                answer = self._session.ask("PATCH", f"{DATA}/composite/sobjects/{path}".rstrip("/"), body)
                if not answer.is_good or not isinstance(answer.data, list) or len(answer.data) != len(part):
                    raise trouble(answer)
                done += [self._outcome(write, said) for write, said in zip(part, answer.data, strict=True)]
        return done

    def changed(self, since: datetime) -> Changed:
        """Records that carry our stage and were changed since then, oldest first."""
        at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = f"SystemModstamp >= {at} AND {self.terms.names['stage']} != null"
        query = f"{self._select()} WHERE {condition} ORDER BY SystemModstamp, Id"
        records: list[Record] = []
        for row in self._all(query):
            record = self._record(row)
            if len(records) >= RESULTS and record.changed_at > records[-1].changed_at > since:
                return Changed(records, records[-1].changed_at, more=True)
            records.append(record)
        return Changed(records, records[-1].changed_at if records else since, more=False)

    def look(self) -> Iterator[Looked]:
        """See whether we are let in, and all fields are there and may be written."""
        return look(self.terms, self._session)

    def close(self) -> None:
        """Let go of the connections that are kept."""
        self._session.close()

    def _select(self) -> str:
        names = ("Id", "Email", self.terms.external_id, "SystemModstamp", self.terms.owner_field)
        converted = ("IsConverted",) if self.terms.object == "Lead" else ()
        columns = dict.fromkeys([*names, *converted, *self.terms.watched])
        return f"SELECT {', '.join(columns)} FROM {self.terms.object}"  # noqa: S608 - SOQL; names have no signs

    def _queries(self, whom: Sequence[Who]) -> Iterator[str]:
        """As few queries as fit into URLs."""
        begin = f"{self._select()} WHERE "
        part: list[Who] = []
        for who in whom:
            if part and len(quote(begin + self._condition([*part, who]))) > LONGEST_QUERY:
                yield begin + self._condition(part)
                part = []
            part.append(who)
        if part:
            yield begin + self._condition(part)

    def _condition(self, whom: Sequence[Who]) -> str:
        keys = ", ".join(_literal(who.key) for who in whom)
        addresses = ", ".join(_literal(who.email) for who in whom)
        return f"{self.terms.external_id} IN ({keys}) OR Email IN ({addresses})"

    def _record(self, row: Mapping[str, Any]) -> Record:
        return Record(
            id=row["Id"],
            values={name: _text(row.get(name)) for name in self.terms.watched},
            owner=self._owners.address(row.get(self.terms.owner_field)),
            changed_at=datetime.fromisoformat(row["SystemModstamp"]),
            keyed=bool(row.get(self.terms.external_id)),
            closed=row.get("IsConverted") is True,
        )

    def _row(self, write: Write) -> dict[str, Any]:
        row: dict[str, Any] = {"attributes": {"type": self.terms.object}, self.terms.external_id: write.who.key}
        if write.record is None:
            row |= {"Email": write.who.email, "LastName": NOT_PROVIDED}
            row |= {"Company": NOT_PROVIDED} if self.terms.object == "Lead" else {}
            row |= {name: write.profile[field] for field, name in self._profile.items() if write.profile.get(field)}
        elif not write.record.keyed:
            row["id"] = write.record.id
        row |= {name: _clipped(value) for name, value in write.values.items()}
        if owner := self._owners.id_of(write.owner):
            row[self.terms.owner_field] = owner
        return row

    def _outcome(self, write: Write, said: Mapping[str, Any]) -> Written:
        if said.get("success"):
            owner = self._owners.id_of(write.owner) is not None
            return Written(write.who.lead_id, "written", str(said["id"]), owner=owner)
        errors = said.get("errors") or []
        return Written(write.who.lead_id, "put_off" if is_passing(errors) else "refused", said=refusal(errors))

    def _all(self, query: str) -> Iterator[Mapping[str, Any]]:
        """Every row of a query, page by page."""
        answer = self._session.ask("GET", f"{DATA}/query/", query={"q": query})
        while True:
            if not answer.is_good or not isinstance(answer.data, dict):
                raise trouble(answer)
            yield from answer.data["records"]
            if answer.data["done"]:
                return
            path = str(answer.data["nextRecordsUrl"])
            if not path.startswith("/services/data/"):
                raise CrmAway("Salesforce names a page of results that is none of its own")
            answer = self._session.ask("GET", path)

    def _read_owners(self) -> dict[str, str]:
        rows = self._all("SELECT Id, Email FROM User WHERE IsActive = true AND Email != null")
        return {row["Id"]: row["Email"].lower() for row in rows}


def _open(records: Sequence[Record]) -> Sequence[Record]:
    """Those that can still be written, where there are such."""
    return [record for record in records if not record.closed] or records


def _literal(text: str) -> str:
    """A string of SOQL ("Quoted String Escape Sequences")."""
    return "'" + text.translate(_ESCAPED) + "'"


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _clipped(value: Value) -> Value:
    """A text field takes 255 characters, and one more is an error."""
    return value[: _TEXT - 1] + "…" if isinstance(value, str) and len(value) > _TEXT else value


def build(settings: Settings, terms: SalesforceTerms) -> Salesforce | None:
    """The connector, where `SALESFORCE_URL` is set."""
    said = settings.crm
    if not (said.salesforce_url and said.salesforce_client_id and said.salesforce_client_secret):
        return None
    return Salesforce(said.salesforce_url, said.salesforce_client_id, said.salesforce_client_secret, terms)
