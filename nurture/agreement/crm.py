"""`crm`: which fields of a CRM hold what, and what reps say there by setting them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nurture.facts import HandoffState
from nurture.grammar.crm_words import CrmMeaning, Meaning
from nurture.grammar.quantities import Identifier, Text
from nurture.grammar.shape import Shape

Told = Literal["stage", "grade", "score", "cycle", "campaign", "handoff", "because", "owner", "url", "reason"]
"""What a CRM can be told of a lead."""

NONE = "none"
"""In no field; no value."""

FieldName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$",
        json_schema_extra={"errorMessage": "write the internal name of the field: letters, digits and `_`"},
    ),
]


class CrmTerms(Shape):
    """One CRM: what stands in which field there, and what reps say by setting fields. What is not said is as usual."""

    FIELDS: ClassVar[Mapping[Told, str]] = {}
    STATUS: ClassVar[str | None] = None
    STATUS_OF: ClassVar[Mapping[HandoffState, str]] = {}
    STATUSES: ClassVar[Mapping[str, Mapping[str, Meaning]]] = {}
    OWNER: ClassVar[str] = ""

    new_records: Literal["handed_over", "all", "never"] = "handed_over"
    """Which leads get a record that the CRM does not have yet. `handed_over`: those that sales was offered; `all`;
    `never`. Whoever is in the CRM already is kept up to date, whatever stands here."""
    fields: dict[Told, FieldName] = Field(default_factory=dict)
    """In which field of the CRM something of a lead stands, where it is another than usual; `none`: in none.

    Example: {score: engagement_score, because: why_now, campaign: none}
    """
    status: FieldName | None = None
    """The field in which reps and we say how a handoff stands; absent: the CRM's own lead status.

    Example: sales_status
    """
    status_of: dict[HandoffState, Text] = Field(default_factory=dict)
    """What we write there when a handoff moves on here; `none`: we leave it as it is.

    Example: {offered: NEW, accepted: OPEN, rejected: UNQUALIFIED}
    """
    statuses: dict[FieldName, dict[Text, CrmMeaning]] = Field(default_factory=dict)
    """What reps say by the values of a field: `accepted`, `attempted`, `contacted`, `qualified`, `won`, `lost`,
    `rejected`, `nothing`; `rejected as no_budget` says the reason, too. Values that are not here mean what they
    usually do.

    Example: {hs_lead_status: {OPEN: accepted, CONNECTED: contacted, BAD_TIMING: rejected as not_ready}}
    """
    reasons: dict[Text, Identifier] = Field(default_factory=dict)
    """Which reject reason a word in the reason's field stands for, where it is neither its code nor its label.

    Example: {Too expensive: no_budget}
    """
    owner: FieldName | None = None
    """The field of the record's owner; absent: the CRM's own. A handoff's rep is written there when it changes.

    Example: hubspot_owner_id
    """

    @property
    def names(self) -> dict[Told, str]:
        """Which field holds what."""
        return {word: name for word, name in {**self.FIELDS, **self.fields}.items() if name != NONE}

    @property
    def status_field(self) -> str | None:
        """The field in which we, too, say how a handoff stands."""
        return self.status or self.STATUS

    @property
    def owner_field(self) -> str:
        """The field that names a record's owner."""
        return self.owner or self.OWNER

    def status_for(self, state: HandoffState | None) -> str | None:
        """What we write when a handoff moved to this state; None: nothing."""
        value = {**self.STATUS_OF, **self.status_of}.get(state, NONE) if state else NONE
        return None if value == NONE or self.status_field is None else value

    @property
    def heard(self) -> dict[str, Mapping[str, Meaning]]:
        """The fields by which reps say something, and what each value means."""
        usual = {
            name: said for name, said in self.STATUSES.items() if name != self.STATUS or self.status in (None, name)
        }
        return {name: {**usual.get(name, {}), **self.statuses.get(name, {})} for name in (*usual, *self.statuses)}

    @property
    def watched(self) -> tuple[str, ...]:
        """Every field that reps may set and we look at: what they say, how it stands, why not."""
        reason = self.names.get("reason")
        return tuple(dict.fromkeys([*self.heard, *filter(None, (self.status_field, reason))]))


