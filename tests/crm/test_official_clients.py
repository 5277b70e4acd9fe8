"""The official clients against the same stubs: what they send is what we send, request by request."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nurture.agreement import SalesforceTerms
from nurture.app import real_clock
from nurture.crm.protocol import Record, Who, Write
from nurture.crm.salesforce import Salesforce
from nurture.crm.wire import Wire
from tests.crm.conftest import hubspot_of
from tests.crm.hubspot_stub import TOKEN, HubSpotStub
from tests.crm.salesforce_stub import CLIENT, SECRET, SalesforceStub
from tests.crm.stub import Asked

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SINCE = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
WHO = [Who(1, "jo@buyer.example", "jo@buyer.example"), Who(2, "o'di@buyer.example", "o'di@buyer.example")]


def shape(asked: Asked) -> dict[str, Any]:
    """What of a request has to be the same, whoever sends it."""
    body: Any = None
    if asked.raw:
        body = asked.form if "form" in asked.headers.get("content-type", "") else asked.body
    return {
        "method": asked.method,
        "path": asked.path.rstrip("/"),
        "query": dict(asked.query),
        "authorization": asked.headers.get("authorization"),
        "content-type": asked.headers.get("content-type", "").partition(";")[0] if asked.raw else "",
        "body": body,
    }


@pytest.fixture
def official(hubspot: HubSpotStub) -> Any:
    return pytest.importorskip("hubspot").HubSpot(access_token=TOKEN)


def aimed(api: Any, stub: HubSpotStub) -> Any:
    """This part of the official client, talking to the stub."""
    api.api_client.configuration.host = stub.url
    return api


def test_hubspot_batch_upsert(hubspot: HubSpotStub, official: Any) -> None:
    ours = hubspot_of(hubspot)
    values = {"nurture_stage": "mql", "nurture_score": 61.5, "nurture_campaign": None}
    writes = [Write(who, None, values, {"first_name": "Jo"}) for who in WHO]
    assert [done.outcome for done in ours.write(writes)] == ["written", "written"]
    ours.close()
    from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInputUpsert, SimplePublicObjectBatchInputUpsert

    properties = {"nurture_stage": "mql", "nurture_score": "61.5", "nurture_campaign": "", "firstname": "Jo"}
    inputs = [
        SimplePublicObjectBatchInputUpsert(
            id=who.email, id_property="email", object_write_trace_id=str(who.lead_id), properties=properties
        )
        for who in WHO
    ]
    answer = aimed(official.crm.contacts.batch_api, hubspot).upsert(
        BatchInputSimplePublicObjectBatchInputUpsert(inputs)
    )
    assert [result.new for result in answer.results] == [False, False]
    assert shape(hubspot.asked[0]) == shape(hubspot.asked[-1])


def test_hubspot_batch_read(hubspot: HubSpotStub, official: Any) -> None:
    hubspot.person("jo@buyer.example", hs_lead_status="OPEN")
    ours = hubspot_of(hubspot)
    assert ours.find(WHO)[1][0].values["hs_lead_status"] == "OPEN"
    ours.close()
    from hubspot.crm.contacts import BatchReadInputSimplePublicObjectId, SimplePublicObjectId

    said = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(id=who.email) for who in WHO],
        id_property="email",
        properties=hubspot.asked[0].body["properties"],
        properties_with_history=[],
    )
    answer = aimed(official.crm.contacts.batch_api, hubspot).read(said)
    assert answer.num_errors == 1
    assert shape(hubspot.asked[0]) == shape(hubspot.asked[-1])


def test_hubspot_search(hubspot: HubSpotStub, official: Any) -> None:
    for n in range(3):
        hubspot.person(f"p{n}@buyer.example", nurture_stage="mql")
    hubspot.page = 2
    ours = hubspot_of(hubspot)
    assert len(ours.changed(SINCE).records) == 3
    ours.close()
    from hubspot.crm.contacts import Filter, FilterGroup, PublicObjectSearchRequest

    since = str(int(SINCE.timestamp() * 1000))
    filters = [
        Filter(property_name="lastmodifieddate", operator="GTE", value=since),
        Filter(property_name="nurture_stage", operator="HAS_PROPERTY"),
    ]
    api = aimed(official.crm.contacts.search_api, hubspot)
    for after in (None, "2"):
        api.do_search(
            PublicObjectSearchRequest(
                filter_groups=[FilterGroup(filters=filters)],
                sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
                properties=hubspot.asked[0].body["properties"],
                limit=100,
                after=after,
            )
        )
    assert [shape(asked) for asked in hubspot.asked[:2]] == [shape(asked) for asked in hubspot.asked[2:]]


def test_hubspot_owners_and_properties(hubspot: HubSpotStub, official: Any) -> None:
    hubspot.owners_a_page = 1
    ours = hubspot_of(hubspot)
    assert ours._owners.id_of("rep.one@acme.example") == "52"
    assert all(not found.do for found in ours.look())
    ours.close()
    mine = [asked for asked in hubspot.asked if "private-apps" not in asked.path]
    api = aimed(official.crm.owners.owners_api, hubspot)
    api.get_page(limit=500, archived=False)
    api.get_page(limit=500, archived=False, after="52")
    aimed(official.crm.properties.core_api, hubspot).get_all("contacts", archived=False)
    theirs = hubspot.asked[-3:]
    assert [_folded(shape(asked)) for asked in mine] == [_folded(shape(asked)) for asked in theirs]


def _folded(said: dict[str, Any]) -> dict[str, Any]:
    """The clients write `False` where the documentation has `false`."""
    return {**said, "query": {name: value.lower() for name, value in said["query"].items()}}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for localhost that lives for a day, and the file that makes it trusted."""
    folder = tmp_path_factory.mktemp("ca")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = real_clock()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "ca.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


