"""Hosts on one wire: network namespaces of our own, joined by a bridge in another. Nothing outside is touched.

A host that is cut off has its cable drawn from the bridge and left hanging: its own link stays up, and what it sends,
or is sent, goes nowhere without a word.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

WIRE = "10.77.77"
_NEWNET = 0x40000000
_NAMED = Path("/run/netns")


class NoNetwork(Exception):
    """Namespaces cannot be had here; the message says why."""


class Network:
    """The hosts, by name. Made by `network()`."""

    def __init__(self, mark: str, hosts: tuple[str, ...]) -> None:
        self._mark = mark
        self._number = {host: place for place, host in enumerate(hosts, start=1)}
        self._libc = ctypes.CDLL(None, use_errno=True)

    def address(self, host: str) -> str:
        """The address of a host."""
        return f"{WIRE}.{self._number[host]}"

    def host_of(self, address: str) -> str:
        """The name of the host that has this address."""
        return next(host for host in self._number if self.address(host) == address)

    @contextlib.contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """What this thread does meanwhile, it does on that host: sockets it makes, processes and threads it starts."""
        with Path("/proc/thread-self/ns/net").open() as ours, self._space(host).open() as theirs:
            self._enter(theirs.fileno())
            try:
                yield
            finally:
                self._enter(ours.fileno())

    def cut_off(self, host: str) -> None:
        """From now on nothing reaches this host, and nothing comes from it."""
        self._cable(host, "nomaster")

    def join_again(self, host: str) -> None:
        """Mend the wire."""
        self._cable(host, "master", "bridge")

    def make(self) -> None:
        wire = f"{self._mark}-wire"
        _ip("netns", "add", wire)
        _ip("-n", wire, "link", "add", "bridge", "type", "bridge")
        _ip("-n", wire, "link", "set", "bridge", "up")
        for host, number in self._number.items():
            space, port = f"{self._mark}-{host}", f"to-{number}"
            _ip("netns", "add", space)
            _ip("-n", wire, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("-n", wire, "link", "set", port, "master", "bridge", "up")
            _ip("-n", space, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                _ip("-n", space, "link", "set", device, "up")

    def drop(self) -> None:
        for name in ("wire", *self._number):
            with contextlib.suppress(NoNetwork):
                _ip("netns", "del", f"{self._mark}-{name}")

    def _cable(self, host: str, *whither: str) -> None:
        _ip("-n", f"{self._mark}-wire", "link", "set", f"to-{self._number[host]}", *whither)

    def _space(self, host: str) -> Path:
        return _NAMED / f"{self._mark}-{host}"

    def _enter(self, space: int) -> None:
        if self._libc.setns(space, _NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def network(*hosts: str) -> Iterator[Network]:
    """These hosts, for as long as the block lasts.

    Raises:
        NoNetwork: They cannot be had here.
    """
    if os.geteuid() != 0:
        raise NoNetwork("network namespaces need root")
    if shutil.which("ip") is None:
        raise NoNetwork("network namespaces need ip (iproute2)")
    _drop_leftovers()
    made = Network(f"nurture-{os.getpid()}", hosts)
    try:
        made.make()
        yield made
    finally:
        made.drop()


def _drop_leftovers() -> None:
    """Those of runs that were killed."""
    for left in _NAMED.glob("nurture-*") if _NAMED.is_dir() else ():
        pid = left.name.split("-")[1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(NoNetwork):
                _ip("netns", "del", left.name)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        raise NoNetwork(f"ip {' '.join(words)}: {done.stderr.strip()}")
