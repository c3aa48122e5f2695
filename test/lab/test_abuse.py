#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What one neighbour without credentials, or one pulled plug, must not be able to do to a whole home.

Each test was written when it failed; those marked as expected failures still do. The attacker is the host `pc`: this
file is run again inside it (`python3 - inside ATTACK LINK LAB`, from standard input: not every folder is seen there).
"""

import ipaddress
import os
import random
import select
import socket
import struct
import sys
import time
import unittest
from pathlib import Path

INSIDE = len(sys.argv) == 5 and sys.argv[1] == "inside"
if INSIDE:
    sys.path.insert(0, sys.argv[4])
    LabTest = unittest.TestCase
else:
    from common import HOMES, ROOT, LabTest, describe

from hearthlab import Lab, checks, hostile  # noqa: E402
from hearthlab import tlv as t  # noqa: E402

BABEL_PORT, BABEL_GROUP = 6696, "ff02::1:6"
LINES_A_SECOND = 30  # that a neighbour may cause in one router's log, over some seconds
TOP = 0xFFFFFFFE  # a node identifier that wins all ties


# --- inside the host ------------------------------------------------------------------------------------------------


def _ipv4(address: str, length: int) -> bytes:
    """A Delegated-Prefix TLV for an IPv4 prefix."""
    octets = bytes(10) + b"\xff\xff" + socket.inet_aton(address)[:(length + 7) // 8]
    return t.tlv(t.DELEGATED_PREFIX, struct.pack("!IIB", 600, 600, 96 + length) + octets)


def poison(link: str) -> None:
    """Be the greatest node, own a ULA of one /64 and somebody's public IPv4 network, then leave."""
    hostile.ME = TOP
    stranger = hostile.Stranger(link)
    stranger.look_around()
    peer = hostile.Peer(stranger, TOP)
    peer.publish(t.tlv(t.EXTERNAL_CONNECTION, t.delegated("fd00:bad:bad:77::/64", valid=600) + _ipv4("8.8.8.0", 24)))
    peer.push()
    peer.live(4)
    _leave(stranger, peer)


def _leave(stranger: hostile.Stranger, peer: hostile.Peer) -> None:
    """Node data without peers, and no Node-Endpoint: that is how one says goodbye."""
    state = t.node_state(peer.node, peer.nodes[peer.node][0] + 1, t.version())
    for to in [*stranger.heard, hostile.GROUP]:
        stranger.send(state, to)


def hog(link: str) -> None:
    """Assign all of both providers' prefixes to this one link, then leave."""
    hostile.ME = TOP
    stranger = hostile.Stranger(link)
    stranger.look_around()
    peer = hostile.Peer(stranger, TOP)
    peer.publish(*[t.assigned(prefix, 1, 15) for prefix in ("2001:db8:a002::/56", "2001:db8:b002::/56")])
    peer.push()
    peer.live(4)
    _leave(stranger, peer)


def slander(link: str) -> None:
    """Say of every router on the link, in its own name, that it knows nobody any more."""
    stranger = hostile.Stranger(link)
    stranger.look_around()
    hostile.collide(stranger, 5)


class Raw:
    """Sends UDP with made up source addresses."""

    def __init__(self, link: str):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((link, 0))
        self.mac = self.socket.getsockname()[4]

    def send(self, source: bytes, to: bytes, mac: bytes, port: int, data: bytes) -> None:
        """One datagram from `port` to `port`."""
        length = 8 + len(data)
        udp = struct.pack("!HHHH", port, port, length, 0) + data
        whole = source + to + struct.pack("!II", length, 17) + udp + bytes(length % 2)
        total = sum(struct.unpack(f"!{len(whole) // 2}H", whole))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        udp = udp[:6] + struct.pack("!H", ~total & 0xFFFF or 0xFFFF) + udp[8:]
        ip = struct.pack("!IHBB", 6 << 28, length, 17, 1) + source + to
        try:
            self.socket.send(mac + self.mac + b"\x86\xdd" + ip + udp)
        except OSError:
            time.sleep(0.001)


