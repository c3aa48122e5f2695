# SPDX-License-Identifier: ISC
"""When was a home right? Read from the facts of the kernels and from hearthd's own event lines."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Iterator

from .kernelwatch import KernelWatch
from .netlink import Network
from .shapes import pool_prefixes

if TYPE_CHECKING:
    from hearthlab import Lab

ULA = ipaddress.IPv6Network("fc00::/7")
DEFAULT = ipaddress.IPv6Network("::/0")


@dataclass(frozen=True)
class Settled:
    """The moments at which the last of something came true."""

    delegated: float  # every router has its addresses in the one /64 of each provider's prefix on each link
    addressed: float  # and in the one of the ULA
    usable: float  # and their duplicate address detection is over
    routed: float  # every router has a route to each of these, and by the provider for its prefix


class NotYet(Exception):
    """What is still missing."""


def links_between(lab: Lab) -> dict[str, list[str]]:
    """The links of the home itself (no provider behind them), each with the running routers on it."""
    outside = {link.name for link in lab.home.links.values() if any(m.startswith("net-") for m in link.members)}
    running = {tag for tag, process in lab.processes().items() if process["status"] is None}
    alive = lab.wiring.alive
    found = {}
    for link in lab.home.links.values():
        routers = [m for m in link.members if m in lab.home.routers and (m, link.name) in alive
                   and lab.router(m).tag in running]
        if routers and link.name not in outside:
            found[link.name] = routers
    return found


def _shared(watch: KernelWatch, link: str, routers: list[str], pool: Network) -> tuple[Network, float, float]:
    """The one /64 out of a pool that all routers on a link have an address in; since when it is there, and usable.

    What a router's kernel took from a neighbour's advertisements while its own daemon was stopped does not count."""
    networks: set[Network] = set()
    since = usable = 0.0
    for router in routers:
        mine = [(address.network, fact) for device, address, fact in watch.addresses(router)
                if device == link and address.length == 64 and address.network.version == 6
                and address.network.subnet_of(pool) and not address.autoconfigured]
        if len({network for network, _ in mine}) != 1:
            raise NotYet(f"{router} on {link}: {' '.join(str(n) for n, _ in mine) or 'no address'} out of {pool}")
        networks.add(mine[0][0])
        first = min((fact for _, fact in mine), key=lambda fact: fact.changed)
        since, usable = max(since, first.since), max(usable, first.changed)
    if len(networks) != 1:
        raise NotYet(f"{link}: {' and '.join(map(str, networks))}")
    return networks.pop(), since, usable


def find_settled(lab: Lab, watch: KernelWatch, links: dict[str, list[str]] | None = None) -> Settled:
    """When everything was in place; NotYet if it is not."""
    links = links or links_between(lab)
    routers = sorted({router for names in links.values() for router in names})
    delegated = addressed = usable = routed = 0.0
    for pool in pool_prefixes(lab.home).values():
        shared = [_shared(watch, link, on_it, pool) for link, on_it in links.items()]
        if pool == ULA and len({network.supernet(new_prefix=48) for network, _, _ in shared}) != 1:
            raise NotYet("more than one ULA prefix")
        if pool != ULA:
            delegated = max([delegated, *(since for _, since, _ in shared)])
        addressed, usable = max([addressed, *(s for _, s, _ in shared)]), max([usable, *(u for _, _, u in shared)])
        wanted = [(network, DEFAULT) for network, _, _ in shared] + ([] if pool == ULA else [(DEFAULT, pool)])
        for router in routers:
            for destination, source in wanted:
                since = watch.route_since(router, destination, source)
                if since is None:
                    raise NotYet(f"{router}: no route to {destination} from {source}")
                routed = max(routed, since)
    return Settled(delegated, addressed, usable, routed)


def settled(lab: Lab, watch: KernelWatch, links: dict[str, list[str]] | None = None) -> Settled | None:
    """The same; None if it is not."""
    try:
        return find_settled(lab, watch, links)
    except NotYet:
        return None


def missing(lab: Lab, watch: KernelWatch) -> str:
    """What a home still lacks; empty if nothing."""
    try:
        find_settled(lab, watch)
        return ""
    except NotYet as what:
        return str(what)


# --- event lines ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A line of hearthd's log."""

    at: float
    name: str
    fields: dict[str, str]


LINE = re.compile(r"^(\d{4}-\d\d-\d\dT[\d:.]+)Z \w+ (\S+)(.*)$")


def events(lab: Lab, router: str, since: float = 0.0) -> Iterator[Event]:
    """The events that a router's hearthd has logged since a moment."""
    for line in lab.log(lab.router(router).tag).splitlines():
        if match := LINE.match(line):
            at = datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc).timestamp()
            if at >= since - 0.001:
                yield Event(at, match[2], dict(re.findall(r"(\S+?)=(\S+)", match[3])))


def synchronised(lab: Lab, routers: list[str], since: float, newcomer: str = "") -> float | None:
    """When each of the routers had come to know every other (with `newcomer`: the others only had to learn of it)."""
    last = 0.0
    for router in routers:
        expected = 1 if newcomer and router != newcomer else len(routers) - 1
        known: dict[str, float] = {}
        for event in events(lab, router, since):
            if event.name == "dncp.node-up":
                known.setdefault(event.fields["node"], event.at)
        if len(known) < expected:
            return None
        if expected:
            last = max(last, sorted(known.values())[expected - 1])
    return last
