"""What each provider can say, and what is made of it: whole tables of their words."""

import json

import pytest

from nurture.mailers.webhooks import WEBHOOKS


def read(provider, said, kind="application/json", **headers):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return WEBHOOKS[provider].read(body, kind, headers)


def told(event):
    return event.type, event.reject_reason, event.severity


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("HardBounce", ("bounced", "bounced", "hard")),
        ("SoftBounce", ("bounced", "bounced", "soft")),
        ("VirusNotification", ("bounced", "other", "policy")),
        ("Transient", ("deferred", None, None)),
        ("DnsError", ("deferred", None, None)),
        ("OpenRelayTest", ("deferred", None, None)),
        ("Unsubscribe", ("unsubscribed", "unsubscribed", None)),
        ("Subscribe", ("subscribed", None, None)),
        ("AutoResponder", ("autoresponded", None, None)),
        ("AddressChange", ("autoresponded", None, None)),
        ("ChallengeVerification", ("autoresponded", None, None)),
        ("SpamNotification", ("complained", "spam", None)),
        ("SpamComplaint", ("complained", "spam", None)),
        ("BadEmailAddress", ("rejected", "invalid", None)),
        ("ManuallyDeactivated", ("rejected", "blocked", None)),
        ("Blocked", ("rejected", "blocked", None)),
        ("DMARCPolicy", ("rejected", "blocked", None)),
        ("Unconfirmed", ("rejected", None, None)),
        ("SMTPApiError", ("failed", None, None)),
        ("TemplateRenderingFailed", ("failed", None, None)),
        ("InboundError", ("inbound_failed", None, None)),
        ("Unknown", ("unknown", None, None)),
        ("OfTomorrow", ("bounced", None, "soft")),
    ],
)
def test_postmarks_types_of_bounces(type_, expected):
    (event,) = read("postmark", {"RecordType": "Bounce", "Type": type_, "ID": 7, "Email": "a@b.example"})
    assert told(event) == expected
    assert (event.event_id, event.recipient) == ("7", "a@b.example")


def test_postmarks_words_decide_what_a_bounce_is():
    said = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Details": "smtp;550 5.7.1 blocked for spam"}
    assert told(read("postmark", said)[0]) == ("bounced", "bounced", "policy")


def test_an_event_to_which_postmark_gives_no_id_has_one_by_what_it_says():
    said = {
        "RecordType": "Delivery",
        "MessageID": "m",
        "Recipient": "a@b.example",
        "DeliveredAt": "2026-01-01T00:00:00Z",
    }
    first, again = read("postmark", said), read("postmark", {**said, "Tag": "t"})
    other = read("postmark", {**said, "MessageID": "n"})
    assert first[0].event_id == again[0].event_id != other[0].event_id
    assert first[0].event_id


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"event": "processed"}, ("queued", None, None)),
        ({"event": "delivered"}, ("delivered", None, None)),
        ({"event": "deferred"}, ("deferred", None, None)),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, ("bounced", None, "hard")),
        ({"event": "bounce", "type": "bounce"}, ("bounced", None, "hard")),
        ({"event": "bounce", "type": "blocked"}, ("bounced", None, "soft")),
        ({"event": "blocked"}, ("bounced", None, "soft")),
        ({"event": "bounce", "type": "blocked", "bounce_classification": "Reputation"}, ("bounced", None, "policy")),
        ({"event": "bounce", "type": "bounce", "bounce_classification": "Content"}, ("bounced", None, "policy")),
        ({"event": "bounce", "bounce_classification": "Mailbox Unavailable"}, ("bounced", None, "soft")),
        ({"event": "bounce", "type": "blocked", "bounce_classification": "Invalid Address"}, ("bounced", None, "hard")),
        ({"event": "bounce", "type": "bounce", "reason": "550 5.7.1 policy"}, ("bounced", None, "policy")),
        ({"event": "dropped", "reason": "Bounced Address"}, ("rejected", "bounced", None)),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, ("rejected", "unsubscribed", None)),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, ("rejected", "spam", None)),
        ({"event": "dropped", "reason": "Invalid"}, ("rejected", "invalid", None)),
        ({"event": "dropped", "reason": "Spam Content"}, ("rejected", "other", None)),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, ("rejected", "other", None)),
        ({"event": "dropped"}, ("rejected", "other", None)),
        ({"event": "open"}, ("opened", None, None)),
        ({"event": "click"}, ("clicked", None, None)),
        ({"event": "spamreport"}, ("complained", None, None)),
        ({"event": "unsubscribe"}, ("unsubscribed", None, None)),
        ({"event": "group_unsubscribe"}, ("unsubscribed", None, None)),
        ({"event": "group_resubscribe"}, ("subscribed", None, None)),
        ({"event": "account_status_change"}, ("unknown", None, None)),
    ],
)
def test_sendgrids_events(said, expected):
    assert told(read("sendgrid", [said])[0]) == expected