def crowd(link: str) -> None:
    """Be 5,000 nodes at 300 addresses, by unicast, for five seconds."""
    stranger = hostile.Stranger(link)
    stranger.look_around(1)
    raw = Raw(link)
    macs = {}
    for line in os.popen(f"ip -6 neigh show dev {link}"):
        words = line.split()
        if "lladdr" in words:
            macs[words[0]] = bytes.fromhex(words[words.index("lladdr") + 1].replace(":", ""))
    deadline, number = time.monotonic() + 5, 0
    while time.monotonic() < deadline:
        for i in range(300):
            number += 1
            source = bytes.fromhex("fe80000000000000") + struct.pack("!Q", 0x02BADBAD00000000 + i)
            data = t.endpoint(0x10000 + number % 5000) + t.tlv(t.NETWORK_STATE, random.randbytes(8))
            for address in stranger.heard:
                if address in macs:
                    raw.send(source, socket.inet_pton(socket.AF_INET6, address), macs[address], hostile.PORT, data)
        time.sleep(0.05)


class Babeler:
    """Just enough of a Babel neighbour to be listened to."""

    def __init__(self, link: str):
        self.index = socket.if_nametoindex(link)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        for option, value in ((socket.IPV6_MULTICAST_IF, self.index), (socket.IPV6_MULTICAST_LOOP, 0),
                              (socket.IPV6_MULTICAST_HOPS, 1)):
            self.socket.setsockopt(socket.IPPROTO_IPV6, option, value)
        self.socket.bind(("::", BABEL_PORT))
        group = socket.inet_pton(socket.AF_INET6, BABEL_GROUP)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", self.index))
        self.hellos = 0

    def send(self, *tlvs: bytes, to: str = BABEL_GROUP) -> None:
        """One packet."""
        body = b"".join(tlvs)
        self.socket.sendto(struct.pack("!BBH", 42, 2, len(body)) + body, (to, BABEL_PORT, 0, self.index))

    def hello(self, *tlvs: bytes) -> None:
        """A Hello, and an IHU for whoever hears it."""
        self.hellos += 1
        self.send(bytes([4, 6]) + struct.pack("!HHH", 0, self.hellos, 400),
                  bytes([5, 6]) + struct.pack("!BBHH", 0, 0, 96, 1200), *tlvs)

    def updates(self, seconds: float) -> dict[str, tuple[bytes, int, int, bytes]]:
        """By neighbour: router-id, seqno, length and octets of an IPv6 prefix that it originates itself."""
        found: dict[str, tuple[bytes, int, int, bytes]] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            data, sender = self.socket.recvfrom(65536)
            router, before = b"", b""
            for kind, value in _babel_tlvs(data):
                if kind == 6:
                    router = value[2:10]
                if kind != 8 or value[0] != 2:
                    continue
                _, flags, length, omitted, _, seqno, metric = struct.unpack_from("!BBBBHHH", value)
                end = 10 + (length + 7) // 8 - omitted
                prefix = before[:omitted] + value[10:end]
                before = prefix.ljust(16, b"\0") if flags & 0x80 else before
                router = prefix.ljust(16, b"\0")[8:] if flags & 0x40 else router
                if metric == 0 and len(value) == end:
                    found[sender[0].split("%")[0]] = router, seqno, length, prefix
        return found


def _babel_tlvs(data):
    at, end = 4, 4 + struct.unpack_from("!H", data, 2)[0]
    while at < end:
        if data[at] == 0:  # Pad1 has no length
            at += 1
            continue
        yield data[at], data[at + 2:at + 2 + data[at + 1]]
        at += 2 + data[at + 1]


