# SPDX-License-Identifier: ISC
"""HNCP's TLVs as a stranger writes them: enough to talk to a router, and to say what must never be believed.

Not an implementation: nothing here decides anything. Formats: RFC 7787 section 7 and RFC 7788 section 10.
"""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from typing import Iterator

REQUEST_NETWORK_STATE, REQUEST_NODE_STATE = 1, 2
NODE_ENDPOINT, NETWORK_STATE, NODE_STATE, PEER, KEEP_ALIVE = 3, 4, 5, 8, 9
HNCP_VERSION, EXTERNAL_CONNECTION, DELEGATED_PREFIX, ASSIGNED_PREFIX, NODE_ADDRESS = 32, 33, 34, 35, 36
DHCPV6_DATA, DHCPV4_DATA, DNS_DELEGATED_ZONE, DOMAIN_NAME, NODE_NAME, MANAGED_PSK, PREFIX_POLICY = range(37, 44)


def tlv(kind: int, value: bytes = b"", length: int | None = None) -> bytes:
    """One TLV with its padding; `length` lies about the value's length."""
    head = struct.pack("!HH", kind, len(value) if length is None else length)
    return head + value + bytes(-len(value) % 4)


def split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The TLVs in a row of them; stops at the first that does not fit."""
    while len(data) >= 4:
        kind, length = struct.unpack_from("!HH", data)
        if len(data) < 4 + length:
            return
        yield kind, data[4:4 + length]
        data = data[4 + length + (-length % 4):]


def digest(data: bytes) -> bytes:
    """HNCP's H(): the first 64 bits of MD5 (RFC 7788 section 3)."""
    return hashlib.md5(data, usedforsecurity=False).digest()[:8]


def endpoint(node: int, number: int = 1) -> bytes:
    """Node-Endpoint: who is speaking."""
    return tlv(NODE_ENDPOINT, struct.pack("!II", node, number))


def node_state(node: int, sequence: int, data: bytes, age: int = 0, with_data: bool = True) -> bytes:
    """Node-State, with or without the node data."""
    value = struct.pack("!III", node, sequence, age) + digest(data)
    return tlv(NODE_STATE, value + (data if with_data else b""))


def peer(node: int, remote: int, local: int) -> bytes:
    """Peer: `node` is heard at our endpoint `local`, where it calls its own `remote`."""
    return tlv(PEER, struct.pack("!III", node, remote, local))


def version(agent: bytes = b"stranger") -> bytes:
    """HNCP-Version with all capabilities zero."""
    return tlv(HNCP_VERSION, bytes(4) + agent)


def delegated(prefix: str, length: int | None = None, valid: int = 600, preferred: int = 300,
              nested: bytes = b"") -> bytes:
    """Delegated-Prefix; `length` lies about the prefix length."""
    network = ipaddress.IPv6Network(prefix)
    octets = network.network_address.packed[:(network.prefixlen + 7) // 8]
    value = struct.pack("!IIB", valid, preferred, network.prefixlen if length is None else length) + octets
    return tlv(DELEGATED_PREFIX, value + bytes(-len(value) % 4) + nested if nested else value)


def assigned(prefix: str, ep: int = 1, priority: int = 2, length: int | None = None) -> bytes:
    """Assigned-Prefix; `length` lies about the prefix length."""
    network = ipaddress.IPv6Network(prefix)
    octets = network.network_address.packed[:(network.prefixlen + 7) // 8]
    head = struct.pack("!IBB", ep, priority, network.prefixlen if length is None else length)
    return tlv(ASSIGNED_PREFIX, head + octets)


def node_data(*tlvs: bytes) -> bytes:
    """Node data in the order which RFC 7787 section 7.2.3 demands."""
    return b"".join(sorted(tlvs))


ADDRESS = ipaddress.IPv6Address("2001:db8:dead::1").packed
ZONE = b"\x03bad\x04home\x04arpa\x00"

# One well-formed value of every known type, to be cut, stretched and put where it does not belong.
SAMPLES: dict[int, bytes] = {
    REQUEST_NETWORK_STATE: b"", REQUEST_NODE_STATE: bytes(4), NODE_ENDPOINT: bytes(8), NETWORK_STATE: bytes(8),
    NODE_STATE: bytes(20), PEER: bytes(12), KEEP_ALIVE: bytes(8), HNCP_VERSION: bytes(4) + b"agent",
    EXTERNAL_CONNECTION: b"", DELEGATED_PREFIX: delegated("2001:db8:dead::/48")[4:19],
    ASSIGNED_PREFIX: assigned("2001:db8:dead::/64")[4:18], NODE_ADDRESS: bytes(4) + ADDRESS,
    DHCPV6_DATA: b"\x00\x17\x00\x10" + ADDRESS, DHCPV4_DATA: b"\x06\x04\x0a\x00\x00\x01",
    DNS_DELEGATED_ZONE: ADDRESS + b"\x00" + ZONE, DOMAIN_NAME: ZONE, NODE_NAME: ADDRESS + b"\x03bad",
    MANAGED_PSK: bytes(32), PREFIX_POLICY: b"\x00"}
