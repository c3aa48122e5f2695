#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/hncp.lua reads every TLV of DNCP and HNCP as it was written by hand, and says what is wrong with bad ones."""

import shutil
import socket
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from loading import TOOLS


def tlv(kind, *parts):
    """A TLV; its length counts the padding between its parts, but not that after the last."""
    value = b""
    for part in parts:
        value += bytes(-len(value) % 4) + part
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def u32(*numbers):
    return struct.pack(f"!{len(numbers)}I", *numbers)


HASH = bytes(range(8))
PREFIX56 = bytes([56]) + ip6("2001:db8:1:200::")[:7]


def node_state(*tlvs):
    return tlv(5, u32(0x11223344, 5, 1000) + HASH, *tlvs)


def connection(*tlvs):
    return node_state(tlv(33, *tlvs))


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data + bytes(len(data) % 2)) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff or 0xffff


def pcap(payloads):
    """A capture of UDP datagrams from fe80::1 to ff02::11 on Ethernet."""
    capture = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for payload in payloads:
        addresses, size = ip6("fe80::1") + ip6("ff02::11"), 8 + len(payload)
        ports = struct.pack("!HHH", 8231, 8231, size)
        udp = ports + struct.pack("!H", checksum(addresses + u32(size, 17) + ports + b"\0\0" + payload)) + payload
        ip = struct.pack("!IHBB", 6 << 28, size, 17, 255) + addresses
        frame = bytes.fromhex("333300000011020000000001") + b"\x86\xdd" + ip + udp
        capture += struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    return capture


