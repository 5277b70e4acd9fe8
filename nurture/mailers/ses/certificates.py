"""Fetches what SNS has at its own host: certificates, once each, and the answer to a confirmation."""

import threading
from collections import OrderedDict

import httpx

from nurture.mailers.ses.sns import Fetch

TIMEOUT = 10.0
_MOST = 64 * 1024
_KEPT = 16


def fetched(url: str) -> bytes:
    """Give what a URL has, up to 64 KB, without following redirects. Whoever calls has checked the host.

    Raises:
        OSError: It cannot be had.
    """
    content = b""
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT, follow_redirects=False, trust_env=False) as answer:
            if answer.status_code != 200:
                raise OSError(f"Amazon SNS answers {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                if len(content) > _MOST:
                    raise OSError("Amazon SNS answers with more than is expected")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"Amazon SNS cannot be reached: {type(error).__name__}") from None
    return content


class Certificates:
    """Certificates that were fetched, the latest few. SNS changes its own once a year or so."""

    def __init__(self, fetch: Fetch = fetched) -> None:
        """`fetch` is asked once for each."""
        self._fetch = fetch
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, url: str) -> bytes:
        """Give a certificate.

        Raises:
            OSError: It cannot be had.
        """
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None:
            return kept
        found = self._fetch(url)
        with self._lock:
            self._kept[url] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found
