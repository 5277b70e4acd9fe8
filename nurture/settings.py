"""What the environment says: read once, checked at once, handed on as one value.

Any secret may come from a file instead: `X_FILE` names it. An empty variable counts as not set.
"""

import difflib
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from nurture.crm_settings import CRM_SECRETS, CrmSettings, read_crm_settings
from nurture.errors import SettingsError
from nurture.mail_settings import WEBHOOK_SECRETS, MailSettings, read_mail_settings
from nurture.mail_url import AWS_SECRETS, read_mail_url
from nurture.private import kept_secret, make_data_directory
from nurture.write_keys import read_api_keys, read_write_keys

DRIVER = "postgresql+psycopg"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SECRETS = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "MAIL_URL", "WRITE_KEY", "API_KEY", "SLACK_WEBHOOK_URL",
    "HANDOFF_WEBHOOK_URL", "HANDOFF_WEBHOOK_SECRET", "SENTRY_DSN", "INBOX_URL", "DKIM_KEY", *WEBHOOK_SECRETS,
    *AWS_SECRETS, *CRM_SECRETS,
)  # fmt: skip
"""Variables that may be given as `X_FILE`."""
API_RATE = 6000
"""Calls of the API a minute that each key has in each web process, where `API_RATE` says nothing."""
DEMO_DATABASE = "nurture_demo"
"""How the name of a database begins whose clock may be stepped, wherever it is."""

