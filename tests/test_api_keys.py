"""`API_KEY` and `API_RATE`, as the environment says them."""

from pathlib import Path

import pytest

from nurture.errors import SettingsError
from nurture.settings import Settings, read_settings


def read(tmp_path: Path, **environ: str) -> Settings:
    return read_settings({"NURTURE_WORKSPACE": str(tmp_path), **environ})


def test_one_key_is_called_api_and_several_have_names(tmp_path: Path) -> None:
    assert read(tmp_path).api_keys == {}
    assert read(tmp_path, API_KEY="long-random").api_keys == {"long-random": "api"}
    assert read(tmp_path, API_KEY="hubspot:k1, mail:k2=").api_keys == {"k1": "hubspot", "k2=": "mail"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("two words", "API_KEY: the key has a space"),
        ("hubspot:k1,k2", "API_KEY: part 2 has no name; say hubspot:KEY,reports:KEY"),
        ("HubSpot:k1", "API_KEY: the name in part 1 is no word of a-z"),
        ("crm:k1,crm:k2", "API_KEY: the name crm is there twice"),
        ("crm:k1,erp:k1", "API_KEY: crm and erp have the same key"),
        ("crm:", "API_KEY: the key of crm is empty"),
    ],
)
def test_what_is_wrong_with_keys_is_said_without_them(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, API_KEY=text)
    assert str(refused.value).startswith(message)
    assert "k1" not in str(refused.value)


def test_calls_a_minute_are_a_number(tmp_path: Path) -> None:
    assert [read(tmp_path).api_rate, read(tmp_path, API_RATE="0").api_rate] == [6000, 0]
    with pytest.raises(SettingsError, match=r"^API_RATE: 'many' is not a whole number from 0 to 1000000"):
        read(tmp_path, API_RATE="many")
