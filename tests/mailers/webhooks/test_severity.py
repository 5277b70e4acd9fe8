import pytest

from nurture.mailers.severity import severity_in

CASES = [
    ("550 5.1.1 The email account that you tried to reach does not exist.", "soft", "hard"),
    ("smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", "soft", "hard"),
    ("550-5.1.1 first line\n550 5.1.1 second line", "soft", "hard"),
    ("552 5.2.2 The email account is over quota", "hard", "soft"),
    ("452 4.2.2 mailbox full", "hard", "soft"),
    ("550 5.7.1 Message rejected due to local policy", "hard", "policy"),
    ("550 5.7.26 This mail is unauthenticated (DMARC)", "hard", "policy"),
    ("550 5.7.1 <x>: Recipient address rejected: User unknown", "soft", "hard"),
    ("550 5.7.17 mailbox owner has changed", "soft", "hard"),
    ("421 4.7.0 [TSS04] temporarily deferred due to user complaints", "hard", "policy"),
    ("554 5.6.0 message content rejected", "hard", "policy"),
    ("550 5.4.7 delivery expired", "hard", "soft"),
    ("500 5.3.4 message too big", "hard", "policy"),
    ("550 5.1.8 sender's domain does not resolve", "hard", "policy"),
    ("550 5.0.0 no such user here", "soft", "hard"),
    ("554 5.0.0 blocked using zen.spamhaus.org", "hard", "policy"),
    ("554 rejected: listed in our block list", "hard", "policy"),
    ("550 User unknown", "soft", "hard"),
    ("552 mailbox is full", "hard", "soft"),
    ("451 try again later", "hard", "soft"),
    ("550 no", "hard", "hard"),
    ("550 no", "soft", "soft"),
    ("", "hard", "hard"),
    (None, "soft", "soft"),
    ("host 5.1.1.10 said: 550 mailbox full", "hard", "soft"),
    ("550 5.1.2.3 is no code", "hard", "hard"),
]


@pytest.mark.parametrize(("said", "provider_says", "severity"), CASES)
def test_a_servers_words_say_what_a_bounce_is(said, provider_says, severity):
    assert severity_in(said, provider_says) == severity


@pytest.mark.parametrize(
    ("status", "said", "severity"),
    [("5.1.1", "no", "hard"), ("5.7.1", "no", "policy"), ("5.0.0", "mailbox full", "soft"), ("550", "no", "hard")],
)
def test_a_code_that_is_given_apart_comes_first(status, said, severity):
    assert severity_in(said, "hard", status=status) == severity
