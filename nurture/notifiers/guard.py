"""Where a webhook may lead: never, by a name that anybody could have given another address, into our own network.

The URL stands in the environment, so whoever set it may mean a private address: one that is written as an address, or
as a name that the public DNS cannot have (`localhost`, `crm.internal`), is what it is. A public name that turns out to
lead to a private address is refused, unless `HANDOFF_WEBHOOK_ALLOW` lists the name or the network: DNS is not ours, and
by a name somebody else could have us post to a machine that only we can reach. What is sent goes to the very address
that was checked. (Standard Webhooks, "SSRF"; RFC 6761 and RFC 6762 for the names.)
"""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.request import getproxies, proxy_bypass

import httpx

from nurture.errors import NotifierError, SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OURS_ALONE = (".localhost", ".local", ".internal", ".home.arpa", ".test", ".invalid", ".example")
_METADATA = tuple(map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32")))
"""Addresses at which machines of a cloud tell whoever asks what nobody else should know."""
_GATEWAY, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")
"""Where version 4 lies behind a gateway (RFC 6052), and where it once lay (RFC 4291, 2.5.5.1)."""
MOST_TRIED = 3
"""So many addresses of one name are tried: a notice is leased for less than a minute."""


class Guard:
    """Finds the addresses of a URL's host, and lets those through that may be posted to."""

    def __init__(self, allowed: str = "", *, variable: str = "HANDOFF_WEBHOOK_ALLOW") -> None:
        """`allowed` lists host names and networks, with spaces or commas between them.

        Raises:
            SettingsError: One of them is neither.
        """
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for word in allowed.replace(",", " ").split():
            if network := _network(word):
                self._networks.append(network)
            elif "/" in word or ":" in word:
                raise SettingsError(f"{variable}: {word!r} is neither a host name nor a network such as 10.0.0.0/8")
            else:
                self._hosts.add(word.lower().rstrip("."))

    def addresses(self, url: httpx.URL) -> Sequence[str] | None:
        """The addresses to try, in order; None where a proxy finds them itself.

        Raises:
            NotifierError: The name has no address, or one that it may not have.
        """
        if _by_proxy(url):
            return None
        host = url.host.lower().rstrip(".")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NotifierError("could not be reached: its name has no address") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        refused = [one for one in addresses if not self._may(host, ipaddress.ip_address(one.partition("%")[0]))]
        if refused:
            raise NotifierError(
                "not sent: its name leads into a private network; if that is meant, list it in HANDOFF_WEBHOOK_ALLOW"
            )
        return addresses[:MOST_TRIED]

    def _may(self, host: str, address: Address) -> bool:
        if host in self._hosts or any(address in network for network in self._networks):
            return True
        address = _inner(address)
        if any(address in network for network in _METADATA):
            return False
        return address.is_global or _is_private_by_name(host)


def _inner(address: Address) -> Address:
    """The address of version 4 that one of version 6 stands for, where it does; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _GATEWAY or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_private_by_name(host: str) -> bool:
    """Whether the host is written as an address, or as a name that no public server can answer for."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.endswith(_OURS_ALONE)
    return True


def _network(word: str) -> Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def _by_proxy(url: httpx.URL) -> bool:
    """Whether a proxy that the environment names takes it: then where it leads is for that proxy to see to."""
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)
