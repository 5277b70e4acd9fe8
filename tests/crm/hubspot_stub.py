"""HubSpot's CRM API v3 for contacts, as its documentation has it: strict about what comes, true about what it answers.

https://developers.hubspot.com/docs/api-reference: contacts (batch read, batch upsert, search), properties, owners,
error handling, usage limits. Written from the documentation; nothing of it is HubSpot's code.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crm.stub import Asked, Refused, Reply, Stub

TOKEN = "pat-na1-0000-1111"
SCOPES = [
    "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read", "crm.objects.owners.read",
]  # fmt: skip
READ_ONLY = {"lastmodifieddate", "createdate", "hs_object_id", "hs_additional_emails"}


def _property(name: str, kind: str = "string", *options: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": name, "options": [{"value": option} for option in options]}


PROPERTIES = [
    *map(_property, ("email", "firstname", "lastname", "jobtitle", "company", "country", "industry")),
    *map(_property, READ_ONLY),
    _property("hubspot_owner_id", "enumeration"),
    _property("lifecyclestage", "enumeration", "lead", "opportunity", "customer"),
    _property(
        "hs_lead_status", "enumeration", "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED",
        "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING",
    ),
    *(_property(f"nurture_{name}", "number") for name in ("score", "cycle")),
    *(
        _property(f"nurture_{name}")
        for name in ("stage", "grade", "campaign", "handoff", "because", "owner", "url", "reason")
    ),
]  # fmt: skip


def error(status: int, category: str, message: str, **more: Any) -> Reply:
    """HubSpot's standard error."""
    headers = more.pop("headers", {})
    return Reply(
        status,
        {"status": "error", "message": message, "correlationId": "c0ffee", "category": category, **more},
        headers,
    )


def too_many(policy: str = "TEN_SECONDLY_ROLLING", **headers: str) -> Reply:
    said = f"You have reached your {policy.lower()} limit."
    return error(429, "RATE_LIMITS", said, policyName=policy, errorType="RATE_LIMIT", headers=headers)


