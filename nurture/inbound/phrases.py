"""What servers say, sorted. Words count more than codes, for codes are often too general and sometimes wrong.

Each line is a sort of failure and the phrases that give it away; the first line that fits decides. The order is the
argument: what is said of the *sender* stands before what is said of the recipient, for "Sender address rejected: user
unknown" says nothing of the recipient; a full or locked mailbox exists, so it stands before a missing one; what any
server says when it gives up stands last.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from nurture.inbound.values import Reason, Severity


class Sort(NamedTuple):
    """A sort of failure: what it means for the address, anymail's word, and what it is, for those who read tables."""

    severity: Severity
    reason: Reason
    name: str


SENDER = Sort("policy", "blocked", "the sender is refused")
FULL = Sort("soft", "bounced", "the mailbox is full")
LOCKED = Sort("soft", "bounced", "the mailbox is locked or asleep")
SPEED = Sort("policy", "blocked", "too many mails at a time")
NO_HOST = Sort("hard", "invalid", "no such host, or it takes no mail")
NO_USER = Sort("hard", "invalid", "no such mailbox")
MOVED = Sort("hard", "invalid", "the recipient has gone")
SPAM = Sort("policy", "spam", "it looks like spam or worse")
POLICY = Sort("policy", "blocked", "refused by a rule")
CONTENT = Sort("policy", "other", "the mail itself is refused")
TIMEOUT = Sort("soft", "timed_out", "no connection, or given up")
PROGRAM = Sort("soft", "bounced", "the program that files mails failed")
SYSTEM = Sort("soft", "bounced", "the server is out of order")