def test_what_sendgrid_calls_a_machines_open_is_one():
    said = [{"event": "open", "sg_machine_open": machine} for machine in (True, False)]
    assert [event.automatic for event in read("sendgrid", said)] == [True, False]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"event": "accepted"}, ("queued", None, None)),
        ({"event": "delivered"}, ("delivered", None, None)),
        ({"event": "failed", "severity": "temporary", "reason": "generic"}, ("deferred", "other", None)),
        ({"event": "failed", "severity": "permanent", "reason": "bounce"}, ("bounced", "bounced", "hard")),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-bounce"}, ("bounced", "bounced", "hard")),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-complaint"}, ("rejected", "spam", None)),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"},
         ("rejected", "unsubscribed", None)),
        ({"event": "failed", "severity": "permanent", "reason": "old"}, ("bounced", "timed_out", "soft")),
        ({"event": "failed", "severity": "permanent", "reason": "espblock"}, ("bounced", "blocked", "policy")),
        ({"event": "failed", "severity": "permanent", "reason": "generic",
          "delivery-status": {"code": 552, "message": "mailbox full"}}, ("bounced", "other", "soft")),
        ({"event": "rejected", "reject": {"reason": "virus"}}, ("rejected", "other", None)),
        ({"event": "opened"}, ("opened", None, None)),
        ({"event": "clicked"}, ("clicked", None, None)),
        ({"event": "unsubscribed"}, ("unsubscribed", None, None)),
        ({"event": "complained"}, ("complained", None, None)),
        ({"event": "stored"}, ("unknown", None, None)),
    ],
)  # fmt: skip
def test_mailguns_events(said, expected):
    assert told(read("mailgun", {"signature": {"token": "t"}, "event-data": said})[0]) == expected


@pytest.mark.parametrize(
    ("bounce", "expected"),
    [
        (("Permanent", "General", "5.1.1"), ("bounced", "bounced", "hard")),
        (("Permanent", "General", "5.7.1"), ("bounced", "bounced", "policy")),
        (("Permanent", "General", None), ("bounced", "bounced", "hard")),
        (("Permanent", "NoEmail", None), ("bounced", "bounced", "hard")),
        (("Permanent", "Suppressed", None), ("bounced", "bounced", "hard")),
        (("Permanent", "OnAccountSuppressionList", None), ("bounced", "bounced", "hard")),
        (("Permanent", "UnsubscribedRecipient", None), ("rejected", "unsubscribed", None)),
        (("Transient", "General", None), ("bounced", "bounced", "soft")),
        (("Transient", "MailboxFull", None), ("bounced", "bounced", "soft")),
        (("Transient", "CustomTimeoutExceeded", None), ("bounced", "bounced", "soft")),
        (("Transient", "MessageTooLarge", None), ("bounced", "bounced", "policy")),
        (("Transient", "ContentRejected", None), ("bounced", "bounced", "policy")),
        (("Transient", "AttachmentRejected", None), ("bounced", "bounced", "policy")),
        (("Undetermined", "Undetermined", None), ("bounced", "bounced", "soft")),
    ],
)
def test_amazons_bounces(bounce, expected):
    kind, subtype, status = bounce
    who = [{"emailAddress": "a@b.example", "status": status}]
    said = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": who}
    for name in ("eventType", "notificationType"):
        (event,) = read("ses", {"Type": "Notification", "Message": json.dumps({name: "Bounce", "bounce": said})})
        assert told(event) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"eventType": "Send"}, ("sent", None, None)),
        ({"eventType": "Delivery"}, ("delivered", None, None)),
        ({"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "MailboxFull"}}, ("deferred", None, None)),
        ({"eventType": "Complaint", "complaint": {}}, ("complained", "spam", None)),
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}}, ("rejected", "blocked", None)),
        ({"eventType": "Rendering Failure"}, ("failed", None, None)),
        ({"eventType": "Open"}, ("opened", None, None)),
        ({"eventType": "Click"}, ("clicked", None, None)),
        ({"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": True}}},
         ("unsubscribed", "unsubscribed", None)),
        ({"eventType": "Subscription", "subscription": {"newTopicPreferences": {"unsubscribeAll": False}}},
         ("unknown", None, None)),
        ({"eventType": "AmazonOfTomorrow"}, ("unknown", None, None)),
    ],
)  # fmt: skip
def test_amazons_events(said, expected):
    (event,) = read("ses", {"Type": "Notification", "MessageId": "i", "Message": json.dumps(said)})
    assert told(event) == expected


