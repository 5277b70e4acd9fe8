"""The tables. The database itself forbids what must never be; each such constraint says so in its name.

No `Relationship()`: a lazy load is hidden I/O. Hot paths use `Model.__table__` with Core. Keys are `bigint`, states are
text with a CHECK, times are `timestamptz`.
"""

from nurture.models.api import ApiAnswer, ApiKey
from nurture.models.choices import AddressChange
from nurture.models.consent import Confirmation, Consent, SuppressionChange
from nurture.models.crm import CrmAnswer, CrmLink, CrmState
from nurture.models.events import Event, RejectedDay, RejectedEvent, Rejudging
from nurture.models.handoff_changes import HandoffChange
from nurture.models.house import Housekeeping, ImportedFile, Lease, SourceVersion, SteppedClock
from nurture.models.inbound import InboundMail, InboxPosition, MailForward
from nurture.models.installation import Installation
from nurture.models.mails import Delivery, DeliveryBatch, Enrollment, Suppression
from nurture.models.notices import ClosedChannel, NoticeRow
from nurture.models.people import (
    BrowserClaim,
    Cycle,
    IdentityConflict,
    KnownAs,
    Lead,
    LeadChange,
    MergedLead,
    StageChange,
)
from nurture.models.processes import Process
from nurture.models.promises import Breach
from nurture.models.reporting import ErasedTally
from nurture.models.reps import Absence
from nurture.models.returns import HookToken, MailReport, SoftBounce
from nurture.models.sales import Attempt, Handoff, Rota
from nurture.models.scores import AgreedSignal, Decay, LeadScore, MatcherRow, ScoreBasis, SignalDay, Walk
from nurture.models.sending import MailerRow
from nurture.models.set_aside import SetAside

__all__ = [
    "Absence",
    "AddressChange",
    "AgreedSignal",
    "ApiAnswer",
    "ApiKey",
    "Attempt",
    "Breach",
    "BrowserClaim",
    "ClosedChannel",
    "Confirmation",
    "Consent",
    "CrmAnswer",
    "CrmLink",
    "CrmState",
    "Cycle",
    "Decay",
    "Delivery",
    "DeliveryBatch",
    "Enrollment",
    "ErasedTally",
    "Event",
    "Handoff",
    "HandoffChange",
    "HookToken",
    "Housekeeping",
    "IdentityConflict",
    "ImportedFile",
    "InboundMail",
    "InboxPosition",
    "Installation",
    "KnownAs",
    "Lead",
    "LeadChange",
    "LeadScore",
    "Lease",
    "MailForward",
    "MailReport",
    "MailerRow",
    "MatcherRow",
    "MergedLead",
    "NoticeRow",
    "Process",
    "RejectedDay",
    "RejectedEvent",
    "Rejudging",
    "Rota",
    "ScoreBasis",
    "SetAside",
    "SignalDay",
    "SoftBounce",
    "SourceVersion",
    "StageChange",
    "SteppedClock",
    "Suppression",
    "SuppressionChange",
    "Walk",
]
