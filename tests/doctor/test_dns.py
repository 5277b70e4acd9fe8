"""SPF, DKIM, DMARC, alignment and MX, asked of a real DNS server on loopback."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nurture.app import App
from nurture.doctor.dkim import dkim, public_record
from nurture.doctor.dmarc import aligned, dmarc
from nurture.doctor.examination import examine
from nurture.doctor.incoming import inbound_names
from nurture.doctor.spf import lookups, spf
from tests.doctor.cases import case_of, only, with_dns
from tests.doctor.name_server import txt

DOMAIN = "news.acme.example"


@pytest.mark.parametrize(
    ("records", "level", "words"),
    [
        (["v=spf1 include:_spf.relay.example ~all"], "ok", "2 of 10"),
        (["v=spf1 ip4:192.0.2.1 -all", "google-site-verification=x"], "ok", "0 of 10"),
        (["v=spf1 redirect=_spf.relay.example"], "ok", "2 of 10"),
        (["v=spf1 -all", "v=spf1 ~all"], "problem", "2 SPF records"),
        (["v=spf1 +all"], "problem", "everybody"),
        (["v=spf1 all"], "problem", "everybody"),
        (["v=spf1 ip4:192.0.2.1"], "warning", "does not end"),
        (["v=spf1 ?all"], "warning", "?all"),
        (["v=spf1 " + " ".join(f"a:h{n}.example" for n in range(11)) + " -all"], "problem", "more than 10"),
        (["v=spf1 include:loop.example -all"], "problem", "more than 10"),
        (["v=spf10 -all"], "problem", "no SPF"),
        ([], "problem", "no SPF"),
    ],
)
def test_spf(app: App, records: list[str], level: str, words: str):
    zone = {
        (DOMAIN, "TXT"): txt(*records),
        ("_spf.relay.example", "TXT"): txt("v=spf1 a:out.relay.example ip4:192.0.2.0/24 -all"),
        ("loop.example", "TXT"): txt("v=spf1 include:loop.example -all"),
    }
    with with_dns(case_of(app), zone) as case:
        found = only(spf, case)
    assert (found.level, words in found.found) == (level, True), found


def test_spf_is_asked_of_the_domain_that_bounces_go_to(app: App):
    with with_dns(case_of(app, inbound_address="in@bounces.acme.example"), {}) as case:
        assert only(spf, case).found == "bounces.acme.example has no SPF record"


def test_lookups_are_counted_through_includes_and_stop_beyond_the_limit(app: App):
    zone = {(f"s{n}.example", "TXT"): txt(f"v=spf1 mx include:s{n + 1}.example -all") for n in range(20)}
    with with_dns(case_of(app), zone) as case:
        assert lookups(case.names, "s17.example") == 6
        assert lookups(case.names, "s0.example") == 11


@pytest.fixture(scope="module")
def keys() -> dict[str, object]:
    return {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "other": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "short": rsa.generate_private_key(public_exponent=65537, key_size=1024),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }


def pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("ours", "published", "level", "words"),
    [
        ("rsa", "rsa", "ok", "public half"),
        ("ed25519", "ed25519", "ok", "public half"),
        ("rsa", "other", "problem", "not that of DKIM_KEY"),
        ("rsa", "ed25519", "problem", "not that of DKIM_KEY"),
        ("rsa", "v=DKIM1; k=rsa; p=", "problem", "revoked"),
        ("rsa", "v=DKIM1; k=rsa; p=no base64!", "problem", "not that of DKIM_KEY"),
        ("rsa", "", "problem", "has no key"),
        ("short", "short", "warning", "1024 bits"),
    ],
)
def test_dkim_of_our_own_key(app: App, keys, ours: str, published: str, level: str, words: str):
    record = public_record(keys[published]) if published in keys else published
    zone = {(f"nurture._domainkey.{DOMAIN}", "TXT"): txt(record)} if record else {}
    with with_dns(case_of(app, dkim_key=pem(keys[ours]), dkim_selector="nurture"), zone) as case:
        found = only(dkim, case)
    assert (found.level, words in found.found) == (level, True), found
    assert level == "ok" or public_record(keys[ours]) in found.do or level == "warning"


def test_a_test_key_is_told(app: App, keys):
    zone = {(f"nurture._domainkey.{DOMAIN}", "TXT"): txt(public_record(keys["rsa"]) + "; t=y")}
    with with_dns(case_of(app, dkim_key=pem(keys["rsa"]), dkim_selector="nurture"), zone) as case:
        assert "t=y" in only(dkim, case).found


@pytest.mark.parametrize(
    ("record", "where", "level", "words"),
    [
        ("v=DMARC1; p=none; rua=mailto:a@acme.example", DOMAIN, "ok", "p=none"),
        ("v=DMARC1; p=reject", "acme.example", "ok", "_dmarc.acme.example says p=reject"),
        ("v=DMARC1; p=maybe", DOMAIN, "problem", "p=maybe"),
        ("v=DMARC1; rua=mailto:a@acme.example", DOMAIN, "problem", "p=nothing"),
        ("p=none", DOMAIN, "problem", "no DMARC policy"),
    ],
)
def test_dmarc(app: App, record: str, where: str, level: str, words: str):
    with with_dns(case_of(app), {(f"_dmarc.{where}", "TXT"): txt(record)}) as case:
        found = next(dmarc(case))
    assert (found.level, words in found.found) == (level, True), found


@pytest.mark.parametrize(
    ("mail", "level"),
    [
        ({"dkim_key": "set", "dkim_selector": "n"}, "ok"),
        ({}, "warning"),
        ({"dkim_key": "set", "dkim_selector": "n", "inbound_address": "in@elsewhere.example"}, "ok"),
        ({"inbound_address": "in@elsewhere.example"}, "problem"),
        ({"dkim_key": "set", "dkim_domain": "elsewhere.example", "inbound_address": "in@elsewhere.example"}, "problem"),
        ({"dkim_key": "set", "dkim_domain": "acme.example"}, "ok"),
    ],
)
def test_alignment(app: App, mail: dict[str, str], level: str):
    with with_dns(case_of(app, **mail), {("_dmarc.acme.example", "TXT"): txt("v=DMARC1; p=none")}) as case:
        policy, alignment = dmarc(case)
    assert policy.level == "ok"
    assert (alignment.check, alignment.level) == ("alignment", level), alignment


def test_strict_alignment_wants_the_very_domain():
    assert not aligned("acme.example", DOMAIN, "acme.example", strict=True)
    assert aligned(DOMAIN, DOMAIN, "acme.example", strict=True)
    assert aligned("mail.acme.example", DOMAIN, "acme.example", strict=False)
    assert not aligned("evilacme.example", DOMAIN, "acme.example", strict=False)


@pytest.mark.parametrize(
    ("zone", "level"),
    [
        ({("in.acme.example", "MX"): ["20 b.example.", "10 a.example."]}, "ok"),
        ({("in.acme.example", "MX"): ["0 ."]}, "problem"),
        ({("in.acme.example", "A"): ["192.0.2.1"]}, "warning"),
        ({}, "problem"),
    ],
)
def test_where_mail_to_the_inbound_address_goes(app: App, zone, level: str):
    with with_dns(case_of(app, inbound_address="in@in.acme.example"), zone) as case:
        found = only(inbound_names, case)
    assert found.level == level, found
    assert level != "ok" or "a.example" in found.found


def test_a_dns_that_does_not_answer_is_no_verdict(app: App):
    with with_dns(case_of(app), {}, silent=frozenset({DOMAIN, f"_dmarc.{DOMAIN}"})) as case:
        found = {finding.check: finding for finding in examine(case)}
    assert found["spf"].level == found["dmarc"].level == "warning"
    assert "no answer" in found["spf"].found