def wind(link: str) -> None:
    """Ask every router 40,000 times for a newer seqno of one of its own routes; print how far they went."""
    babeler = Babeler(link)
    before = {}
    for _ in range(6):
        babeler.hello(bytes([9, 2, 0, 0]))
        before |= babeler.updates(0.5)
    for step in range(25):
        for address, (router, seqno, length, prefix) in before.items():
            ahead = (seqno + 1600 * step + 20000) & 0xFFFF
            request = struct.pack("!BBHBB", 2, length, ahead, 64, 0) + router + prefix
            request = bytes([10, len(request)]) + request
            for _ in range(1600 // 50 + 1):
                babeler.send(*[request] * 50, to=address)
        babeler.hello()
        time.sleep(0.01)
    after = {}
    for _ in range(3):
        babeler.hello(bytes([9, 2, 0, 0]))
        after |= babeler.updates(0.5)
    print("moved", *((after[a][1] - before[a][1]) & 0xFFFF for a in before if a in after))


ATTACKS = {"poison": poison, "hog": hog, "slander": slander, "crowd": crowd, "wind": wind}


# --- the tests ------------------------------------------------------------------------------------------------------


class Abuse(LabTest):
    """One home for all tests; those that leave least behind come first (they run in the order of their names)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab = Lab(HOMES / "two-isp.toml", f"abuse.{os.getpid()}")
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        try:
            checks.eventually(cls.lab, checks.standard, 60)
        except checks.CheckFailed:
            describe(cls.lab)
            raise

    def attack(self, name):
        """Run an attack in the host and return what it said."""
        return self.lab.run("pc", ["python3", "-B", "-", "inside", name, "office", str(ROOT / "lab")],
                            stdin=Path(__file__).read_text(), timeout=60)

    def log(self, router):
        """The lines that a router has logged."""
        return self.lab.log(f"hearthd-{router}").splitlines()

    def log_since(self, router, lines):
        """The lines that have come since there were `lines`."""
        return self.log(router)[lines:]

    def test_1_log_stays_readable(self):
        """Whatever a neighbour sends, the log does not fill the disk."""
        before, start = len(self.log("r4")), time.monotonic()
        self.attack("crowd")
        lines = len(self.log_since("r4", before)) / (time.monotonic() - start)
        self.assertLess(lines, LINES_A_SECOND)

    def test_2_seqno_cannot_be_driven(self):
        """Babel's seqno goes on by one now and then, not by thousands: half way round is the past for everybody."""
        said = self.attack("wind").split()
        self.assertEqual(said[0], "moved")
        self.assertEqual(len(said), 3, "two routers were to be heard")
        self.assertLess(max(map(int, said[1:])), 100)

    def test_3_replugged(self):
        """An interface that comes back has the prefixes it had, and hosts hold no other ones."""
        self.settles(self.lab)
        before = checks.link_prefixes(self.lab)[0]["cellar"]
        self.lab.wiring.unplug("cellar", "r4")
        time.sleep(1)
        self.lab.wiring.plug("cellar", "r4")
        self.settles(self.lab, timeout=10)
        self.assertEqual(checks.link_prefixes(self.lab)[0]["cellar"], before)

    def test_4_slander(self):
        """Nobody on office can say for r1 that it has gone, and make r4 give up its prefixes in the cellar."""
        before = len(self.log("r4"))
        self.attack("slander")
        dropped = [line for line in self.log_since("r4", before) if "pa.dropped" in line]
        self.assertLess(len(dropped), 20, "prefixes are given up again and again")

    def test_5_hog(self):
        """An assignment of a whole delegated prefix is not taken over from who has gone."""
        self.attack("hog")
        time.sleep(15)
        prefixes = self.lab.run("r1", ["hearth", "prefixes"])
        assigned = [line.split()[0] for line in prefixes.splitlines() if line.startswith("  2001:")]
        self.assertTrue(assigned)
        self.assertTrue(all(prefix.endswith("/64") for prefix in assigned), assigned)

    def test_6_poison(self):
        """What a visitor announced as the home's ULA and private IPv4 network is not the home's for ever after."""
        self.attack("poison")
        time.sleep(15)  # the routers make new ones of their own within 10 s
        prefixes = self.lab.run("r1", ["hearth", "prefixes"])
        self.assertNotIn("8.8.8.0/24", prefixes)
        ula = [line.split()[0] for line in prefixes.splitlines() if "ULA" in line and "deprecated" not in line]
        self.assertTrue(ula)
        self.assertTrue(all(ipaddress.ip_network(prefix).prefixlen == 48 for prefix in ula), ula)


if __name__ == "__main__":
    if INSIDE:
        random.seed(sys.argv[2])
        ATTACKS[sys.argv[2]](sys.argv[3])
    else:
        unittest.main()
