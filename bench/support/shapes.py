# SPDX-License-Identifier: ISC
"""The homes that are measured. Uplinks are static, so that no provider's DHCP server is part of a figure.

Routers of others (babeld, bird) get one /64 a link by hand, out of the same prefix: they know no prefix assignment.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from . import ROOT as _  # noqa: F401
from hearthlab.home import Home, Host, Link, Router, check
from hearthlab.lab import Lab
from hearthlab.router import RouterNode

DELEGATED = "2001:db8:a00::/56"
SERVER = "2001:db8:ffff::1"
PEERS = ("babeld", "bird")


class SlowHellos(RouterNode):
    """A router of others with the intervals that Hearth uses (and that are their own defaults): 4 s and 16 s."""

    def wipe(self) -> None:
        """Empty what any of the daemons stores."""
        super().wipe()
        self.lab.path(self.router.name, "/run/babeld.state").unlink(missing_ok=True)

    def _babeld_config(self) -> str:
        return super()._babeld_config().replace("hello-interval 1 update-interval 4",
                                                "hello-interval 4 update-interval 16")

    def _bird_config(self) -> str:
        return super()._bird_config().replace("hello interval 1 s; update interval 4 s",
                                              "hello interval 4 s; update interval 16 s")


def make_lab(home: Home, instance: str = "") -> Lab:
    """A lab of that home, in which all Babel speakers use the same intervals."""
    lab = Lab(home, f"{home.name}.{os.getpid()}{instance}")
    lab._routers = {name: SlowHellos(lab, router) for name, router in home.routers.items()}
    return lab


def uplink(home: Home, router: str, *prefixes: str, link: str = "wan") -> None:
    """A provider at `router`: a host with the server's address behind the link, and a static uplink to it."""
    internet = f"net-{router}"
    home.links[link] = Link(link, [router, internet])
    gateway = home.lladdr(internet, link)
    home.hosts[internet] = Host(internet, kind="static", addresses=[f"{SERVER}/128"],
                                gateway=home.lladdr(router, link))
    lines = [f"\n[interface {link}]", "category = external", "uplink = none", "",
             f"[uplink {link}]", f"interface = {link}", *(f"prefix = {prefix}" for prefix in prefixes),
             f"gateway = {gateway}"]
    home.routers[router].config += "\n".join(lines) + "\n"


def line(count: int, daemon: str = "hearthd") -> Home:
    """r1 - l1 - r2 - l2 - ... - rN - lN with a provider at r1 and a host h1 at the far end."""
    home = Home(name=f"line-{count}-{daemon}")
    for number in range(1, count + 1):
        home.routers[f"r{number}"] = Router(f"r{number}", daemon)
        far = f"r{number + 1}" if number < count else "h1"
        home.links[f"l{number}"] = Link(f"l{number}", [f"r{number}", far])
    home.hosts["h1"] = Host("h1")
    return _finish(home, daemon)


def ring(count: int, daemon: str = "hearthd") -> Home:
    """r1 - l1 - r2 - ... - rN - lN - r1 with a provider at r1; hosts h1 behind r1 and h2 behind the opposite router."""
    home = Home(name=f"ring-{count}-{daemon}")
    for number in range(1, count + 1):
        home.routers[f"r{number}"] = Router(f"r{number}", daemon)
        home.links[f"l{number}"] = Link(f"l{number}", [f"r{number}", f"r{number % count + 1}"])
    for number, router in ((1, "r1"), (2, f"r{count // 2 + 1}")):
        home.hosts[f"h{number}"] = Host(f"h{number}")
        home.links[f"s{number}"] = Link(f"s{number}", [router, f"h{number}"])
    return _finish(home, daemon)


def two_homes(same: str, first: str, second: str) -> Home:
    """Homes r1 - r2 and r3 - r4, each with a link behind every router; the cable r2 - r3 is not in yet.

    Both providers delegate the prefix `same`; each delegates another one besides."""
    home = Home(name="two-homes")
    for number in range(1, 5):
        home.routers[f"r{number}"] = Router(f"r{number}")
        home.links[f"s{number}"] = Link(f"s{number}", [f"r{number}"])
    home.links["west"] = Link("west", ["r1", "r2"])
    home.links["east"] = Link("east", ["r3", "r4"])
    home.links["cable"] = Link("cable", ["r2", "r3"], unplugged=["r2", "r3"])
    uplink(home, "r1", same, first, link="wan1")
    uplink(home, "r4", same, second, link="wan4")
    return check(home)


def _finish(home: Home, daemon: str) -> Home:
    if daemon == "hearthd":
        uplink(home, "r1", DELEGATED)
    elif daemon in PEERS:
        _number(home)
    return check(home)


def _number(home: Home) -> None:
    """Give each link of a home without HNCP a /64 and each member an address in it; routers announce their links'."""
    subnets = ipaddress.IPv6Network(DELEGATED).subnets(new_prefix=64)
    home.routers["r1"].announce.append(f"::/0 from {DELEGATED}")  # as hearthd does with an uplink
    for name, link in home.links.items():
        subnet = next(subnets)
        for place, member in enumerate(link.members, start=1):
            address = f"{subnet[place]}/64"
            if member in home.hosts:
                gateway = next(m for m in link.members if m in home.routers)
                home.hosts[member] = Host(member, "static", [address], home.lladdr(gateway, name))
            else:
                home.routers[member].addresses[name] = [address]
                home.routers[member].announce.insert(0, str(subnet))


def pool_prefixes(home: Home) -> dict[str, Any]:
    """The prefixes which the links of a home run by hearthd are numbered from, by the name used in results."""
    found = {"ula": ipaddress.IPv6Network("fc00::/7")} if home.ula else {}
    for router in home.routers.values():
        for text in router.config.splitlines():
            if text.startswith("prefix = "):
                network = ipaddress.IPv6Network(text.removeprefix("prefix = "))
                found[str(network)] = network
    return found
