"""The environment: what is taken, what is refused and in which words, and that nothing secret is shown."""

import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.errors import SettingsError
from nurture.mail_url import EXAMPLES, MAIL_SCHEMES, read_mail_url
from nurture.mailers.http import read_http_options
from nurture.settings import DRIVER, SECRETS, Settings, database_address, read_settings, redis_address

SHAPES = {
    "DATABASE_URL": "postgres://u:{}@h/d",
    "REDIS_URL": "redis://:{}@h",
    "MAIL_URL": "smtp://u:{}@h",
    "SENTRY_DSN": "https://{}@h/1",
    "SLACK_WEBHOOK_URL": "https://h/{}",
    "HANDOFF_WEBHOOK_URL": "https://h/{}",
    "INBOX_URL": "imaps://u:{}@h/INBOX",
}
"""How a secret stands in a variable that is not all secret."""
SERVERS = {"DATABASE_URL": "postgres://me:pw@db.example/app", "REDIS_URL": "redis://r.example", "SECRET_KEY": "k" * 40}


def _read(tmp_path: Path, **environ: str) -> Settings:
    return read_settings({"NURTURE_WORKSPACE": str(tmp_path), **environ})


def test_an_empty_environment_means_the_embedded_servers_and_a_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.is_embedded
    assert settings.workspace == tmp_path
    assert settings.data_dir == tmp_path / ".nurture"
    assert (settings.port, settings.base_url) == (8000, "http://localhost:8000")
    assert (settings.web_concurrency, settings.log_level, settings.stepped_clock) == (1, "INFO", False)
    assert settings.mail_url is settings.write_key is settings.api_key is settings.sentry_dsn is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", DRIVER])
def test_every_spelling_of_the_scheme_becomes_ours_and_the_rest_stays_as_it_is(scheme: str) -> None:
    rest = "://me:p%40ss@db.example:6432/app?sslmode=require&prepare_threshold=none"
    assert database_address(scheme + rest) == DRIVER + rest


@pytest.mark.parametrize(
    ("given_url", "taken"),
    [
        ("redis://:pw@r.example:6379/0", "redis://:pw@r.example:6379/0"),
        ("rediss://:pw@r.example:6380?ssl_cert_reqs=none", "rediss://:pw@r.example:6380?ssl_cert_reqs=none"),
        ("valkey://r.example", "redis://r.example"),
        ("valkeys://r.example", "rediss://r.example"),
    ],
)
def test_redis_addresses_are_taken_with_and_without_tls(given_url: str, taken: str) -> None:
    assert redis_address(given_url) == taken


def test_everything_that_is_given_is_taken(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        **SERVERS,
        PORT="5000",
        WEB_CONCURRENCY="3",
        LOG_LEVEL="warning",
        BASE_URL="https://nurture.example.com/",
        MAIL_URL="smtps://user:pw@mail.example:465",
        WRITE_KEY="w",
        API_KEY="a",
        SLACK_WEBHOOK_URL="https://hooks.slack.example/T/B/x",
        HANDOFF_WEBHOOK_URL="https://crm.example/hook",
        HANDOFF_WEBHOOK_SECRET="whsec_eA==",
        SENTRY_DSN="https://key@sentry.example/1",
        NURTURE_DATA=str(tmp_path / "elsewhere"),
    )
    assert settings.database_url == f"{DRIVER}://me:pw@db.example/app"
    assert settings.redis_url == "redis://r.example"
    assert (settings.port, settings.web_concurrency, settings.log_level) == (5000, 3, "WARNING")
    assert settings.base_url == "https://nurture.example.com"
    assert settings.mail_url == "smtps://user:pw@mail.example:465"
    assert (settings.write_key, settings.api_key, settings.secret_key) == ("w", "a", "k" * 40)
    assert settings.slack_webhook_url == "https://hooks.slack.example/T/B/x"
    assert (settings.handoff_webhook_url, settings.handoff_webhook_secret) == ("https://crm.example/hook", "whsec_eA==")
    assert settings.sentry_dsn == "https://key@sentry.example/1"
    assert settings.data_dir == tmp_path / "elsewhere"
    assert not settings.is_embedded


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("wk_1", {"wk_1": "segment"}),
        ("website:k1,app:k2", {"k1": "website", "k2": "app"}),
        (" website : k1 , webinar-tool:k2 ", {"k1": "website", "k2": "webinar-tool"}),
        ("segment:k0,app:k1", {"k0": "segment", "k1": "app"}),
    ],
)
def test_write_keys_may_have_names(tmp_path: Path, text: str, keys: dict[str, str]) -> None:
    assert _read(tmp_path, WRITE_KEY=text).write_keys == keys