@unittest.skipUnless(shutil.which("tshark"), "there is no tshark")
class Dissector(unittest.TestCase):
    def tshark(self, payload, *options):
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "hncp.pcap"
            capture.write_bytes(pcap([payload]))
            command = ["tshark", "-X", f"lua_script:{TOOLS / 'hncp.lua'}", "-r", capture, *options]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
        self.assertNotIn("Lua", run.stderr)
        self.assertNotIn("Lua Error", run.stdout)
        return run.stdout

    def fields(self, payload, *names):
        options = [part for name in names for part in ("-e", name)]
        return self.tshark(payload, "-T", "fields", "-E", "separator=|", *options).rstrip("\n").split("|")

    def check(self, payload, **want):
        """Fields by name (with __ for a dot, below hncp.), as text; and that nothing is wrong."""
        names = ["hncp." + name.replace("__", ".") for name in want]
        got = self.fields(payload, *names, "_ws.expert.message", "_ws.malformed")
        self.assertEqual(got, [*want.values(), "", ""])

    def bad(self, payload, message):
        self.assertIn(message, self.fields(payload, "_ws.expert.message")[0])

    def test_datagram(self):
        payload = (tlv(3, u32(0x11223344, 7)) + tlv(4, HASH) + tlv(1) + tlv(2, u32(0xaabbccdd))
                   + node_state() + node_state())
        self.check(payload, node="0x11223344,0xaabbccdd,0x11223344,0x11223344", endpoint="7",
                   network_state="0001020304050607", node_state__sequence="5,5", node_state__age="1000,1000",
                   node_state__hash="0001020304050607,0001020304050607")
        line = self.tshark(payload)
        self.assertIn("HNCP", line)
        self.assertIn("Node Endpoint, Network State, Request Network State, Request Node State, 2 Node State", line)

    def test_peer_and_keepalive(self):
        self.check(node_state(tlv(8, u32(0xdead, 1, 2)), tlv(9, u32(3, 20000))), peer__node="0x0000dead",
                   peer__endpoint="1", peer__local_endpoint="2", endpoint="3", keepalive__interval="20000")

    def test_trust_verdict(self):
        self.check(node_state(tlv(10, bytes([3, 0, 0, 0]) + bytes(32) + b"den")), verdict="3",
                   verdict__fingerprint="00" * 32, verdict__common_name="den")

    def test_version(self):
        self.check(node_state(tlv(32, bytes([0, 0, 0x12, 0x34]) + b"hearth/1")), capability__mdns="1",
                   capability__pd="2", capability__dhcpv6="3", capability__dhcpv4="4", user_agent="hearth/1")
        self.check(node_state(tlv(32, bytes(4))), capability__mdns="0", user_agent="")

    def test_external_connection(self):
        policies = [tlv(43, value) for value in (b"\0", bytes([32]) + ip6("2001:db8::")[:4],
                                                 b"\x81" + labels("example.org"), b"\x82voice", b"\x83")]
        payload = connection(tlv(34, u32(7200, 3600) + PREFIX56, *policies),
                             tlv(34, u32(1, 1) + bytes([104]) + ip6("::ffff:10.0.0.0")[:13]))
        self.check(payload, valid_lifetime="7200,1", preferred_lifetime="3600,1",
                   prefix="2001:db8:1:200::/56,2001:db8::/32,10.0.0.0/8", policy__type="0,32,129,130,131",
                   policy__value="example.org.,voice")

    def test_prefix_texts(self):
        for text, bits in (("::", 0), ("fd00::", 8), ("2001:db8:0:1::", 64), ("1::2:0:0:3", 128), ("::1", 128),
                           ("2001:db8:1:2:3:4:5:6", 128), ("1:0:2:3:4:5:6:7", 128), ("8000::", 1)):
            octets = ip6(text)[:(bits + 7) // 8]
            self.check(node_state(tlv(35, u32(0) + bytes([2, bits]) + octets)), prefix=f"{text}/{bits}")

    def test_dhcp_data_both_ways(self):
        v6 = struct.pack("!HH", 23, 16) + ip6("2001:db8::53")
        v4 = bytes([6, 4, 192, 0, 2, 53]) + bytes([255])
        self.check(connection(tlv(37, v4), tlv(38, v6)), dhcpv4__option="6", dhcpv6__option="23",
                   dhcp__value="c0000235,20010db8000000000000000000000053")
        swapped = self.fields(connection(tlv(37, v6), tlv(38, v4)), "hncp.dhcpv4.option", "hncp.dhcpv6.option",
                              "_ws.expert.message")
        self.assertEqual(swapped[:2], ["6", "23"])
        self.assertEqual(swapped[2].count("section 10.2"), 2)
        self.check(connection(tlv(34, u32(1, 1) + PREFIX56, tlv(38, v6))), dhcpv6__option="23")

    def test_assigned_prefix_and_address(self):
        payload = node_state(tlv(35, u32(9) + bytes([2, 64]) + ip6("2001:db8:1:203::")[:8]),
                             tlv(36, u32(9) + ip6("2001:db8:1:203::1")))
        self.check(payload, endpoint="9,9", assigned__priority="2", prefix="2001:db8:1:203::/64",
                   address="2001:db8:1:203::1")

    def test_names(self):
        payload = node_state(tlv(39, ip6("fd00::1") + b"\x06" + labels("lan1.home.arpa")), tlv(40, labels("home.arpa")),
                             tlv(41, ip6("fd00::1") + b"\3den"), tlv(42, bytes([7]) * 32))
        self.check(payload, address="fd00::1,fd00::1", zone__legacy_browse="1", zone__browse="1", zone__search="0",
                   zone="lan1.home.arpa.", domain="home.arpa.", node_name="den", psk="07" * 32)

    def test_additional_tlvs_inside(self):
        """RFC 7787 7: any TLV may carry more of them; unknown ones are noted and nothing is wrong with the outer."""
        payload = node_state(tlv(36, u32(9) + ip6("fd00::1"), tlv(700, b"abc")))
        self.assertEqual(self.fields(payload, "hncp.tlv.type", "hncp.address"), ["5,36,700", "fd00::1"])
        self.bad(payload, "Unknown TLV type")

    def test_cut_short(self):
        self.bad(tlv(3, u32(1, 2)) + b"\0\4\0", "cut short")
        self.bad(tlv(3, u32(1, 2)) + b"\0\4\0\x08\1", "cut short")
        self.bad(node_state(b"\0\x20\0\xff"), "cut short")

    def test_too_short(self):
        for kind, least in ((2, 4), (3, 8), (4, 8), (5, 20)):
            self.bad(tlv(kind, bytes(least - 1)), "too short")
        for kind, least in ((8, 12), (9, 8), (10, 37), (35, 6), (36, 20), (39, 18), (41, 17), (42, 32)):
            self.bad(node_state(tlv(kind, bytes(least - 1))), "too short")
        self.bad(connection(tlv(34, bytes(8))), "too short")

    def test_values_that_make_no_sense(self):
        for payload in (node_state(tlv(35, u32(9) + bytes([2, 129]) + bytes(20))),
                        node_state(tlv(35, u32(9) + bytes([2, 255]) + bytes(40))),
                        node_state(tlv(35, u32(9) + bytes([2, 64]) + bytes(7))),
                        connection(tlv(34, u32(1, 1) + PREFIX56, tlv(43, bytes([64]) + bytes(7))))):
            self.bad(payload, "Value makes no sense")
        for value in (b"\4home", b"\xc0\0", b"\5home\0", b"\x40" + b"a" * 64 + b"\0"):
            self.bad(node_state(tlv(40, value)), "No label sequence")
        self.bad(node_state(tlv(41, bytes(16) + b"\x05den")), "impossible length")
        self.bad(connection(tlv(38, b"\0\x17\0\x10ab")), "Neither")

    def test_misplaced(self):
        for payload in (tlv(8, u32(1, 2, 3)), node_state(tlv(34, u32(1, 1) + PREFIX56)), node_state(tlv(43, b"\0")),
                        connection(tlv(35, u32(9) + bytes([2, 0]))), node_state(node_state())):
            self.bad(payload, "outside its context")

    def test_order(self):
        first, second = tlv(8, u32(1, 1, 1)), tlv(8, u32(1, 1, 2))
        self.assertEqual(self.fields(node_state(first, second), "_ws.expert.message"), [""])
        self.bad(node_state(second, first), "ascending")
        self.bad(node_state(first, first), "ascending")

    def test_every_cut_of_a_datagram_is_read_without_a_crash(self):
        whole = tlv(3, u32(1, 2)) + connection(tlv(34, u32(1, 1) + PREFIX56, tlv(43, b"\0")), tlv(38, b"\0\1\0\0"))
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "cut.pcap"
            capture.write_bytes(pcap([whole[:length] for length in range(1, len(whole) + 1)]))
            run = subprocess.run(["tshark", "-X", f"lua_script:{TOOLS / 'hncp.lua'}", "-r", capture, "-V"],
                                 capture_output=True, text=True, check=True)
        self.assertEqual(run.stdout.count("Home Networking Control Protocol"), len(whole))
        self.assertNotIn("Lua Error", run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