_PHRASES: tuple[tuple[Sort, str], ...] = (
    (NO_HOST, r"account or domain may not exist"),
    (
        POLICY,
        r"google groups|groups\.google\.com|refused due to recipient|only accepting mail from|blocked by the recipient",
    ),
    (PROGRAM, r"procmail|maildrop|dovecot|pipe to|home directory|mailer error"),
    (
        SENDER,
        r"sender(?:'s)? (?:address |domain |ip )?(?:is |was |has been )?(?:rejected|denied|refused|blocked|not"
        r"|verif|invalid|unknown|banned)|domain of sender|sender (?:verify|verification|policy)|invalid sender"
        r"|bad sender|return address|(?:sending|from:?) domain|from: domain|mail from .{0,120}rejected"
        r"|purported responsible|address(?:es)? in (?:the )?from: header|email address is not verified|spf\b|dkim\b"
        r"|dmarc|sender[- ]?id\b|authentication checks? failed|not authenticated|unauthenticated|smtp auth"
        r"|authentication (?:required|information)|reverse dns|\bptr\b|\brdns\b|unverifyable|mismatches client ip"
        r"|cannot find your (?:host|reverse)|helo |ehlo |dynamic (?:ip|address)|smtp server of your isp"
        r"|misconfigured or out of date",
    ),
    (
        SENDER,
        r"black ?list|block ?list|blocked (?:using|by|for|ip|list)|banned|\brbl\b|\bdnsbl\b|spamhaus|spamcop"
        r"|barracudacentral|reputation|client host|ip (?:address )?(?:is )?(?:blocked|not allowed|rejected|listed)"
        r"|host network not allowed|network .{0,30}blocked|removal from this list|complaints|\baup#|\bts{2}\d\d"
        r"|s3150",
    ),
    (
        FULL,
        r"(?:mail ?box|mail ?folder|inbox|account|disk|storage|quota|maildir)\b.{0,60}\b(?:is |was )?(?:full"
        r"|exceed\w*|over (?:its )?(?:quota|limit)|too large)|over ?quota|out of (?:storage|disk|space)"
        r"|exceed\w* .{0,40}(?:quota|storage|local limit|mailbox)|quota (?:exceeded|full)|insufficient (?:disk"
        r"|storage|system storage)|not enough (?:space|storage|disk)|mailbox size limit|full mailbox|mailbox full"
        r"|voll\b.{0,20}postfach|postfach.{0,30}voll|boîte .{0,20}pleine|一杯|容量|已满|переполнен",
    ),
    (
        LOCKED,
        r"not active\b|(?:account|user|mail ?box|recipient|address|compte)\b.{0,60}\b(?:is |has been |was "
        r"|temporar\w+ )?(?:disabled|suspended|inactive|frozen|deactivated|locked|blocked|bloque|on hold|dormant)"
        r"|(?:disabled|inactive|suspended|frozen|dormant) (?:recipient|account|user|mailbox|address)"
        r"|recipient address rejected: on hold",
    ),
    (
        SPEED,
        r"too many (?:connections|recipients|messages|mails|sessions|errors)|rate.?limit|limit(?:ed)? .{0,20}rate"
        r"|frequency limited|throttl|at a rate|unexpected volume|connection (?:rate )?limit|greylist|grey-list"
        r"|gray-?list|concurren",
    ),
    (
        NO_HOST,
        r"host (?:or domain name )?(?:not found|unknown)|unknown (?:host|domain)|domain (?:name )?(?:not found"
        r"|is not reachable|does ?n[o']t exist|unknown)|no such (?:host|domain)|couldn't find any host"
        r"|could not find (?:any )?(?:host|a mail exchanger)|couldn't find a mail exchanger|no (?:valid )?mx\b"
        r"|null ?mx|no mail (?:exchanger|server)|bad destination (?:system|host)|(?:host|domain"
        r"|server)\b.{0,80}\b(?:does ?n[o']t|does not|will not) (?:accept|receive) (?:e-?)?mail"
        r"|indicated no smtp service|nxdomain|name server.{0,40}not found"
        r"|(?:[\w-]{1,63}\.){1,8}[a-z]{2,20} does not exist|destination domain .{0,40}not"
        r"|account or domain may not exist|illegal host",
    ),
    (
        MOVED,
        r"no longer (?:on (?:the |this )?server|valid|available|exists?|active|in use|employed|works?|working"
        r"|with (?:us|the)|accept)|has (?:moved|left (?:the )?(?:company|us))|user has moved|not our user"
        r"|(?:account|mailbox|address) (?:has been |is |was )?(?:closed|deleted|removed|cancell?ed|terminated"
        r"|discontinued|retired)",
    ),
    (
        NO_USER,
        r"(?:user|recipient|mailbox|account|address|alias|rcpt|user name|username|user id|userid|local[- ]?part"
        r"|addressee|destinataire)s?\b.{0,60}?(?:is |are |was |were )?\b(?:unknown|not (?:be )?(?:found|exist|known"
        r"|listed|valid|recogni[sz]ed|local|here|a valid)|does ?n[o']t (?:exist|have)|do(?:es)? not exist|invalide?"
        r"|is not a)|(?:unknown|no such|invalid|illegal|non-?existent|bad|incorrect|not a valid"
        r"|undefined)(?: or (?:illegal|invalid|unknown))?(?: (?:local|final|delivery|destination|e-?mail|virtual"
        r"|smtp|remote|domain|primary))*(?: )?(?:user|recipient|mailbox|mail ?box|account|address|alias|rcpt|userid"
        r"|destination|person|name|addressee|local[- ]?part)|undeliverable address|bad-?address|no (?:mailbox"
        r"|account|user|one|recipient)s? (?:here |with |by |named )|no such (?:person|name|addres)"
        r"|there is no (?:user|one|such)|no valid recipients?|all hosts address lookups failed|unrouteable"
        r"|unroutable|not listed in|destinataire invalide|recip(?:ient)?not ?found|user ?not ?exist"
        r"|not a (?:registered|known|valid|local)|could ?n[o']t be found|wasn.t found|address rejected\.?$"
        r"|recipient address rejected: access denied|adresse .{0,20}inconnue|inconnu|unbekannt|desconocid"
        r"|sconosciut|onbekend|существует|неизвест|見つかりません|存在しません|不明|不存在|找不到",
    ),
    (
        SPAM,
        r"\bspam\b|spam(?:my|ming)|\bube\b|\buce\b|unsolicited|junk ?mail|bulk ?mail|phish|virus|malware|infected"
        r"|suspicious|content rejected|dangerous|mail rejete|message filtered",
    ),
    (
        POLICY,
        r"policy|policies|access denied|permission|not (?:allowed|permitted|authori[sz]ed)|relay|administrative"
        r"|prohibit|protocol violation|header error|refused due to|recipient preferences|blocked|rejected by"
        r"|domain filter|authentication|authenticat|tls (?:required|is required)|encryption|groups?\.google"
        r"|google groups|delivery not authori[sz]ed|please turn on",
    ),
    (
        CONTENT,
        r"message (?:is )?too (?:large|big|long)|size (?:limit|exceed)|too big|message size|recipsizelimit"
        r"|attachment|content|media error|mime|line too long|rfc ?(?:5322|2822|822)|bad header|8bit",
    ),
    (
        TIMEOUT,
        r"tim(?:ed|e) ?out|expired?|giving up|gave up|too long|did not accept our requests|(?:un"
        r"|not )able to (?:connect|establish|contact)|could(?: not|n't) (?:connect|be contacted)"
        r"|connection (?:refused|reset|lost|closed|dropped|failed)|unreachable|not reachable|no route"
        r"|multiple retries|hop count|loop|name service error|host name lookup|lookup failure|dns (?:error|server)"
        r"|name server|retry time",
    ),
    (
        SYSTEM,
        r"temporar|try (?:again )?later|system error|internal (?:server )?error|mailer error|unavailable"
        r"|transaction failed|out of order|queue file|resources|pipe to|procmail|command (?:not|parameter|unrecog)"
        r"|sequence of commands|syntax",
    ),
)

_COMPILED = tuple((sort, re.compile(words, re.IGNORECASE)) for sort, words in _PHRASES)
_LONGEST = 2_500


@lru_cache(maxsize=256)
def sort_by_words(text: str) -> Sort | None:
    """Give the sort of failure that a text speaks of; None where no phrase is known."""
    text = " ".join(text[: 2 * _LONGEST].split())[:_LONGEST]
    return next((sort for sort, words in _COMPILED if words.search(text)), None)