def test_without_a_write_key_there_are_none(tmp_path: Path) -> None:
    assert _read(tmp_path).write_keys == {}


def test_the_port_shows_in_the_address_where_none_is_given(tmp_path: Path) -> None:
    assert _read(tmp_path, PORT="5000").base_url == "http://localhost:5000"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"DATABASE_URL": "mysql://a/b", "REDIS_URL": "redis://r"}, "DATABASE_URL: mysql:// is not PostgreSQL"),
        ({"DATABASE_URL": "db.example"}, "DATABASE_URL: is no address; say postgresql://"),
        ({"DATABASE_URL": "postgres://h:port/app"}, "DATABASE_URL: is malformed"),
        ({"DATABASE_URL": "postgres://h"}, "DATABASE_URL: names no database"),
        ({"REDIS_URL": "http://r"}, "REDIS_URL: http:// is not Redis"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL: names no host"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL: is no address"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set, but REDIS_URL is"),
        ({"REDIS_URL": " "}, "REDIS_URL is not set, but DATABASE_URL is"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set, but DATABASE_URL is"),
        ({"MAIL_URL": "smpt://h"}, "MAIL_URL: smpt:// is unknown; known are smtp, .*; did you mean smtp://"),
        ({"MAIL_URL": "mail.example"}, "MAIL_URL: is no address"),
        ({"MAIL_URL": "smtp://"}, "MAIL_URL: says nothing after smtp://"),
        ({"MAIL_URL": "resend://"}, "MAIL_URL: says nothing after resend://; say resend://KEY"),
        ({"MAIL_URL": "postmark://a@b"}, "MAIL_URL: is not postmark://SERVER-TOKEN"),
        ({"MAIL_URL": "sendgrid://SG.a/b"}, "MAIL_URL: is not sendgrid://KEY .percent-encode"),
        ({"MAIL_URL": "mailgun://key"}, "MAIL_URL: names no key; say mailgun://KEY@news.acme.example"),
        ({"MAIL_URL": "mailgun://key@host"}, "MAIL_URL: names no domain of Mailgun"),
        ({"MAIL_URL": "ses://europe"}, "MAIL_URL: names no region of AWS; say ses://eu-west-1"),
        ({"MAIL_URL": "ses://AKIA:a/b@eu-west-1"}, "MAIL_URL: names no region of AWS; .* .percent-encode"),
        ({"MAIL_URL": "ses://AKIA@eu-west-1"}, "MAIL_URL: names half a key"),
        (
            {"MAIL_URL": "ses://eu-west-1"},
            "MAIL_URL: names no key of AWS, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        ),
        ({"MAIL_URL": "ses://eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA"}, ".* AWS_SECRET_ACCESS_KEY is not set"),
        ({"BASE_URL": "nurture.example"}, "BASE_URL: is no address"),
        ({"BASE_URL": "ftp://nurture.example"}, "BASE_URL: must begin with https://"),
        ({"WRITE_KEY": "app:s3cret,other"}, "WRITE_KEY: part 2 has no name; say website:KEY,app:KEY"),
        ({"WRITE_KEY": "app:s3cret,"}, "WRITE_KEY: part 2 has no name"),
        ({"WRITE_KEY": "S3cret:app"}, "WRITE_KEY: the name in part 1 is no word of a-z, 0-9, - and _"),
        ({"WRITE_KEY": "mail:s3cret"}, "WRITE_KEY: the name mail is taken by events of our own"),
        ({"WRITE_KEY": "app:s3cret,app:other"}, "WRITE_KEY: the name app is there twice"),
        ({"WRITE_KEY": "app:s3cret,site:s3cret"}, "WRITE_KEY: app and site have the same key"),
        ({"WRITE_KEY": "app:"}, "WRITE_KEY: the key of app is empty"),
        ({"WRITE_KEY": "app:a:b"}, "WRITE_KEY: the key of app has a space, a colon or a sign beyond ASCII"),
        ({"WRITE_KEY": "two words"}, "WRITE_KEY: the key has a space"),
        ({"PORT": "http"}, "PORT: 'http' is not a whole number from 0 to 65535"),
        ({"PORT": "70000"}, "PORT: '70000' is not a whole number"),
        ({"PORT": "٣"}, "PORT: '٣' is not a whole number"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY: '0' is not a whole number from 1"),
        ({"LOG_LEVEL": "inf"}, r"LOG_LEVEL: INF is unknown; known are DEBUG, .*; did you mean INFO\?"),
        ({"SLACK_WEBHOOK_URL": "slack"}, "SLACK_WEBHOOK_URL: is no address"),
        ({"NURTURE_WORKSPACE": "/no/such/folder"}, "NURTURE_WORKSPACE: /no/such/folder is no directory"),
        ({"NURTURE_STEPPED_CLOCK": "yes"}, "NURTURE_STEPPED_CLOCK: 'yes' is neither 0 nor 1"),
        ({"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY: is set, and SECRET_KEY_FILE too; set one of them"),
        ({"API_KEY_FILE": "/no/such/file"}, r"API_KEY_FILE: /no/such/file cannot be read \(No such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_begins_with_its_name(
    tmp_path: Path, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{message}") as refused:
        _read(tmp_path, **(SERVERS | environ))
    assert "\n" not in str(refused.value)
    assert refused.value.exit_status == 2


@pytest.mark.parametrize("name", SECRETS)
@given(secret=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=12, max_size=30))
def test_neither_a_repr_nor_an_error_shows_a_secret(
    tmp_path_factory: pytest.TempPathFactory, name: str, secret: str
) -> None:
    tmp_path = tmp_path_factory.getbasetemp()
    fits = _read(tmp_path, **(SERVERS | _beside(name) | {name: _shaped(name, secret)}))
    assert secret not in repr(fits)
    assert secret not in str(fits)
    for broken in (f"x{secret}", f"bad://u:{secret}@h:port/x"):
        assert secret not in _refusal(tmp_path, SERVERS | _beside(name) | {name: broken})


_WEBHOOKS = {
    "POSTMARK_WEBHOOK_SECRET": "u:{}",
    "SENDGRID_WEBHOOK_SECRET": "A" * 80 + "{}",
    "SES_WEBHOOK_SECRET": "arn:aws:sns:eu-west-1:123456789012:{}",
    "RESEND_WEBHOOK_SECRET": "whsec_AAAAAAAAAAAA{}",
}


def _shaped(name: str, secret: str) -> str:
    return f"{secret:A<43}=" if name == "DKIM_KEY" else (SHAPES | _WEBHOOKS).get(name, "{}").format(secret)


def _beside(name: str) -> dict[str, str]:
    if name == "SALESFORCE_CLIENT_SECRET":
        return {"SALESFORCE_URL": "https://acme.my.salesforce.com", "SALESFORCE_CLIENT_ID": "3MVG9consumer"}
    return {"DKIM_SELECTOR": "nurture"} if name == "DKIM_KEY" else {}


def _refusal(tmp_path: Path, environ: dict[str, str]) -> str:
    try:
        _read(tmp_path, **environ)
    except SettingsError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("name", SECRETS)
def test_any_secret_may_come_from_a_file(tmp_path: Path, name: str) -> None:
    value = _shaped(name, "swordfish")
    (tmp_path / "secret").write_text(f"{value}\n")
    environ = {key: text for key, text in SERVERS.items() if key != name} | _beside(name)
    by_file = _read(tmp_path, **environ, **{f"{name}_FILE": str(tmp_path / "secret")})
    by_name = _read(tmp_path, **environ, **{name: value})
    assert replace(by_file, set_variables=by_name.set_variables) == by_name


@pytest.mark.parametrize(("content", "message"), [(b"", "empty"), (b"\n", "empty"), (b"\xff", "no UTF-8 text")])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SettingsError, match=f"^API_KEY_FILE: .*{message}"):
        _read(tmp_path, API_KEY_FILE=str(tmp_path / "secret"))


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = _read(tmp_path, MAIL_URL="", PORT=" ", WRITE_KEY="\n", DATABASE_URL="", REDIS_URL="")
    assert settings == _read(tmp_path)


def test_the_secret_key_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    first = _read(tmp_path).secret_key
    assert len(first) >= 32
    assert _read(tmp_path).secret_key == first
    kept = tmp_path / ".nurture/secret_key"
    assert kept.read_text() == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) & 0o066 == 0


def test_two_that_make_the_secret_key_at_once_have_the_same(tmp_path: Path) -> None:
    found: list[str] = []
    barrier = threading.Barrier(8)

    def make(n: int) -> None:
        settings = _read(tmp_path, NURTURE_DATA=str(tmp_path / "x" / ".." / "data")) if n % 2 else None
        other = settings or _read(tmp_path, NURTURE_DATA=str(tmp_path / "data"))
        barrier.wait()
        found.append(other.secret_key)

    (tmp_path / "x").mkdir()
    threads = [threading.Thread(target=make, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_process_that_cannot_do_without_says_what_is_missing_and_what_for(tmp_path: Path) -> None:
    settings = _read(tmp_path, MAIL_URL="smtp://h")
    settings.require("MAIL_URL")
    with pytest.raises(SettingsError, match=r"^BASE_URL is not set: every link in a mail begins with it"):
        settings.require("MAIL_URL", "BASE_URL")


def test_running_servers_are_put_in(tmp_path: Path) -> None:
    settings = _read(tmp_path).on_servers(f"{DRIVER}://h/d", "redis://h")
    assert (settings.database_url, settings.redis_url) == (f"{DRIVER}://h/d", "redis://h")
    assert not settings.is_embedded


@pytest.mark.parametrize("scheme", MAIL_SCHEMES)
def test_every_way_to_send_mail_of_the_design_is_known(tmp_path: Path, scheme: str) -> None:
    aws = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    url = "ses://AKIA:s3cret@eu-west-1" if scheme == "ses" else EXAMPLES[scheme]
    settings = _read(tmp_path, MAIL_URL=EXAMPLES[scheme], **aws)
    assert settings.mail_url == url
    assert "s3cret" not in repr(settings)


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip), st.text())
def test_a_key_of_aws_gets_to_the_mailer_as_it_is(key: str, secret: str, token: str) -> None:
    aws = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
    url = read_mail_url({"MAIL_URL": "ses://eu-west-1?configuration_set=nurture&connections=3", **aws})
    options = read_http_options(urlsplit(url or ""), None, api="", most=1, own=["configuration_set", "session_token"])
    assert (options.user, options.password, options.host) == (key, secret, "eu-west-1")
    assert options.given == {"configuration_set": "nurture"} | ({"session_token": token} if token else {})
    assert options.connections == 3


def test_the_clock_is_stepped_on_the_embedded_servers_and_on_a_demo_database_only(tmp_path: Path) -> None:
    step = {"NURTURE_STEPPED_CLOCK": "1"}
    assert _read(tmp_path, **step).stepped_clock
    with pytest.raises(SettingsError, match=r"^NURTURE_STEPPED_CLOCK: exists for the demo"):
        _read(tmp_path, **SERVERS, **step)
    demo = SERVERS | {"DATABASE_URL": "postgres://me:pw@db.example/nurture_demo_7"}
    assert _read(tmp_path, **demo, **step).stepped_clock
    embedded = SERVERS | {"DATABASE_URL": "postgresql+psycopg://nurture:pw@127.0.0.1:4711/nurture?sslmode=disable"}
    with pytest.raises(SettingsError, match=r"^NURTURE_STEPPED_CLOCK"):
        _read(tmp_path, **embedded, **step)
    (tmp_path / ".nurture").mkdir()
    (tmp_path / ".nurture/servers.json").write_text(json.dumps({"postgres_port": 4711, "valkey_port": 1}))
    assert _read(tmp_path, **embedded, **step).stepped_clock


def test_this_machines_own_environment_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PORT", "nonsense")
    assert _read(tmp_path).port == 8000


def test_which_write_keys_may_say_who_is_who(tmp_path: Path) -> None:
    keys = {"WRITE_KEY": "site:k1,app:k2"}

    def may(**more: str) -> list[tuple[bool, bool]]:
        read = _read(tmp_path, **keys, **more)
        return [(read.may_identify(source), read.may_sign_up(source)) for source in ("site", "app", "import")]

    assert may() == [(False, True), (False, True), (True, True)]
    assert may(IDENTITY_KEYS="*") == [(True, True)] * 3
    assert may(IDENTITY_KEYS="none") == [(False, False), (False, False), (True, True)]
    assert may(IDENTITY_KEYS="app") == [(False, False), (True, True), (True, True)]
    with pytest.raises(SettingsError, match=r"IDENTITY_KEYS: ap is the name of no write key; WRITE_KEY has app, site"):
        _read(tmp_path, **keys, IDENTITY_KEYS="ap")