NEEDED_FOR = {
    "BASE_URL": "every link in a mail begins with it; say https://nurture.example.com",
    "MAIL_URL": "mail leaves through it; say smtp://user:password@host:587",
    "WRITE_KEY": "your site and your product send events with it; say any long random word",
    "API_KEY": "your CRM calls with it; say any long random word",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, checked. `repr` shows no secret, and no address that may hold one.

    `database_url` (in SQLAlchemy's form) and `redis_url` are both None where the embedded servers are to be used.
    """

    workspace: Path
    data_dir: Path
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    mail_url: str | None = field(default=None, repr=False)
    mail: MailSettings = field(default=MailSettings(), repr=False)
    crm: CrmSettings = field(default=CrmSettings())
    base_url: str = "http://localhost:8000"
    port: int = 8000
    host: str = "127.0.0.1"
    web_concurrency: int = 1
    pool_size: int = 5
    tick_seconds: float = 2.0
    given_secret_key: str | None = field(default=None, repr=False)
    write_key: str | None = field(default=None, repr=False)
    identity_keys: frozenset[str] | None = None
    api_key: str | None = field(default=None, repr=False)
    api_rate: int = API_RATE
    slack_webhook_url: str | None = field(default=None, repr=False)
    handoff_webhook_url: str | None = field(default=None, repr=False)
    handoff_webhook_secret: str | None = field(default=None, repr=False)
    handoff_webhook_allow: str | None = None
    sentry_dsn: str | None = field(default=None, repr=False)
    log_level: str = "INFO"
    stepped_clock: bool = False
    set_variables: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded servers are to be used."""
        return self.database_url is None

    @property
    def secret_key(self) -> str:
        """What signs our links: given, or a random one that is made once and kept in the data directory."""
        return self.given_secret_key or _kept_secret_key(self.data_dir)

    @property
    def write_keys(self) -> Mapping[str, str]:
        """The name of each write key; without any nobody may send events."""
        return read_write_keys(self.write_key) if self.write_key else {}

    @property
    def api_keys(self) -> Mapping[str, str]:
        """The name of each API key of the environment. Others are in the database (`nurture api-keys`)."""
        return read_api_keys(self.api_key) if self.api_key else {}

    def may_identify(self, source: str) -> bool:
        """Whether events from there may make one lead of two, and give a lead further addresses.

        A write key that stands in a web page is public, so none may that `IDENTITY_KEYS` does not name. What is no
        write key's is our own.
        """
        named = self.identity_keys or frozenset()
        return "*" in named or source in named or source not in self.write_keys.values()

    def may_sign_up(self, source: str) -> bool:
        """Whether events from there may say whose a user id is that nobody has: all, until `IDENTITY_KEYS` is set."""
        return self.identity_keys is None or self.may_identify(source)

    def on_servers(self, database_url: str, redis_url: str) -> "Settings":
        """The same, with the addresses of the servers that run."""
        return replace(self, database_url=database_url, redis_url=redis_url)

    def require(self, *names: str) -> None:
        """See that these variables were set, for a process that cannot do without.

        Raises:
            SettingsError: One was not; the message names it and says what it is for.
        """
        for name in names:
            if name not in self.set_variables:
                raise SettingsError(f"{name} is not set: {NEEDED_FOR.get(name, 'it is needed here')}")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all of it.

    Raises:
        SettingsError: A variable is missing or malformed; the message begins with its name and shows no secret.
    """
    given = _given(environ)
    port = _number(given, "PORT", 8000, range(65536))
    workspace = _directory(given, "NURTURE_WORKSPACE", Path())
    data_dir = Path(given["NURTURE_DATA"]).expanduser() if "NURTURE_DATA" in given else workspace / ".nurture"
    _check_pair(given)
    database_url = _checked(given, "DATABASE_URL", database_address)
    return Settings(
        workspace=workspace,
        data_dir=data_dir.absolute(),
        database_url=database_url,
        redis_url=_checked(given, "REDIS_URL", redis_address),
        mail_url=read_mail_url(given),
        mail=read_mail_settings(given),
        crm=read_crm_settings(given),
        base_url=_checked(given, "BASE_URL", _web_address("BASE_URL")) or f"http://localhost:{port}",
        port=port,
        host=given.get("HOST") or ("0.0.0.0" if "PORT" in given else "127.0.0.1"),  # noqa: S104 - a PaaS sets PORT
        web_concurrency=_number(given, "WEB_CONCURRENCY", 1, range(1, 1025)),
        pool_size=_number(given, "NURTURE_POOL_SIZE", 5, range(1, 101)),
        tick_seconds=_tick(given),
        given_secret_key=given.get("SECRET_KEY"),
        write_key=_checked(given, "WRITE_KEY", _write_keys),
        identity_keys=_identity_keys(given),
        api_key=_checked(given, "API_KEY", _api_keys),
        api_rate=_number(given, "API_RATE", API_RATE, range(1_000_001)),
        slack_webhook_url=_checked(given, "SLACK_WEBHOOK_URL", _web_address("SLACK_WEBHOOK_URL")),
        handoff_webhook_url=_checked(given, "HANDOFF_WEBHOOK_URL", _web_address("HANDOFF_WEBHOOK_URL")),
        handoff_webhook_secret=given.get("HANDOFF_WEBHOOK_SECRET"),
        handoff_webhook_allow=given.get("HANDOFF_WEBHOOK_ALLOW"),
        sentry_dsn=_checked(given, "SENTRY_DSN", _web_address("SENTRY_DSN")),
        log_level=_log_level(given),
        stepped_clock=_stepped_clock(given, database_url, data_dir),
        set_variables=frozenset(given),
    )


def database_address(text: str, name: str = "DATABASE_URL") -> str:
    """The address in SQLAlchemy's form, its query kept. A PaaS says `postgres://`.

    Raises:
        SettingsError: It is no address of a PostgreSQL database. The address itself is not shown.
    """
    address = _split(text, name, "postgresql://user:password@host:5432/name")
    if address.scheme not in ("postgres", "postgresql", DRIVER):
        raise SettingsError(f"{name}: {address.scheme}:// is not PostgreSQL; say postgresql://…")
    if not address.path.strip("/"):
        raise SettingsError(f"{name}: names no database; say postgresql://user:password@host:5432/name")
    return DRIVER + text[len(address.scheme) :]


def redis_address(text: str, name: str = "REDIS_URL") -> str:
    """The address as `redis://` or `rediss://`, its query kept. Some say `valkey://`.

    Raises:
        SettingsError: It is no address of a Redis. The address itself is not shown.
    """
    address = _split(text, name, "redis://:password@host:6379/0")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(address.scheme, address.scheme)
    if scheme not in ("redis", "rediss"):
        raise SettingsError(f"{name}: {address.scheme}:// is not Redis; say redis://… or rediss://…")
    if not address.hostname:
        raise SettingsError(f"{name}: names no host; say redis://:password@host:6379/0")
    return scheme + text[len(address.scheme) :]


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that say something, those from files included."""
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    for name in SECRETS:
        file = given.get(f"{name}_FILE")
        if file is None:
            continue
        if name in given:
            raise SettingsError(f"{name}: is set, and {name}_FILE too; set one of them")
        try:
            given[name] = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE: {file} cannot be read ({_reason(error)})") from error
        if not given[name]:
            raise SettingsError(f"{name}_FILE: {file} is empty")
    return given


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "no text") if isinstance(error, OSError) else "it is no UTF-8 text"


@functools.cache
def _kept_secret_key(data_dir: Path) -> str:
    make_data_directory(data_dir)
    return kept_secret(data_dir / "secret_key")


def _check_pair(given: Mapping[str, str]) -> None:
    """Both servers are given or none; and who has a database of their own has a key of their own."""
    for name, other in (("DATABASE_URL", "REDIS_URL"), ("REDIS_URL", "DATABASE_URL")):
        if other in given and name not in given:
            raise SettingsError(f"{name} is not set, but {other} is: set both, or none to use the embedded servers")
    if "DATABASE_URL" in given and "SECRET_KEY" not in given:
        raise SettingsError("SECRET_KEY is not set, but DATABASE_URL is: it signs the links; say a long random word")


def _checked(given: Mapping[str, str], name: str, check: Callable[[str], str]) -> str | None:
    return check(given[name]) if name in given else None


def _write_keys(text: str) -> str:
    read_write_keys(text)
    return text


def _api_keys(text: str) -> str:
    read_api_keys(text)
    return text


def _identity_keys(given: Mapping[str, str]) -> frozenset[str] | None:
    """Names of the write keys that may say that two ids are one person, `*` for all; None where nothing is said."""
    text = given.get("IDENTITY_KEYS")
    if not text:
        return None
    if text in ("*", "none"):
        return frozenset({"*"} if text == "*" else ())
    names = frozenset(name.strip() for name in text.split(",")) - {""}
    known = sorted(read_write_keys(given["WRITE_KEY"]).values()) if given.get("WRITE_KEY") else []
    strangers = sorted(names.difference(known))
    if strangers:
        raise SettingsError(
            f"IDENTITY_KEYS: {strangers[0]} is the name of no write key; WRITE_KEY has {', '.join(known) or 'none'}; "
            "say some of these names, * for all or none for none"
        )
    return names


def _split(text: str, name: str, example: str) -> SplitResult:
    try:
        address = urlsplit(text)
        _ = address.port  # is checked only when asked for
    except ValueError as error:
        raise SettingsError(f"{name}: is malformed (percent-encode :/?#@ in a password); say {example}") from error
    if not address.scheme or "://" not in text:
        raise SettingsError(f"{name}: is no address; say {example}")
    return address


def _web_address(name: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        address = _split(text, name, "https://nurture.example.com")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise SettingsError(f"{name}: must begin with https:// (or http://) and a host")
        return text.rstrip("/")

    return check


def _number(given: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        raise SettingsError(f"{name}: {text!r} is not a whole number from {allowed.start} to {allowed.stop - 1}")
    return int(text)


def _directory(given: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(given[name]).expanduser() if name in given else default
    if not path.is_dir():
        raise SettingsError(f"{name}: {path} is no directory")
    return path.absolute()


def _tick(given: Mapping[str, str]) -> float:
    """Seconds between two looks of the clock."""
    text = given.get("NURTURE_TICK", "2")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 60:
        raise SettingsError(f"NURTURE_TICK: {text} is no number of seconds from 0.01 to 60")
    return seconds


def _log_level(given: Mapping[str, str]) -> str:
    level = given.get("LOG_LEVEL", "INFO").upper()
    if level not in LOG_LEVELS:
        near = difflib.get_close_matches(level, LOG_LEVELS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(f"LOG_LEVEL: {level} is unknown; known are {', '.join(LOG_LEVELS)}{hint}")
    return level


def _stepped_clock(given: Mapping[str, str], database_url: str | None, data_dir: Path) -> bool:
    """Whether business time is a row that the demo moves on. Never where real leads could be."""
    text = given.get("NURTURE_STEPPED_CLOCK", "0")
    if text not in ("0", "1"):
        raise SettingsError(f"NURTURE_STEPPED_CLOCK: {text!r} is neither 0 nor 1")
    if text == "0":
        return False
    if database_url and not _may_be_stepped(urlsplit(database_url), data_dir):
        raise SettingsError(
            "NURTURE_STEPPED_CLOCK: exists for the demo; DATABASE_URL names neither the embedded server nor a database "
            f"whose name begins with {DEMO_DATABASE}"
        )
    return True


def _may_be_stepped(address: SplitResult, data_dir: Path) -> bool:
    if address.path.strip("/").startswith(DEMO_DATABASE):
        return True
    try:
        embedded_port = json.loads((data_dir / "servers.json").read_text())["postgres_port"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return address.hostname == "127.0.0.1" and address.port == embedded_port
