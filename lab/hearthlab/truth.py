# SPDX-License-Identifier: ISC
"""What the kernels say. The checks believe nothing else; least of all the daemon under test."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Union

if TYPE_CHECKING:
    from .lab import Lab

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
ULA = ipaddress.IPv6Network("fc00::/7")


@dataclass(frozen=True)
class Address:
    """One address that a node's kernel has, usable or not."""

    node: str
    link: str
    text: str
    length: int
    preferred: bool  # may be used for new connections: neither deprecated nor tentative
    deprecated: bool
    dynamic: bool = False
    autoconfigured: bool = False  # by the kernel itself, from a router advertisement

    @property
    def network(self) -> Network:
        """The prefix it is in."""
        return ipaddress.ip_interface(f"{self.text}/{self.length}").network


def _parse(node: str, text: str) -> list[Address]:
    """Addresses of global scope (ULAs included) out of `ip -j addr`."""
    found = []
    for device in json.loads(text or "[]"):
        for item in device.get("addr_info", []):
            if "local" not in item or item.get("scope") != "global" or device.get("ifname") == "lo":
                continue
            deprecated = bool(item.get("deprecated")) or item.get("preferred_life_time") == 0
            tentative = bool(item.get("tentative")) or bool(item.get("dadfailed"))
            found.append(Address(node, device["ifname"], item["local"], item["prefixlen"],
                                 not deprecated and not tentative, deprecated, bool(item.get("dynamic")),
                                 bool(item.get("mngtmpaddr"))))
    return found


def addresses(lab: Lab, nodes: Iterable[str]) -> list[Address]:
    """All global addresses of the nodes, asked of all kernels at the same time."""
    asked = [(node, lab.popen(node, ["ip", "-j", "addr", "show"], stderr=None)) for node in nodes]
    found = []
    for node, process in asked:
        text, _ = process.communicate()
        found += _parse(node, text)
    return found


@dataclass(frozen=True)
class Route:
    """One IPv6 route of a node's main table."""

    destination: str
    source: str  # "::/0" if the route is for every source
    via: str
    device: str
    protocol: str


def _routes_of(item: dict[str, object]) -> Iterable[Route]:
    """A multipath route is several routes."""
    source = str(item.get("from", "::/0"))
    destination = "::/0" if item["dst"] == "default" else str(item["dst"])
    for hop in item.get("nexthops", [item]):  # type: ignore[attr-defined]
        yield Route(destination, source, str(hop.get("gateway", "")), str(hop.get("dev", "")),
                    str(item.get("protocol", "")))


def routes(lab: Lab, node: str) -> list[Route]:
    """The IPv6 routes in a node's main table."""
    items = json.loads(lab.run(node, ["ip", "-6", "-j", "route", "show", "table", "main"]) or "[]")
    return [route for item in items for route in _routes_of(item)]


def links_with_carrier(lab: Lab, node: str) -> set[str]:
    """The interfaces on which a node's kernel sees a carrier."""
    devices = json.loads(lab.run(node, ["ip", "-j", "link", "show"]))
    return {device["ifname"] for device in devices if "LOWER_UP" in device["flags"]}
