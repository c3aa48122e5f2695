# SPDX-License-Identifier: ISC
"""A home as its file describes it: providers, routers, hosts, and the links that join them.

The description is static. What changes while a lab runs (a cable pulled, a delegation withdrawn) is kept by the Lab.
Everything is checked here, once, with messages for the person who wrote the file; the rest of the lab trusts it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Iterator

CATEGORIES = ("external", "internal", "leaf", "guest")
DAEMONS = ("hearthd", "babeld", "bird", "none")
HOST_KINDS = ("slaac", "dhcpcd", "static")
CORE_LINK = "internet"  # joins the providers when there are several


class HomeError(ValueError):
    """The home file is wrong; the message says where and what is expected."""


@dataclass
class Isp:
    """A provider: a DHCPv6 server that delegates prefixes, a router, and a server on its Internet side."""

    name: str
    pool: str  # everything this provider owns, at most a /44; its customers' prefixes come out of it
    delegate: int = 56  # length of a delegated prefix
    preferred: int = 60  # lifetimes and timers in seconds: short, so that changes are seen at the next renewal
    valid: int = 120
    renew: int = 5
    rebind: int = 40
    ipv4: str = ""  # its IPv4 network (DHCPv4 on the access link out of the first half); empty: no IPv4

    @property
    def network(self) -> ipaddress.IPv6Network:
        """The pool as a network."""
        return ipaddress.IPv6Network(self.pool)

    def _subnet(self, index: int) -> ipaddress.IPv6Network:
        first = int(self.network.network_address)
        return ipaddress.IPv6Network((first + (index << 80), 48))

    @property
    def access(self) -> ipaddress.IPv6Network:
        """The on-link prefix of the access link: the first /64 of the pool."""
        return ipaddress.IPv6Network((int(self.network.network_address), 64))

    @property
    def gateway(self) -> str:
        """The provider's own address on the access link."""
        return str(self.access[1])

    @property
    def server(self) -> str:
        """A server on the Internet which belongs to this provider."""
        return str(self._subnet(1)[1])

    @property
    def access4(self) -> ipaddress.IPv4Network:
        """The access link's IPv4 subnet: the first half of the provider's IPv4 network."""
        return next(ipaddress.IPv4Network(self.ipv4).subnets())

    @property
    def server4(self) -> str:
        """The same server's IPv4 address, in the other half."""
        return str(ipaddress.IPv4Network(self.ipv4)[-2])

    def delegation_pool(self, generation: int) -> ipaddress.IPv6Network:
        """The /48 which prefixes are delegated from; renumbering moves on to the next one."""
        return self._subnet(2 + generation)


@dataclass
class Router:
    """A router of the home, run by one of the daemons."""

    name: str
    daemon: str = "hearthd"
    categories: dict[str, str] = field(default_factory=dict)  # link -> category, where it is not the default
    addresses: dict[str, list[str]] = field(default_factory=dict)  # link -> static addresses
    announce: list[str] = field(default_factory=list)  # routes for babeld and bird: "PREFIX" or "PREFIX from SOURCE"
    config: str = ""  # more lines for the daemon's configuration file


@dataclass
class Host:
    """A computer on one link."""

    name: str
    kind: str = "slaac"
    addresses: list[str] = field(default_factory=list)  # kind = static
    gateway: str = ""


@dataclass
class Link:
    """A wire or a switch: everything plugged into it hears everything."""

    name: str
    members: list[str]
    unplugged: list[str] = field(default_factory=list)  # members whose cable is not in at first
    check: bool = True  # false: the standard checks leave this link alone (it is not HNCP's to number)


@dataclass
class Home:
    """The whole description."""

    name: str
    ula: bool = True  # expect one ULA prefix a link
    ipv4: bool = False  # expect one private IPv4 prefix a link
    isps: dict[str, Isp] = field(default_factory=dict)
    routers: dict[str, Router] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)

    def nodes(self) -> Iterator[str]:
        """All nodes, providers first: the order in which they are started."""
        yield from self.isps
        yield from self.routers
        yield from self.hosts

    def links_of(self, node: str) -> list[str]:
        """The links a node has an interface on, plugged in or not."""
        return [link.name for link in self.links.values() if node in link.members]

    def isps_on(self, link: str) -> list[str]:
        """The providers on a link; a link that has one is an access link."""
        return [member for member in self.links[link].members if member in self.isps]

    def inner_links(self) -> list[Link]:
        """The links that belong to the home itself."""
        return [link for link in self.links.values() if not self.isps_on(link.name)]

    def access_link(self, isp: str) -> str:
        """The link on which a provider meets its customers."""
        return next(name for name in self.links_of(isp) if name != CORE_LINK)

    def mac(self, node: str, link: str) -> str:
        """A fixed, locally administered MAC address, so that runs can be compared."""
        digest = hashlib.sha256(f"{self.name}/{node}/{link}".encode()).digest()
        return "02:" + ":".join(f"{byte:02x}" for byte in digest[:5])

    def lladdr(self, node: str, link: str) -> str:
        """The link-local address which the kernel makes of that MAC address (RFC 4291 appendix A)."""
        octets = bytes.fromhex(self.mac(node, link).replace(":", ""))
        suffix = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
        return str(ipaddress.IPv6Address(bytes.fromhex("fe80000000000000") + suffix))

    def port(self, node: str, link: str) -> str:
        """The switch's end of the cable between a node and a link (`ip link` in the switch shows both as alias)."""
        pairs = [(m, name) for name, item in self.links.items() for m in item.members]
        return f"port{pairs.index((node, link))}"


