# SPDX-License-Identifier: ISC
"""What the kernels of all nodes of a lab hold, and since when: rtnetlink's notifications as they come.

One thread reads one socket a node. Times are the machine's clock (time.time()), as in hearthd's log lines.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterable

from . import netlink
from .inside import network_of
from .netlink import Address, Hop, Network, Route

if TYPE_CHECKING:
    from hearthlab import Lab


@dataclass
class Fact:
    """Something a kernel holds."""

    since: float  # when it last came
    value: object  # Address: whether it is usable for new connections; Route: its Hop
    changed: float  # when its value last changed


@dataclass(frozen=True)
class Change:
    """One line of history."""

    at: float
    node: str
    what: Address | Route
    came: bool
    value: object


class KernelWatch:
    """Facts and history of several kernels, from now until close()."""

    def __init__(self, lab: Lab, nodes: Iterable[str]):
        self.facts: dict[str, dict[Address | Route, Fact]] = {}
        self.devices: dict[str, dict[int, str]] = {}
        self.history: list[Change] = []
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        for node in nodes:
            self._open(lab, node)
        self._running = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> KernelWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop watching."""
        self._running = False
        self._thread.join()
        self._selector.close()
        for item in self._sockets:
            item.close()

    def _open(self, lab: Lab, node: str) -> None:
        self.facts[node], self.devices[node] = {}, {}
        with network_of(lab, node):
            listener = netlink.open_socket()
        self._sockets.append(listener)
        for request in netlink.dumps():
            listener.send(request)
            done = False
            while not done:
                for message in netlink.parse(listener.recv(1 << 18)):
                    done = done or message is None
                    if message:
                        self._take(time.time(), node, message)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, node)

    def _read(self) -> None:
        while self._running:
            for key, _ in self._selector.select(0.1):
                now = time.time()
                try:
                    data = key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
                except (BlockingIOError, OSError):
                    continue
                with self._lock:
                    for message in netlink.parse(data):
                        if message:
                            self._take(now, key.data, message)

    def _take(self, now: float, node: str, message: netlink.Message) -> None:
        facts, what = self.facts[node], message.what
        if isinstance(what, int):
            if message.came:
                self.devices[node][what] = str(message.value)
            return
        known = facts.get(what)
        if not message.came:
            if facts.pop(what, None) is None:
                return
        elif known is None:
            facts[what] = Fact(now, message.value, now)
        elif known.value == message.value:
            return
        else:
            if isinstance(known.value, Hop) and not known.value.unicast:
                known.since = now  # leads somewhere again
            known.value, known.changed = message.value, now
        self.history.append(Change(now, node, what, message.came, message.value))

    # --- asking -------------------------------------------------------------------------------------------------

    def addresses(self, node: str) -> list[tuple[str, Address, Fact]]:
        """The usable addresses of a node (no tentative, no deprecated ones), with the name of the interface."""
        with self._lock:
            return [(self.devices[node].get(what.device, "?"), what, fact)
                    for what, fact in self.facts[node].items() if isinstance(what, Address) and fact.value]

    def routes(self, node: str) -> list[tuple[Route, Fact]]:
        """The routes of a node that lead somewhere."""
        with self._lock:
            return [(what, fact) for what, fact in self.facts[node].items()
                    if isinstance(what, Route) and isinstance(fact.value, Hop) and fact.value.unicast]

    def route_since(self, node: str, destination: Network, source: Network | None = None) -> float | None:
        """Since when a node has a route to exactly that destination (for exactly that source, if given)."""
        times = [fact.since for route, fact in self.routes(node)
                 if route.destination == destination and source in (None, route.source)]
        return min(times, default=None)

    def next_hop(self, node: str, destination: Network) -> str:
        """The interface by which a node's best route to exactly that destination leaves; empty if there is none."""
        found = [(route.metric, fact.value) for route, fact in self.routes(node) if route.destination == destination]
        if not found:
            return ""
        hop = min(found, key=lambda pair: pair[0])[1]
        return self.devices[node].get(hop.device, "") if isinstance(hop, Hop) else ""

    def changes(self, since: float) -> list[Change]:
        """The history from a moment on."""
        with self._lock:
            return [change for change in self.history if change.at >= since]


def wait_for(condition: Callable[[], bool], timeout: float, step: float = 0.05) -> bool:
    """Look again and again; False when the time is up. When it became true is read from the facts, not from here."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True
