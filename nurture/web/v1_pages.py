"""What can be read below `/v1/`: a client's settings, and the description of the whole."""

import re
from collections.abc import Callable

import orjson

from nurture.settings import Settings
from nurture.web import v1_answers as answers
from nurture.web.client_settings import client_settings
from nurture.web.keys import WriteKeys
from nurture.web.openapi import document
from nurture.web.v1_answers import Answer, answer

_SETTINGS = re.compile(r"/v1/projects/([^/]+)/settings")


def pages(settings: Settings) -> Callable[[str, str], Answer]:
    """A function that answers a method and a path (without a slash at its end) that take no events."""
    keys = WriteKeys(settings.write_keys)
    described = answer(200, orjson.dumps(document(settings.base_url)))

    def read(method: str, path: str) -> Answer:
        found = _SETTINGS.fullmatch(path)
        if found is None and path != "/v1/openapi.json":
            return answers.NOT_FOUND
        if method not in ("GET", "HEAD"):
            return answers.NOT_GET
        if found is None:
            return described
        if keys.name_of(found[1]) is None:
            return answers.NO_SUCH_KEY
        return answer(200, orjson.dumps(client_settings(found[1], settings.base_url)))

    return read