def _build(kind: type, name: str, table: dict[str, Any], where: str) -> Any:
    """Make a dataclass of a TOML table; an unknown or missing key is an error that names the known ones."""
    known = {item.name for item in fields(kind)} - {"name"}
    if unknown := set(table) - known:
        raise HomeError(f"[{where}]: unknown key {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    try:
        return kind(name=name, **table)
    except TypeError as error:
        raise HomeError(f"[{where}]: {error}") from None


def _check_names(home: Home) -> None:
    seen: set[str] = set()
    for name in home.nodes():
        if name in seen:
            raise HomeError(f"two nodes are called {name}")
        seen.add(name)
    for name in [*seen, *home.links]:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,14}", name):
            raise HomeError(f"name {name}: 1 to 15 of a-z, 0-9 and -, a letter first (interfaces are named by it)")


def _check_choice(where: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise HomeError(f"[{where}]: {value!r} is none of {', '.join(choices)}")


def _check_isp(home: Home, isp: Isp) -> None:
    links = [link for link in home.links_of(isp.name) if link != CORE_LINK]
    if len(links) != 1:
        raise HomeError(f"[isp.{isp.name}] must be on exactly one link, not on {len(links)}")
    try:
        length = isp.network.prefixlen
    except ValueError as error:
        raise HomeError(f"[isp.{isp.name}] pool: {error}") from None
    if length > 44 or not 48 <= isp.delegate <= 64:
        raise HomeError(f"[isp.{isp.name}]: pool must be at least a /44, delegate between 48 and 64")


def check(home: Home) -> Home:
    """Raise HomeError unless the description makes sense as a whole."""
    _check_names(home)
    nodes = set(home.nodes())
    for link in home.links.values():
        if strangers := [m for m in [*link.members, *link.unplugged] if m not in nodes]:
            raise HomeError(f"[link.{link.name}]: no such node: {', '.join(strangers)}")
        if len(home.isps_on(link.name)) > 1 and link.name != CORE_LINK:
            raise HomeError(f"[link.{link.name}]: one provider a link")
    for isp in home.isps.values():
        _check_isp(home, isp)
    for router in home.routers.values():
        _check_choice(f"router.{router.name}", router.daemon, DAEMONS)
        for link, category in router.categories.items():
            _check_choice(f"router.{router.name}", category, CATEGORIES)
            _check_choice(f"router.{router.name}", link, tuple(home.links_of(router.name)))
    for host in home.hosts.values():
        _check_choice(f"host.{host.name}", host.kind, HOST_KINDS)
        if len(home.links_of(host.name)) != 1:
            raise HomeError(f"[host.{host.name}] must be on exactly one link")
    return home


def parse(text: str, default_name: str = "home") -> Home:
    """Read a home from TOML."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HomeError(f"not TOML: {error}") from None
    kinds = {"isp": (Isp, "isps"), "router": (Router, "routers"), "host": (Host, "hosts"), "link": (Link, "links")}
    home = _build(Home, tree.pop("name", default_name), {k: v for k, v in tree.items() if k not in kinds}, "home")
    for section, (kind, attribute) in kinds.items():
        for name, table in tree.get(section, {}).items():
            getattr(home, attribute)[name] = _build(kind, name, table, f"{section}.{name}")
    if len(home.isps) > 1:
        home.links[CORE_LINK] = Link(CORE_LINK, list(home.isps), check=False)
    return check(home)


def load(path: str | Path) -> Home:
    """Read a home file; its name is the file's unless it gives itself one."""
    path = Path(path)
    try:
        return parse(path.read_text(), path.stem)
    except OSError as error:
        raise HomeError(f"{path}: {error.strerror}") from None
    except HomeError as error:
        raise HomeError(f"{path}: {error}") from None
