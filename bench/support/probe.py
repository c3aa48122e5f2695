# SPDX-License-Identifier: ISC
"""Does traffic flow? One echo request every 20 ms from a node, and which of them were answered."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from .inside import network_of

if TYPE_CHECKING:
    from hearthlab import Lab

INTERVAL = 0.02
ECHO_REQUEST, ECHO_REPLY = 128, 129
ICMPV6_FILTER = 1
STEADY = 25  # so many answers in a row mean that traffic flows


class Probe:
    """Pings `target` from `node` (from `source`, if given) until stopped."""

    def __init__(self, lab: Lab, node: str, target: str, source: str = ""):
        self.target = target
        self.sent: list[float] = []
        self.answered: dict[int, float] = {}  # sequence number -> when the answer came
        blocked = bytearray(b"\xff" * 32)
        blocked[ECHO_REPLY // 8] &= ~(1 << (ECHO_REPLY % 8)) & 0xFF
        with network_of(lab, node):
            self._socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                         socket.IPPROTO_ICMPV6)
        self._socket.setsockopt(socket.IPPROTO_ICMPV6, ICMPV6_FILTER, _native(bytes(blocked)))
        if source:
            self._socket.bind((source, 0))
        self._identifier = id(self) & 0xFFFF
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more."""
        if self._running:
            self._running = False
            self._thread.join()
            self._socket.close()

    def _run(self) -> None:
        due = time.time()
        while self._running:
            self._send()
            due = max(due + INTERVAL, time.time())
            while (left := due - time.time()) > 0:
                if select.select([self._socket], [], [], left)[0]:
                    self._receive()

    def _send(self) -> None:
        number = len(self.sent)
        packet = struct.pack("!BBHHHI", ECHO_REQUEST, 0, 0, self._identifier, number & 0xFFFF, number)
        self.sent.append(time.time())
        try:
            self._socket.sendto(packet, (self.target, 0))
        except OSError:
            pass  # no address or no route yet: an unanswered request

    def _receive(self) -> None:
        now = time.time()
        try:
            data = self._socket.recv(2048)
        except OSError:
            return
        if len(data) >= 12:
            _, _, _, identifier, _, number = struct.unpack_from("!BBHHHI", data)
            if identifier == self._identifier:
                self.answered.setdefault(number, now)

    # --- asking -------------------------------------------------------------------------------------------------

    def first_answer(self, since: float) -> float | None:
        """When the first answer came to a request that was sent after `since`."""
        return next((self.answered[number] for number, sent in enumerate(list(self.sent))
                     if sent >= since and number in self.answered), None)

    def flows(self) -> bool:
        """Whether the last requests were all answered (but for those just under way)."""
        last = len(self.sent) - 3
        return last > STEADY and all(number in self.answered for number in range(last - STEADY, last))

    def outage(self, since: float) -> float:
        """Seconds from `since` to the answered request after the last unanswered one; 0 if none was lost.

        To be called when traffic flows again."""
        known = len(self.sent) - 3
        lost = [number for number in range(known) if self.sent[number] >= since and number not in self.answered]
        if not lost:
            return 0.0
        return self.sent[min(lost[-1] + 1, known)] - since

    def lost(self, since: float) -> int:
        """How many requests sent after `since` were not answered."""
        return sum(1 for number in range(len(self.sent) - 3)
                   if self.sent[number] >= since and number not in self.answered)


def _native(mask: bytes) -> bytes:
    """The kernel's filter is of 32-bit words in its own byte order."""
    return b"".join(struct.pack("=I", int.from_bytes(mask[at:at + 4], "little")) for at in range(0, 32, 4))
