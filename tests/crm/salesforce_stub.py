"""Salesforce's REST API for leads and contacts, as its documentation has it: strict about what comes.

REST API Developer Guide (query, query more, describe, sObject Collections: upsert and update, status codes), and the
OAuth 2.0 client credentials flow. Written from the documentation; nothing of it is Salesforce's code. Of SOQL it knows
what we say, and nothing else.
"""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crm.stub import Asked, Refused, Reply, Stub

CLIENT, SECRET = "3MVG9consumerkey", "consumer-secret-1"
BASE = "/services/data/v60.0"
TEXT = {"type": "string", "updateable": True, "length": 255}

FIELDS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("Id", "Email", "FirstName", "LastName", "Company", "Title", "Country", "Industry"), TEXT),
    "SystemModstamp": {"type": "datetime", "updateable": False},
    "OwnerId": {"type": "reference", "updateable": True},
    "IsConverted": {"type": "boolean", "updateable": False},
    "Status": {
        "type": "picklist",
        "updateable": True,
        "picklistValues": [
            {"value": value, "active": True}
            for value in ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
        ],
    },
    "Nurture_Key__c": {**TEXT, "externalId": True, "unique": True},
    "Nurture_Score__c": {"type": "double", "updateable": True},
    "Nurture_Cycle__c": {"type": "double", "updateable": True},
    "Nurture_Url__c": {"type": "url", "updateable": True, "length": 255},
    **{f"Nurture_{name}__c": TEXT for name in ("Stage", "Grade", "Campaign", "Handoff", "Because", "Owner", "Reason")},
}

_SELECT = re.compile(r"SELECT (?P<fields>[\w, ]+) FROM (?P<object>\w+) WHERE (?P<where>.*)")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'")


def error(status: int, code: str, message: str) -> Reply:
    """Salesforce's error: a list of one."""
    return Reply(status, [{"message": message, "errorCode": code}])


def too_many() -> Reply:
    return error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