def test_each_recipient_of_amazons_events_is_an_event():
    said = {"eventType": "Bounce", "bounce": {"bouncedRecipients": [{"emailAddress": x} for x in ("a@b.c", "d@e.f")]}}
    assert [event.recipient for event in read("ses", {"Type": "Notification", "Message": json.dumps(said)})] == [
        "a@b.c",
        "d@e.f",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"Type": "UnsubscribeConfirmation", "Message": "You have chosen to deactivate…"},
        {"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe…"},
        {"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES event publishing."},
    ],
)
def test_what_amazon_says_of_the_subscription_is_no_event(said):
    assert read("ses", said) == []


def words(said):
    return {"bounce": {"message": said}}


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        ("email.sent", {}, ("sent", None, None)),
        ("email.scheduled", {}, ("queued", None, None)),
        ("email.delivered", {}, ("delivered", None, None)),
        ("email.delivery_delayed", {}, ("deferred", None, None)),
        ("email.complained", {}, ("complained", None, None)),
        ("email.bounced", {}, ("bounced", "other", "hard")),
        ("email.bounced", words("sent a hard bounce message."), ("bounced", "bounced", "hard")),
        ("email.bounced", words("sent a general bounce message."), ("bounced", "bounced", "soft")),
        ("email.bounced", words("sent a bounce message because the inbox was full."), ("bounced", "bounced", "soft")),
        ("email.bounced", words("Resend has suppressed sending to this address."), ("bounced", "blocked", "hard")),
        ("email.bounced", words("550 5.7.1 policy"), ("bounced", "other", "policy")),
        (
            "email.bounced",
            words("sent a bounce message because it contained content X."),
            ("bounced", "bounced", "policy"),
        ),
        (
            "email.bounced",
            words("sent a bounce message because it had an attachment."),
            ("bounced", "bounced", "policy"),
        ),
        ("email.bounced", words("sent a bounce message without enough information."), ("bounced", "bounced", "soft")),
        ("email.bounced", {"bounce": {"type": "Permanent", "subType": "Suppressed"}}, ("bounced", "other", "hard")),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "General"}}, ("bounced", "other", "soft")),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "MailboxFull"}}, ("bounced", "other", "soft")),
        (
            "email.bounced",
            {"bounce": {"type": "Transient", "subType": "ContentRejected"}},
            ("bounced", "other", "policy"),
        ),
        ("email.bounced", {"bounce": {"type": "Undetermined"}}, ("bounced", "other", "soft")),
        ("email.opened", {}, ("opened", None, None)),
        ("email.clicked", {}, ("clicked", None, None)),
        ("email.failed", {"failed": {"reason": "reached_daily_quota"}}, ("failed", None, None)),
        ("email.suppressed", {}, ("rejected", "bounced", None)),
        ("email.suppressed", {"suppressed": {"type": "OnComplaintList"}}, ("rejected", "spam", None)),
        ("email.of_tomorrow", {}, ("unknown", None, None)),
    ],
)
def test_resends_events(type_, data, expected):
    (event,) = read("resend", {"type": type_, "data": {"to": ["a@b.example"], **data}}, **{"svix-id": "msg_9"})
    assert told(event) == expected
    assert (event.event_id, event.recipient) == ("msg_9", "a@b.example")


@pytest.mark.parametrize("type_", ["contact.created", "domain.updated", "suppression.added"])
def test_what_resend_says_of_other_things_is_no_event(type_):
    assert read("resend", {"type": type_, "data": {}}) == []


TOKEN = "d.To-ken_x"


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("postmark", {"RecordType": "Delivery", "Metadata": {"nurture": TOKEN}}),
        ("sendgrid", [{"event": "delivered", "nurture": TOKEN}]),
        ("mailgun", {"event-data": {"event": "delivered", "user-variables": {"nurture": TOKEN}}}),
        ("ses", {"eventType": "Delivery", "mail": {"tags": {"nurture": ["d-To-ken_x"]}}}),
        ("ses", {"notificationType": "Delivery", "mail": {"headers": [{"name": "Message-ID", "value": TOKEN}]}}),
        ("resend", {"type": "email.delivered", "data": {"tags": {"nurture": "d-To-ken_x"}}}),
        ("resend", {"type": "email.delivered", "data": {"tags": [{"name": "nurture", "value": "d-To-ken_x"}]}}),
    ],
)
def test_a_report_names_the_delivery_that_the_mail_was_tagged_with(provider, said):
    assert read(provider, said)[0].delivery == TOKEN


def test_without_a_variable_our_message_id_names_the_delivery():
    assert read("sendgrid", [{"event": "delivered", "smtp-id": "<d.x@y>"}])[0].delivery == "<d.x@y>"
    said = {"event-data": {"event": "delivered", "message": {"headers": {"message-id": "d.x@y"}}}}
    assert read("mailgun", said)[0].delivery == "<d.x@y>"