class HubSpotTerms(CrmTerms):
    """HubSpot: contacts, found by their e-mail. Fields are called properties there."""

    FIELDS: ClassVar[Mapping[Told, str]] = {
        "stage": "nurture_stage", "grade": "nurture_grade", "score": "nurture_score", "cycle": "nurture_cycle",
        "campaign": "nurture_campaign", "handoff": "nurture_handoff", "because": "nurture_because",
        "owner": "nurture_owner", "url": "nurture_url", "reason": "nurture_reason",
    }  # fmt: skip
    STATUS: ClassVar[str | None] = "hs_lead_status"
    STATUS_OF: ClassVar[Mapping[HandoffState, str]] = {
        "offered": "NEW", "accepted": "OPEN", "contacted": "CONNECTED", "qualified": "OPEN_DEAL",
        "lost": "UNQUALIFIED", "rejected": "UNQUALIFIED",
    }  # fmt: skip
    STATUSES: ClassVar[Mapping[str, Mapping[str, Meaning]]] = {
        "hs_lead_status": {
            "NEW": Meaning("nothing"), "OPEN": Meaning("accepted"), "IN_PROGRESS": Meaning("accepted"),
            "OPEN_DEAL": Meaning("qualified"), "UNQUALIFIED": Meaning("rejected"),
            "ATTEMPTED_TO_CONTACT": Meaning("attempted"), "CONNECTED": Meaning("contacted"),
            "BAD_TIMING": Meaning("rejected"),
        },
        "lifecyclestage": {"customer": Meaning("won")},
    }  # fmt: skip
    OWNER: ClassVar[str] = "hubspot_owner_id"


class SalesforceTerms(CrmTerms):
    """Salesforce: leads, found by an external id of ours, or else by their e-mail."""

    FIELDS: ClassVar[Mapping[Told, str]] = {
        "stage": "Nurture_Stage__c", "grade": "Nurture_Grade__c", "score": "Nurture_Score__c",
        "cycle": "Nurture_Cycle__c", "campaign": "Nurture_Campaign__c", "handoff": "Nurture_Handoff__c",
        "because": "Nurture_Because__c", "owner": "Nurture_Owner__c", "url": "Nurture_Url__c",
        "reason": "Nurture_Reason__c",
    }  # fmt: skip
    STATUS: ClassVar[str | None] = "Status"
    STATUS_OF: ClassVar[Mapping[HandoffState, str]] = {
        "offered": "Open - Not Contacted", "contacted": "Working - Contacted",
        "lost": "Closed - Not Converted", "rejected": "Closed - Not Converted",
    }  # fmt: skip
    STATUSES: ClassVar[Mapping[str, Mapping[str, Meaning]]] = {
        "Status": {
            "Open - Not Contacted": Meaning("nothing"), "Working - Contacted": Meaning("contacted"),
            "Closed - Converted": Meaning("qualified"), "Closed - Not Converted": Meaning("rejected"),
        },
        "IsConverted": {"true": Meaning("qualified")},
    }  # fmt: skip
    OWNER: ClassVar[str] = "OwnerId"

    object: Literal["Lead", "Contact"] = "Lead"
    """Which records our leads are there. A contact has no status of its own: for it, name `status` and `statuses`."""
    external_id: FieldName = "Nurture_Key__c"
    """The field by which we find them again: text, unique, marked as external id."""

    @property
    def status_field(self) -> str | None:
        """The field in which we, too, say how a handoff stands; contacts have none of their own."""
        return self.status or (self.STATUS if self.object == "Lead" else None)

    @property
    def heard(self) -> dict[str, Mapping[str, Meaning]]:
        """The fields by which reps say something, and what each value means."""
        return super().heard if self.object == "Lead" else dict(self.statuses)


class Crm(Shape):
    """The CRMs in which sales works. Each is connected by the environment (docs/crm.md); here stand its fields."""

    hubspot: HubSpotTerms = HubSpotTerms()
    """HubSpot's contacts, where HUBSPOT_TOKEN is set.

    Example: {fields: {score: engagement_score}, reasons: {Too expensive: no_budget}}
    """
    salesforce: SalesforceTerms = SalesforceTerms()
    """Salesforce's leads or contacts, where SALESFORCE_URL is set.

    Example: {external_id: Nurture_Key__c, statuses: {Status: {Working: accepted, Junk: rejected as competitor}}}
    """