class HubSpotStub(Stub):
    """`contacts` by id; `multi_status`: whether a batch may be taken in part."""

    def __init__(self) -> None:
        super().__init__()
        self.contacts: dict[str, dict[str, str]] = {}
        self.properties = {found["name"]: dict(found) for found in PROPERTIES}
        self.owners = {"51": "sales-manager@acme.example", "52": "rep.one@acme.example"}
        self.scopes = list(SCOPES)
        self.token = TOKEN
        self.multi_status = True
        self.refuses: set[str] = set()
        self.now = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
        self.page = self.owners_a_page = 100

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def person(self, email: str, **properties: str) -> str:
        """A contact that was there before us."""
        contact_id = str(101 + len(self.contacts))
        self.contacts[contact_id] = {"email": email, "lastmodifieddate": self.tick(), **properties}
        return contact_id

    def rep_sets(self, contact_id: str, **properties: str) -> None:
        """Somebody edits a contact in HubSpot."""
        self.contacts[contact_id] |= {**properties, "lastmodifieddate": self.tick()}

    def of(self, email: str) -> dict[str, str]:
        (found,) = [contact for contact in self.contacts.values() if contact["email"] == email]
        return found

    def id_of(self, email: str) -> str:
        (found,) = [key for key, contact in self.contacts.items() if contact["email"] == email]
        return found

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/oauth/v2/private-apps/get/access-token-info":
            return self._token_info(asked.body)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found."))
        if asked.method == "POST" and not asked.headers.get("content-type", "").startswith("application/json"):
            raise Refused(Reply(415, {"status": "error", "message": "Unsupported Media Type"}))
        routes = {
            ("POST", "/crm/v3/objects/contacts/batch/read"): ("crm.objects.contacts.read", self._read),
            ("POST", "/crm/v3/objects/contacts/batch/upsert"): ("crm.objects.contacts.write", self._upsert),
            ("POST", "/crm/v3/objects/contacts/search"): ("crm.objects.contacts.read", self._search),
            ("GET", "/crm/v3/owners/"): ("crm.objects.owners.read", self._owners),
            ("GET", "/crm/v3/properties/contacts"): ("crm.schemas.contacts.read", self._properties),
        }
        scope, route = routes.get((asked.method, asked.path), ("", None))
        if route is None:
            raise Refused(Reply(404, {"status": "error", "message": "resource not found"}))
        if scope not in self.scopes:
            missing = [{"message": "missing scopes", "context": {"requiredGranularScopes": [scope]}}]
            raise Refused(
                error(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes", errors=missing)
            )
        return route(asked)

    def _token_info(self, body: Any) -> Reply:
        if body != {"tokenKey": self.token}:
            raise Refused(error(404, "OBJECT_NOT_FOUND", "no such token"))
        return Reply(200, {"userId": 1, "hubId": 4242, "appId": 77, "scopes": self.scopes})

    def _inputs(self, body: Any, keys: set[str], also: set[str]) -> list[Any]:
        if set(body) - keys or not isinstance(body.get("inputs"), list):
            raise Refused(error(400, "VALIDATION_ERROR", f"Invalid input JSON: {sorted(body)}"))
        if not 1 <= len(body["inputs"]) <= 100:
            raise Refused(error(400, "VALIDATION_ERROR", "Batch size must be from 1 to 100"))
        for item in body["inputs"]:
            if set(item) - also or not isinstance(item.get("id"), str) or not item["id"]:
                raise Refused(error(400, "VALIDATION_ERROR", f"Invalid input JSON: {sorted(item)}"))
        return body["inputs"]  # type: ignore[no-any-return]

    def _found(self, email: str) -> str | None:
        for key, contact in self.contacts.items():
            if email.lower() in (contact["email"], *contact.get("hs_additional_emails", "").split(";")):
                return key
        return None

    def _result(self, key: str, names: list[str]) -> dict[str, Any]:
        contact = self.contacts[key]
        shown = {name: contact.get(name) for name in {*names, "hs_object_id", "createdate", "lastmodifieddate"}}
        at = contact["lastmodifieddate"]
        return {"id": key, "properties": shown, "createdAt": at, "updatedAt": at, "archived": False}

    def _read(self, asked: Asked) -> Reply:
        body = asked.body
        if not isinstance(body.get("properties"), list) or not isinstance(body.get("propertiesWithHistory"), list):
            raise Refused(error(400, "VALIDATION_ERROR", "properties and propertiesWithHistory are required"))
        keys = {"inputs", "properties", "propertiesWithHistory", "idProperty"}
        inputs = self._inputs(body, keys, {"id"})
        if body.get("idProperty") != "email":
            raise Refused(error(400, "VALIDATION_ERROR", "idProperty is not unique"))
        found = {item["id"]: self._found(item["id"]) for item in inputs}
        results = [self._result(key, body["properties"]) for key in dict.fromkeys(filter(None, found.values()))]
        missing = [email for email, key in found.items() if key is None]
        at = self.tick()
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        if missing:
            said = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects"}
            answer |= {"numErrors": 1, "errors": [{**said, "context": {"ids": missing}}]}
        return Reply(207 if missing else 200, answer)

    def _upsert(self, asked: Asked) -> Reply:
        inputs = self._inputs(asked.body, {"inputs"}, {"id", "idProperty", "properties", "objectWriteTraceId"})
        if len({item["id"].lower() for item in inputs}) != len(inputs):
            raise Refused(error(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input"))
        results, errors = [], []
        checked = [(item, self._why_not(item)) for item in inputs]
        for _, why in checked:
            if why and (not self.multi_status or why["category"] == "FATAL"):
                raise Refused(error(400, "VALIDATION_ERROR", why["message"], errors=why["errors"]))
        for item, why in checked:
            if why:
                context = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
                errors.append({"status": "error", **why, "context": context})
                continue
            key = self._found(item["id"])
            new = key is None
            if key is None:
                key = self.person(item["id"].lower())
            self.contacts[key] |= {**item["properties"], "lastmodifieddate": self.tick()}
            result = self._result(key, ["email", *item["properties"]])
            results.append({**result, "new": new, "objectWriteTraceId": item.get("objectWriteTraceId")})
        at = self.tick()
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return Reply(207 if errors else 200, answer)

    def _why_not(self, item: dict[str, Any]) -> dict[str, Any] | None:
        if item.get("idProperty") != "email":
            return {"category": "FATAL", "message": "idProperty is not unique", "errors": []}
        for name, value in item["properties"].items():
            if not isinstance(value, str):
                return {"category": "FATAL", "message": f"{name}: {value!r} is no string", "errors": []}
            known = self.properties.get(name)
            if known is None or name in READ_ONLY:
                code = "PROPERTY_DOESNT_EXIST" if known is None else "READ_ONLY_VALUE"
                said = f'Property "{name}" does not exist' if known is None else f"{name} is read only"
                return {"category": "FATAL", "message": said, "errors": [{"message": said, "code": code}]}
            if known["type"] == "number" and value and not value.replace(".", "", 1).lstrip("-").isdigit():
                return {"category": "VALIDATION_ERROR", "message": f"{value} was not a valid number", "errors": []}
            options = [option["value"] for option in known["options"]]
            if options and value and value not in options:
                said = f"{value} was not one of the allowed options"
                return {
                    "category": "VALIDATION_ERROR",
                    "message": said,
                    "errors": [{"message": said, "code": "INVALID_OPTION"}],
                }
        if item["id"] in self.refuses:
            said = f"Email address {item['id']} is invalid"
            return {
                "category": "VALIDATION_ERROR",
                "message": said,
                "errors": [{"message": said, "code": "INVALID_EMAIL"}],
            }
        return None

    def _search(self, asked: Asked) -> Reply:
        body = asked.body
        if set(body) - {"filterGroups", "sorts", "properties", "limit", "after", "query"}:
            raise Refused(error(400, "VALIDATION_ERROR", f"Invalid input JSON: {sorted(body)}"))
        after = int(body.get("after", 0))
        if not 1 <= body["limit"] <= 200 or after + body["limit"] > 10_000:
            raise Refused(error(400, "VALIDATION_ERROR", "There was a problem with the request: paging beyond 10000"))
        (group,) = body["filterGroups"]
        (sort,) = body["sorts"]
        if sort != {"propertyName": "lastmodifieddate", "direction": "ASCENDING"}:
            raise Refused(error(400, "VALIDATION_ERROR", "unknown sort"))
        keys = [key for key, contact in self.contacts.items() if all(_fits(contact, f) for f in group["filters"])]
        keys.sort(key=lambda key: self.contacts[key]["lastmodifieddate"])
        page = keys[after : after + min(body["limit"], self.page)]
        answer: dict[str, Any] = {
            "total": len(keys),
            "results": [self._result(key, body["properties"]) for key in page],
        }
        if after + len(page) < len(keys):
            answer["paging"] = {"next": {"after": str(after + len(page)), "link": "?after="}}
        return Reply(200, answer)

    def _owners(self, asked: Asked) -> Reply:
        if not 1 <= int(asked.query["limit"]) <= 500:
            raise Refused(error(400, "VALIDATION_ERROR", "limit"))
        ids = sorted(self.owners)
        start = ids.index(asked.query["after"]) if "after" in asked.query else 0
        results = [
            {"id": key, "email": self.owners[key], "userId": int(key), "archived": False, "type": "PERSON"}
            for key in ids[start : start + self.owners_a_page]
        ]
        answer: dict[str, Any] = {"results": results}
        if start + self.owners_a_page < len(ids):
            answer["paging"] = {"next": {"after": ids[start + self.owners_a_page], "link": "?after="}}
        return Reply(200, answer)

    def _properties(self, _: Asked) -> Reply:
        return Reply(200, {"results": list(self.properties.values())})


def _fits(contact: dict[str, str], condition: dict[str, str]) -> bool:
    value = contact.get(condition["propertyName"])
    match condition["operator"]:
        case "HAS_PROPERTY":
            return bool(value)
        case "GTE":
            at = datetime.fromisoformat(value or "1970-01-01T00:00:00Z")
            return at.timestamp() * 1000 >= int(condition["value"])
    raise Refused(error(400, "VALIDATION_ERROR", f"operator {condition['operator']}"))
