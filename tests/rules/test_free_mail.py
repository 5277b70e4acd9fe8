import pytest

from nurture.rules.free_mail import is_free_mail


@pytest.mark.parametrize(
    "address",
    [
        "ann@gmail.com",
        "ann@GMAIL.com",
        "ann@yahoo.com",
        "ann@yahoo.co.uk",
        "ann@hotmail.fr",
        "ann@outlook.com.br",
        "ann@gmx.de",
        "ann@gmx.net",
        "ann@qq.com",
        "ann@mail.ru",
        "ann@proton.me",
        "ann@live.nl",
        "ann@web.de",
        "gmail.com",
    ],
)
def test_private_mailboxes(address):
    assert is_free_mail(address)


@pytest.mark.parametrize(
    "address",
    [
        "ann@acme.example",
        "ann@yahoo-inc.com",
        "ann@corp.gmail.com",
        "ann@yahoo.corp.com",
        "ann@live.studio.com",
        "ann@outlook.bank",
        "ann@notgmail.com",
        "ann@gmail.com.evil.example",
        "ann@live.co.example",
        "",
        "@",
        "ann@live.tv",
        "ann@outlook.io",
    ],
)
def test_companies(address):
    assert not is_free_mail(address)