class SalesforceStub(Stub):
    """`records` of `object`, by id; `tokens` that are good at the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.object = "Lead"
        self.fields = dict(FIELDS)
        self.records: dict[str, dict[str, Any]] = {}
        self.users = {"005A": "sales-manager@acme.example", "005B": "rep.one@acme.example"}
        self.tokens: set[str] = set()
        self.given = 0
        self.page = 2000
        self.refuses: dict[str, tuple[str, str]] = {}
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.now = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def person(self, email: str, **fields: Any) -> str:
        """A record that was there before us."""
        record_id = f"00Q{len(self.records):012d}"
        usual: dict[str, Any] = dict.fromkeys(self.fields)
        if self.object == "Lead":
            usual |= {"IsConverted": False, "Status": "Open - Not Contacted"}
        usual |= {"OwnerId": "005B", "Id": record_id, "Email": email, "SystemModstamp": self.tick()}
        self.records[record_id] = {**usual, **fields}
        return record_id

    def rep_sets(self, record_id: str, **fields: Any) -> None:
        self.records[record_id] |= {**fields, "SystemModstamp": self.tick()}

    def of(self, email: str) -> dict[str, Any]:
        (found,) = [record for record in self.records.values() if record["Email"] == email]
        return found

    def id_of(self, email: str) -> str:
        return str(self.of(email)["Id"])

    def revoke(self) -> None:
        self.tokens.clear()

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/services/oauth2/token":
            return self._token(asked)
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise Refused(error(401, "INVALID_SESSION_ID", "Session expired or invalid"))
        if asked.method == "GET" and asked.path == f"{BASE}/query/":
            return self._query(asked.query["q"])
        if asked.method == "GET" and asked.path.startswith(f"{BASE}/query/"):
            return self._page(asked.path.rpartition("/")[2])
        if asked.method == "GET" and asked.path == f"{BASE}/sobjects/{self.object}/describe":
            fields = [{"name": name, "picklistValues": [], **said} for name, said in self.fields.items()]
            return Reply(200, {"name": self.object, "createable": True, "updateable": True, "fields": fields})
        if asked.method == "PATCH" and asked.path.startswith(f"{BASE}/composite/sobjects"):
            if asked.headers.get("content-type") != "application/json":
                raise Refused(error(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"))
            return self._write(asked.path.removeprefix(f"{BASE}/composite/sobjects").strip("/"), asked.body)
        raise Refused(error(404, "NOT_FOUND", "The requested resource does not exist"))

    def _token(self, asked: Asked) -> Reply:
        if asked.method != "POST" or asked.headers.get("content-type") != "application/x-www-form-urlencoded":
            return Reply(400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"})
        if asked.form != {"grant_type": "client_credentials"}:
            return Reply(400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"})
        basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {basic}":
            return Reply(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        self.given += 1
        token = f"00Dxx!{self.given}"
        self.tokens.add(token)
        said = {
            "access_token": token,
            "instance_url": self.url,
            "token_type": "Bearer",
            "issued_at": "1",
            "scope": "api",
        }
        return Reply(200, said)

    def _query(self, soql: str) -> Reply:
        said = _SELECT.fullmatch(soql)
        if said is None:
            raise Refused(error(400, "MALFORMED_QUERY", f"unexpected token in {soql[:40]}"))
        names = [name.strip() for name in said["fields"].split(",")]
        if said["object"] == "User":
            rows = [{"Id": key, "Email": email} for key, email in self.users.items()]
            return self._results(rows, ["Id", "Email"], "User")
        if said["object"] != self.object:
            raise Refused(error(400, "INVALID_TYPE", f"sObject type '{said['object']}' is not supported."))
        for name in names:
            if name not in self.fields:
                known = f"No such column '{name}' on entity '{self.object}'."
                raise Refused(error(400, "INVALID_FIELD", known))
        return self._results(self._where(said["where"]), names, self.object)

    def _where(self, where: str) -> list[dict[str, Any]]:
        if among := re.fullmatch(r"(\w+) IN \((.*)\) OR Email IN \((.*)\)", where):
            keys, emails = (
                {re.sub(r"\\(.)", _meant, text).lower() for text in _STRING.findall(part)}
                for part in (among[2], among[3])
            )
            return [
                record
                for record in self.records.values()
                if (record.get(among[1]) or "").lower() in keys or (record["Email"] or "").lower() in emails
            ]
        if since := re.fullmatch(r"SystemModstamp >= (\S+Z) AND (\w+) != null ORDER BY SystemModstamp, Id", where):
            at = datetime.fromisoformat(since[1])
            found = [
                record
                for record in self.records.values()
                if datetime.fromisoformat(record["SystemModstamp"]) >= at and record.get(since[2]) is not None
            ]
            return sorted(found, key=lambda record: (record["SystemModstamp"], record["Id"]))
        raise Refused(error(400, "MALFORMED_QUERY", f"unexpected token: {where[:60]}"))

    def _results(self, rows: list[dict[str, Any]], names: list[str], kind: str) -> Reply:
        shown = [
            {
                "attributes": {"type": kind, "url": f"{BASE}/sobjects/{kind}/{row['Id']}"},
                **{n: row.get(n) for n in names},
            }
            for row in rows
        ]
        return self._cut(shown, len(shown))

    def _cut(self, rows: list[dict[str, Any]], total: int) -> Reply:
        page, rest = rows[: self.page], rows[self.page :]
        answer: dict[str, Any] = {"totalSize": total, "done": not rest, "records": page}
        if rest:
            key = f"01g{len(self.kept)}-{self.page}"
            self.kept[key] = rest
            answer["nextRecordsUrl"] = f"{BASE}/query/{key}"
        return Reply(200, answer)

    def _page(self, key: str) -> Reply:
        if key not in self.kept:
            raise Refused(error(400, "INVALID_QUERY_LOCATOR", "invalid query locator"))
        return self._cut(self.kept.pop(key), 0)

    def _write(self, path: str, body: Any) -> Reply:
        if set(body) != {"allOrNone", "records"} or not 1 <= len(body["records"]) <= 200:
            raise Refused(error(400, "INVALID_INPUT", "from 1 to 200 records, and allOrNone"))
        kind, _, key = path.partition("/")
        if path and kind != self.object:
            raise Refused(error(404, "NOT_FOUND", "The requested resource does not exist"))
        if key and not self.fields.get(key, {}).get("externalId"):
            raise Refused(error(400, "INVALID_FIELD", f"{key} is no external id of {self.object}"))
        for record in body["records"]:
            if record.get("attributes", {}).get("type") != self.object:
                raise Refused(error(400, "INVALID_TYPE", "each record needs attributes.type"))
            if bool(path) == ("id" in record):
                raise Refused(error(400, "INVALID_INPUT", "an id where there is no external id, and nowhere else"))
        return Reply(200, [self._one(dict(record), key) for record in body["records"]])

    def _one(self, record: dict[str, Any], key: str) -> dict[str, Any]:
        del record["attributes"]
        for name in record.keys() - {"id"}:
            if name not in self.fields or not self.fields[name]["updateable"]:
                return _no("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}", name)
            if len(str(record[name] or "")) > self.fields[name].get("length", 10_000):
                return _no("STRING_TOO_LONG", f"{name}: data value too large", name)
        found = self._found(record, key)
        if len(found) > 1:
            return _no("DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found", key)
        email = str(record.get("Email") or (self.records[found[0]]["Email"] if found else ""))
        if email in self.refuses:
            return _no(*self.refuses[email], "Email")
        if found and self.records[found[0]].get("IsConverted"):
            return _no("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", "")
        if not found:
            for name in ("LastName", *(("Company",) if self.object == "Lead" else ())):
                if not record.get(name):
                    return _no("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
            found = [self.person(email)]
            created = True
        else:
            created = False
        record.pop("id", None)
        self.records[found[0]] |= {**record, "SystemModstamp": self.tick()}
        return {"id": found[0], "success": True, "errors": [], "created": created}

    def _found(self, record: dict[str, Any], key: str) -> list[str]:
        if not key:
            return [record["id"]] if record["id"] in self.records else []
        value = str(record.get(key) or "").lower()
        return [found for found, said in self.records.items() if str(said.get(key) or "").lower() == value]


def _meant(escaped: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(escaped[1], escaped[1])


def _no(code: str, message: str, field: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": [field]}]}
