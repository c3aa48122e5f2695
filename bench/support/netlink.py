# SPDX-License-Identifier: ISC
"""Rtnetlink's notifications as values: interfaces, addresses and routes that come and go."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import Iterator, Union

from . import ROOT as _  # noqa: F401  (puts the lab on the path)

RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE = 16, 17, 20, 21, 24, 25
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE = 18, 22, 26
NLMSG_DONE, NLM_F_REQUEST, NLM_F_DUMP = 3, 1, 0x300
GROUPS = 0x1 | 0x10 | 0x100 | 0x40 | 0x400  # links, IPv4 and IPv6 addresses, IPv4 and IPv6 routes
RT_TABLE_MAIN, RTM_F_CLONED, RTN_UNICAST = 254, 0x200, 1
IFA_F_DEPRECATED, IFA_F_TENTATIVE, IFA_F_MANAGETEMPADDR, SCOPE_GLOBAL = 0x20, 0x40, 0x100, 0

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


@dataclass(frozen=True)
class Address:
    """An address of global scope on an interface."""

    device: int
    text: str
    length: int
    autoconfigured: bool  # by the kernel itself, from a router advertisement

    @property
    def network(self) -> Network:
        """The prefix it is in."""
        return ipaddress.ip_interface(f"{self.text}/{self.length}").network


@dataclass(frozen=True)
class Route:
    """A route of the main table. Where it leads is its value: one that is replaced stays the same route."""

    destination: Network
    source: Network
    metric: int
    protocol: int


@dataclass(frozen=True)
class Hop:
    """Where a route leads to."""

    device: int
    gateway: str
    unicast: bool  # False: unreachable, and the like


@dataclass(frozen=True)
class Message:
    """One notification: `what` came (or changed to `value`) or went."""

    came: bool
    what: Address | Route | int  # int: an interface
    value: object = None  # Address: whether it may be used for new connections; Route: Hop; interface: its name


def open_socket() -> socket.socket:
    """A socket in the caller's network namespace that hears of all changes; it asks for what there is at first."""
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    listener.bind((0, GROUPS))
    return listener


def dumps() -> Iterator[bytes]:
    """The requests that list all there is, to be sent one after the other (each waits for the end of the last)."""
    for kind in (RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE):
        yield struct.pack("=IHHIIB15x", 32, kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, socket.AF_UNSPEC)


def parse(data: bytes) -> Iterator[Message | None]:
    """The messages in a datagram; None marks the end of a dump."""
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        body = data[16:length]
        if kind == NLMSG_DONE:
            yield None
        elif kind in (RTM_NEWLINK, RTM_DELLINK):
            yield _link(kind == RTM_NEWLINK, body)
        elif kind in (RTM_NEWADDR, RTM_DELADDR):
            yield from _address(kind == RTM_NEWADDR, body)
        elif kind in (RTM_NEWROUTE, RTM_DELROUTE):
            yield from _route(kind == RTM_NEWROUTE, body)
        data = data[(length + 3) & ~3:]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def _link(came: bool, body: bytes) -> Message:
    index = struct.unpack_from("=i", body, 4)[0]
    name = _attributes(body[16:]).get(3, b"").rstrip(b"\0").decode()
    return Message(came, index, name)


def _address(came: bool, body: bytes) -> Iterator[Message]:
    _, length, flags, scope, index = struct.unpack_from("=BBBBI", body)
    attributes = _attributes(body[8:])
    octets = attributes.get(2) or attributes.get(1)  # IFA_LOCAL, IFA_ADDRESS
    if scope != SCOPE_GLOBAL or not octets or index == 1:
        return
    if 8 in attributes:
        flags = struct.unpack("=I", attributes[8])[0]
    preferred = struct.unpack_from("=I", attributes[6])[0] if 6 in attributes else 1
    usable = not flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE) and preferred > 0
    yield Message(came, Address(index, str(ipaddress.ip_address(octets)), length,
                                bool(flags & IFA_F_MANAGETEMPADDR)), usable)


def _network(family: int, octets: bytes, length: int) -> Network:
    if family == socket.AF_INET:
        return ipaddress.IPv4Network((octets or bytes(4), length))
    return ipaddress.IPv6Network((octets or bytes(16), length))


def _route(came: bool, body: bytes) -> Iterator[Message]:
    family, to, by, _, table, protocol, _, kind, flags = struct.unpack_from("=BBBBBBBBI", body)
    if table != RT_TABLE_MAIN or flags & RTM_F_CLONED or family not in (socket.AF_INET, socket.AF_INET6):
        return
    attributes = _attributes(body[12:])
    metric = struct.unpack("=I", attributes[6])[0] if 6 in attributes else 0
    device = struct.unpack("=I", attributes[4])[0] if 4 in attributes else 0
    gateway = str(ipaddress.ip_address(attributes[5])) if 5 in attributes else ""
    route = Route(_network(family, attributes.get(1, b""), to), _network(family, attributes.get(2, b""), by), metric,
                  protocol)
    yield Message(came, route, Hop(device, gateway, kind == RTN_UNICAST))
