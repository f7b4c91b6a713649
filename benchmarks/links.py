"""Two hosts on one machine: network namespaces, tied by a link of a given latency and bandwidth.

It takes root and Linux. The kernel's ``tbf`` limits a veth pair's bandwidth. Latency is not in
every kernel (``netem``): the link is then a pair of TUN devices, between which this process carries
packets, each at its time.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isograd.scaling.request import Link

TUNSETIFF = 0x400454CA
TUN_WITHOUT_HEADER = 0x0001 | 0x1000

HEADERS = 1514 / 1448
"""Bytes on an Ethernet for each byte of a TCP stream: Ethernet, IP, TCP and its timestamps."""

QUEUE_S = 2.0
"""What may wait before a link; more is lost, as in a switch."""


@dataclass(frozen=True)
class Hosts:
    """``names`` are namespaces, ``addresses`` theirs on the link, ``interface`` its device."""

    names: tuple[str, str]
    addresses: tuple[str, str]
    interface: str

    def prefix(self, address: str) -> Sequence[str]:
        """What is put before a command so that the host of this address runs it."""
        name = self.names[self.addresses.index(address)]
        return ("ip", "netns", "exec", name)


def why_not() -> str:
    """Why there can be no such hosts here; empty where there can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "network namespaces need ip and tc (iproute2)"
    probe = subprocess.run(["ip", "netns", "add", f"isograd-probe-{os.getpid()}"], check=False)
    if probe.returncode:
        return "this system lets nobody make network namespaces"
    _ip("netns", "del", f"isograd-probe-{os.getpid()}")
    return ""


@contextlib.contextmanager
def two_hosts(link: Link | None = None) -> Iterator[Hosts]:
    """Two namespaces and what ties them: as fast as the machine, or as this link."""
    names = (f"isograd-{os.getpid()}-a", f"isograd-{os.getpid()}-b")
    addresses = ("10.77.0.1", "10.77.0.2")
    slow = link is not None and link.latency_s > 0
    try:
        for name in names:
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        if slow:
            assert link is not None
            with _relay(names, link):
                _address(names, addresses, "link0")
                yield Hosts(names, addresses, "link0")
        else:
            _pair(names, link)
            _address(names, addresses, "link0")
            yield Hosts(names, addresses, "link0")
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def _pair(names: tuple[str, str], link: Link | None) -> None:
    first, second = names
    peer = ("peer", "name", "link0", "netns", second)
    _ip("link", "add", "link0", "netns", first, "type", "veth", *peer)
    for name in names if link else ():
        assert link is not None
        rate = f"{round(link.bandwidth * 8)}bit"
        # What may pass at once must hold a piece that the kernel hands over, and be small: it is
        # bandwidth that nobody pays for.
        _ip("-n", name, "link", "set", "link0", "gso_max_size", "6000")
        limit = ("burst", "16kb", "latency", f"{QUEUE_S:g}s")
        _run("tc", "-n", name, "qdisc", "add", "dev", "link0", "root", "tbf", "rate", rate, *limit)


def _address(names: tuple[str, str], addresses: tuple[str, str], device: str) -> None:
    for name, address in zip(names, addresses, strict=True):
        _ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
        _ip("-n", name, "link", "set", device, "up")


@contextlib.contextmanager
def _relay(names: tuple[str, str], link: Link) -> Iterator[None]:
    """Carries packets between two TUN devices while it is open, one thread for each direction."""
    ends = [_tun(name) for name in names]
    stop = threading.Event()
    threads = [
        threading.Thread(target=_carry, args=(*pair, link, stop), daemon=True)
        for pair in (tuple(ends), tuple(ends[::-1]))
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for end in ends:
            os.close(end)


def _tun(name: str) -> int:
    """A TUN device ``link0``, moved into the namespace; its packets are read and written here."""
    device = f"tun{os.getpid() % 100000}{name[-1]}"
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", device.encode(), TUN_WITHOUT_HEADER))
    _ip("link", "set", device, "netns", name, "name", "link0")
    return end


def _carry(source: int, target: int, link: Link, stop: threading.Event) -> None:
    """A packet leaves when those before it have, and arrives after the latency."""
    waiting: list[tuple[float, int, bytes]] = []
    free = 0.0
    number = 0
    while not stop.is_set():
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            with contextlib.suppress(OSError):
                os.write(target, heapq.heappop(waiting)[2])
        wait = min(max(waiting[0][0] - now, 0.0), 0.05) if waiting else 0.05
        ready, _, _ = select.select([source], [], [], wait)
        now = time.monotonic()
        for _ in range(64 if ready else 0):
            try:
                packet = os.read(source, 65536)
            except OSError:
                break
            free = max(free, now) + len(packet) * link.second_per_byte
            if free - now < QUEUE_S:
                heapq.heappush(waiting, (free + link.latency_s, number, packet))
                number += 1


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True)