@pytest.fixture
def salesforce(certificates: tuple[ssl.SSLContext, Path]) -> Iterator[SalesforceStub]:
    stub = SalesforceStub()
    stub.start(certificates[0])
    yield stub
    stub.stop()


@pytest.fixture
def ours(salesforce: SalesforceStub, certificates: tuple[ssl.SSLContext, Path]) -> Iterator[Salesforce]:
    trusted = ssl.create_default_context(cafile=str(certificates[1]))
    wire = Wire("Salesforce", salesforce.url, trusted=trusted)
    connector = Salesforce(salesforce.url, CLIENT, SECRET, SalesforceTerms(), wire=wire)
    yield connector
    connector.close()


@pytest.fixture
def theirs(salesforce: SalesforceStub, certificates: tuple[ssl.SSLContext, Path]) -> Iterator[Any]:
    """simple-salesforce, logged in as we are. It builds the login's URL of a domain, so that is aimed by hand."""
    pytest.importorskip("simple_salesforce")
    import requests
    from simple_salesforce import Salesforce as Theirs
    from simple_salesforce.login import token_login

    session = requests.Session()
    session.trust_env, session.verify = False, str(certificates[1])
    headers = {"Authorization": requests.auth._basic_auth_str(CLIENT, SECRET)}
    form = {"grant_type": "client_credentials"}
    url = f"{salesforce.url}/services/oauth2/token"
    token, instance = token_login(url, form, "acme.my", CLIENT, headers, None, session)
    yield Theirs(instance=instance, session_id=token, session=session, version="60.0")
    session.close()


def test_salesforce_login(salesforce: SalesforceStub, ours: Salesforce, theirs: Any) -> None:
    assert ours.find([]) == {}
    ours.changed(SINCE)
    logins = [shape(asked) for asked in salesforce.asked if asked.path.endswith("/token")]
    assert len(logins) == 2
    assert logins[0] == logins[1]


def test_salesforce_query_and_query_more(salesforce: SalesforceStub, ours: Salesforce, theirs: Any) -> None:
    for n in range(3):
        salesforce.person(f"p{n}@buyer.example", Nurture_Stage__c="mql")
    ours.changed(SINCE)  # logs in, and reads the users
    salesforce.asked.clear()
    salesforce.page = 2
    assert len(ours.changed(SINCE).records) == 3
    mine = [_bare(asked) for asked in salesforce.asked]
    salesforce.asked.clear()
    first = theirs.query(mine[0]["query"]["q"])
    theirs.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert [_bare(asked) for asked in salesforce.asked] == mine


def test_salesforce_upsert_and_update_of_collections(salesforce: SalesforceStub, ours: Salesforce, theirs: Any) -> None:
    """Their client has no verb for collections: it is given the path and the body of the documentation."""
    there = salesforce.person("o'di@buyer.example")
    record = Record(there, {}, None, SINCE, keyed=False)
    writes = [Write(WHO[0], None, {"Nurture_Score__c": 61.5}), Write(WHO[1], record, {"Nurture_Score__c": 7.0})]
    assert {done.outcome for done in ours.write(writes)} == {"written"}
    mine = [_bare(asked) for asked in salesforce.asked if asked.method == "PATCH"]
    salesforce.asked.clear()
    kind = {"type": "Lead"}
    new = {"Email": WHO[0].email, "LastName": "[not provided]", "Company": "[not provided]", "Nurture_Score__c": 61.5}
    bodies = {
        "composite/sobjects/Lead/Nurture_Key__c": {"attributes": kind, "Nurture_Key__c": WHO[0].key, **new},
        "composite/sobjects": {"attributes": kind, "Nurture_Key__c": WHO[1].key, "id": there, "Nurture_Score__c": 7.0},
    }
    for path, row in bodies.items():
        answer = theirs.restful(path, method="PATCH", json={"allOrNone": False, "records": [row]})
        assert [one["success"] for one in answer] == [True]
    assert [_bare(asked) for asked in salesforce.asked] == mine


def _bare(asked: Asked) -> dict[str, Any]:
    """Each client has a token of its own."""
    said = shape(asked)
    assert said.pop("authorization").startswith("Bearer 00Dxx!")
    said.pop("content-type")  # theirs names one also where there is no body
    assert urlsplit(said["path"]).path.startswith("/services/data/v60.0/")
    return said
