"""From a host and port to a server that is ready for mail: greeting, EHLO, TLS, login."""

import base64
from dataclasses import dataclass, field

from nurture.mailers.smtp.options import SmtpOptions
from nurture.mailers.smtp.replies import NoReply, Reply
from nurture.mailers.smtp.wire import Wire


@dataclass(slots=True)
class Session:
    """An open session. `extensions` are what the server announced: name in capitals, and its parameters."""

    wire: Wire
    extensions: dict[str, str] = field(default_factory=dict)
    mails: int = 0

    def offers(self, extension: str) -> bool:
        """Whether the server announced it."""
        return extension in self.extensions

    @property
    def size_limit(self) -> int:
        """The largest mail that the server takes, in octets; 0: it names none (RFC 1870)."""
        limit = self.extensions.get("SIZE", "").strip()
        return int(limit) if limit.isdecimal() else 0


async def open_session(options: SmtpOptions) -> Session:
    """Connect, greet, encrypt and log in.

    Raises:
        NoReply: The server cannot be used; the message says why, without the password.
    """
    timeouts = options.timeouts
    session = Session(await Wire.connect(options.host, options.port, timeouts.connect))
    try:
        if options.tls == "implicit":
            await session.wire.encrypt(options.tls_context(), options.host, timeouts.greeting)
        greeting = await session.wire.reply(timeouts.greeting)
        if greeting.code != 220:
            raise NoReply(f"the server takes no connections: {greeting}")
        await _greet(session, options)
        if options.tls in {"auto", "require"}:
            await _start_tls(session, options)
        if options.user:
            await _log_in(session, options)
    except BaseException:
        session.wire.abort()
        raise
    return session


async def ask(session: Session, command: str, seconds: float) -> Reply:
    """Send one command and wait for its reply."""
    session.wire.write(f"{command}\r\n".encode("ascii"))
    return await session.wire.reply(seconds)


async def _greet(session: Session, options: SmtpOptions) -> None:
    name = options.helo or session.wire.own_name()
    reply = await ask(session, f"EHLO {name}", options.timeouts.command)
    if reply.is_good:
        session.extensions = _extensions(reply)
        return
    if reply.code not in {500, 501, 502, 504, 550}:
        raise NoReply(f"the server refused to be greeted: {reply}")
    reply = await ask(session, f"HELO {name}", options.timeouts.command)
    session.extensions = {}
    if not reply.is_good:
        raise NoReply(f"the server refused to be greeted: {reply}")


def _extensions(reply: Reply) -> dict[str, str]:
    extensions: dict[str, str] = {}
    for line in reply.lines[1:]:
        # old servers announce AUTH=PLAIN, next to AUTH PLAIN or alone
        name, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
        known = extensions.get(name.upper(), "")
        extensions[name.upper()] = f"{known} {parameters}".strip()
    return extensions


async def _start_tls(session: Session, options: SmtpOptions) -> None:
    if not session.offers("STARTTLS"):
        if options.tls == "require":
            raise NoReply("the server offers no STARTTLS, which tls=require asks for")
        return
    reply = await ask(session, "STARTTLS", options.timeouts.command)
    if reply.code != 220:
        if options.tls == "require" or reply.closes:
            raise NoReply(f"the server refused STARTTLS: {reply}")
        return
    await session.wire.encrypt(options.tls_context(), options.host, options.timeouts.greeting)
    await _greet(session, options)


async def _log_in(session: Session, options: SmtpOptions) -> None:
    if not session.wire.is_encrypted and not options.password_may_go_plain:
        raise NoReply("the server offers no TLS, and the password is not sent without (?insecure=1 would send it)")
    mechanisms = session.extensions.get("AUTH", "").upper().split()
    if "PLAIN" in mechanisms:
        secret = _base64(f"\0{options.user}\0{options.password}")
        reply = await ask(session, f"AUTH PLAIN {secret}", options.timeouts.command)
        if reply.code == 334:
            reply = await ask(session, secret, options.timeouts.command)
    elif "LOGIN" in mechanisms:
        reply = await _say_one_by_one(session, options)
    else:
        offered = ", ".join(mechanisms) or "none"
        raise NoReply(f"MAIL_URL has a user, but the server offers no login by PLAIN or LOGIN; it offers {offered}")
    if reply.code != 235:
        raise NoReply(f"the server refused the login: {reply}")


async def _say_one_by_one(session: Session, options: SmtpOptions) -> Reply:
    reply = await ask(session, "AUTH LOGIN", options.timeouts.command)
    for words in (options.user, options.password):
        if reply.code != 334:
            return reply
        reply = await ask(session, _base64(words), options.timeouts.command)
    return reply


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
