# SPDX-License-Identifier: ISC
"""What must be true of a home that works, whatever its shape.

A check is a function of a Lab that returns its failures: none means it holds. Expectations follow from the home file
and from what was done to it (cables, providers, routers): a link that has been cut off from a provider is expected to
have no prefix of that provider. What is found comes from the kernels.
"""

from __future__ import annotations

import ipaddress
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Sequence

from . import truth
from .truth import ULA, Address, Network

if TYPE_CHECKING:
    from .lab import Lab

POLL = 0.2


@dataclass(frozen=True)
class Failure:
    """One thing that is not as it should be."""

    what: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what} at {self.where}: expected {self.expected}, found {self.found}"


Check = Callable[["Lab"], list[Failure]]


class CheckFailed(AssertionError):
    """A check did not come true in time."""


def eventually(lab: Lab, check: Check, timeout: float) -> float:
    """Poll a check until it holds; the seconds it took. CheckFailed lists what was still wrong."""
    start = time.monotonic()
    while True:
        failures = check(lab)
        elapsed = time.monotonic() - start
        if not failures:
            return elapsed
        if elapsed > timeout:
            name = getattr(check, "__name__", "check")
            lines = "\n  ".join(map(str, failures))
            raise CheckFailed(f"{name}: after {elapsed:.1f} s still {len(failures)} wrong:\n  {lines}")
        time.sleep(POLL)


# --- the shape of the home at this moment ---------------------------------------------------------------------------


@dataclass
class Part:
    """Links that hearthd routers join into one network: a whole home, or a piece of one that has been cut."""

    links: set[str]
    routers: set[str]
    isps: set[str]


def parts(lab: Lab) -> list[Part]:
    """The connected pieces of the home, by the cables that are alive and the routers that run."""
    home, processes = lab.home, lab.processes()

    def runs(name: str) -> bool:
        process = processes.get(lab.router(name).tag)
        return lab.router(name).speaks_hncp and process is not None and process["status"] is None

    found: list[Part] = []
    for name in filter(runs, home.routers):
        mine = {link for node, link in lab.wiring.alive if node == name}
        isps = {isp for link in mine for isp in home.isps_on(link)
                if (isp, link) in lab.wiring.alive and lab.isp(isp).delegating}
        part = Part({link for link in mine if not home.isps_on(link)}, {name}, isps)
        for other in [other for other in found if other.links & part.links]:
            found.remove(other)
            part = Part(part.links | other.links, part.routers | other.routers, part.isps | other.isps)
        found.append(part)
    return found


def _members(lab: Lab, part: Part, link: str) -> list[str]:
    """The nodes whose addresses on a link must agree: running routers of the part and hosts, with carrier."""
    hosts = {name for name, host in lab.home.hosts.items() if host.kind != "static"}
    return [node for node, name in sorted(lab.wiring.alive) if name == link and node in part.routers | hosts]


def _delegated(lab: Lab, part: Part) -> tuple[dict[str, list[Network]], list[Failure]]:
    """The prefixes that each provider has delegated to this part, and those that are still missing."""
    prefixes: dict[str, list[Network]] = {}
    failures = []
    for isp in sorted(part.isps):
        mine = [prefix for router, prefix in lab.isp(isp).delegations().items() if router in part.routers]
        prefixes[isp] = list(mine)
        if not mine:
            failures.append(Failure("delegation", f"ISP {isp}", "a delegated prefix", "none delegated yet"))
    return prefixes, failures


# --- prefixes -------------------------------------------------------------------------------------------------------


def _agreement(part: Part, link: str, members: list[str], found: list[Address],
               pools: dict[str, list[Network]]) -> tuple[dict[str, Network], list[Failure]]:
    """The one /64 of each pool that all members of a link share, and where they do not."""
    agreed: dict[str, Network] = {}
    failures = []
    here = [a for a in found if a.link == link and a.preferred]
    for pool, within in pools.items():
        inside = [a for a in here if any(a.network.version == w.version and a.network.subnet_of(w) for w in within)]
        networks = {a.network for a in inside if a.length == 64}
        if len(networks) != 1:
            listed = ", ".join(sorted(f"{n} ({'/'.join(sorted(a.node for a in inside if a.network == n))})"
                                      for n in networks)) or "none"
            failures.append(Failure(f"prefix of {pool}", f"link {link}", "exactly one /64", listed))
            continue
        agreed[pool] = networks.pop()
        if lacking := [m for m in members if m not in {a.node for a in inside}]:
            failures.append(Failure(f"address of {pool}", f"link {link}",
                                    f"one in {agreed[pool]} at each of {' '.join(members)}",
                                    f"none at {' '.join(lacking)}"))
    known = [w for within in pools.values() for w in within]
    for address in here:
        if address.network.version == 6 and address.length == 64 and not any(address.network.subnet_of(w)
                                                                               for w in known):
            failures.append(Failure("stray address", f"{address.node} on {link}",
                                    "only prefixes delegated to this home", f"{address.text}/64"))
    return agreed, failures


def _ula_pool(found: list[Address], part: Part) -> tuple[list[Network], list[Failure]]:
    """The /48 of this part's ULAs; two of them mean that two routers each made one."""
    pools = {ipaddress.ip_network((a.text, 48), strict=False) for a in found
             if a.link in part.links and a.preferred and a.network.version == 6 and a.network.subnet_of(ULA)}
    if len(pools) == 1:
        return list(pools), []
    where = " ".join(sorted(part.routers))
    return sorted(pools), [Failure("ULA", f"home of {where}", "exactly one /48", ", ".join(map(str, pools)) or "none")]


def link_prefixes(lab: Lab) -> tuple[dict[str, dict[str, Network]], list[Failure]]:
    """The agreed prefixes of every link ({link: {pool: prefix}}, pools named by ISP, or "ula"), and all failures."""
    result: dict[str, dict[str, Network]] = {}
    failures: list[Failure] = []
    everyone = [*lab.home.routers, *lab.home.hosts]
    found = truth.addresses(lab, everyone)
    checked = {link.name for link in lab.home.links.values() if link.check}
    for part in parts(lab):
        pools, missing = _delegated(lab, part)
        failures += missing
        if lab.home.ula:
            pools["ula"], wrong = _ula_pool([a for a in found if a.node in part.routers], part)
            failures += wrong
        for link in sorted(part.links & checked):
            result[link], wrong = _agreement(part, link, _members(lab, part, link), found, pools)
            failures += wrong
            if lab.home.ipv4:
                failures += _ipv4(link, found, result[link])
    return result, failures + _overlaps(result)


def _ipv4(link: str, found: list[Address], agreed: dict[str, Network]) -> list[Failure]:
    """One private IPv4 prefix a link; not every router needs an address in it, but none may have another."""
    networks = {a.network for a in found if a.link == link and a.network.version == 4}
    if len(networks) == 1:
        agreed["ipv4"] = networks.pop()
        return []
    return [Failure("IPv4 prefix", f"link {link}", "exactly one", ", ".join(map(str, networks)) or "none")]


def _overlaps(result: dict[str, dict[str, Network]]) -> list[Failure]:
    flat = [(network, link) for link, by_pool in result.items() for network in by_pool.values()]
    return [Failure("overlap", f"links {one} and {two}", "disjoint prefixes", f"{a} and {b}")
            for (a, one), (b, two) in itertools.combinations(flat, 2)
            if one != two and a.version == b.version and a.overlaps(b)]


def prefixes_agree(lab: Lab) -> list[Failure]:
    """Every link has exactly one /64 of every delegation and of the ULA; all members agree; nothing overlaps."""
    return link_prefixes(lab)[1]


# --- reachability ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ping:
    """One question: does `target` answer `source`?"""

    host: str
    source: str
    target: str
    label: str


def _ask(lab: Lab, pings: Sequence[Ping]) -> list[Failure]:
    """All pings at the same time."""
    running = [(ping, lab.popen(ping.host, lab.host(ping.host).ping_argv(ping.target, ping.source)))
               for ping in pings]
    failures = []
    for ping, process in running:
        said = process.communicate()[0]
        if process.returncode != 0:
            why = next((line for line in said.splitlines() if "nreachable" in line or "rohibited" in line), "no answer")
            failures.append(Failure(f"ping {ping.label}", f"{ping.host} from {ping.source}",
                                    f"an answer of {ping.target}", why))
    return failures


def _source(found: list[Address], host: str, network: Network) -> str:
    """A host's preferred address in a prefix; empty if it has none."""
    return next((a.text for a in found if a.node == host and a.preferred and a.network.version == network.version
                 and a.network.subnet_of(network)), "")


def _reachable_hosts(lab: Lab, part: Part) -> list[str]:
    return [name for name, host in lab.home.hosts.items() if host.kind != "static"
            and (name, lab.host(name).link) in lab.wiring.alive and lab.host(name).link in part.links]


def exits(lab: Lab) -> list[Failure]:
    """Each host reaches each provider's server from that provider's prefix, and leaves by that provider."""
    found = truth.addresses(lab, lab.home.hosts)
    pings: list[tuple[str, Ping]] = []
    failures: list[Failure] = []
    for part in parts(lab):
        prefixes, missing = _delegated(lab, part)
        failures += missing
        for host, (isp, networks) in itertools.product(_reachable_hosts(lab, part), prefixes.items()):
            source = next(filter(None, (_source(found, host, n) for n in networks)), "")
            if source:
                pings.append((isp, Ping(host, source, lab.home.isps[isp].server, f"ISP {isp}'s server")))
            elif networks:
                failures.append(Failure(f"address of {isp}", host, "one to ping from", "none"))
    before = {isp: lab.isp(isp).counters() for isp in lab.home.isps}
    unanswered = _ask(lab, [ping for _, ping in pings])
    after = {isp: lab.isp(isp).counters() for isp in lab.home.isps}
    for isp in lab.home.isps:
        sent = sum(1 for name, _ in pings if name == isp)
        came = after[isp]["right_source"] - before[isp]["right_source"]
        if came < sent and not unanswered:
            failures.append(Failure("exit", f"ISP {isp}", f"{sent} packets from its own prefix", str(came)))
        if after[isp]["wrong_source"]:
            failures.append(Failure("source address", f"ISP {isp}", "no packet from outside its pool",
                                    f"{after[isp]['wrong_source']} packets"))
    return failures + unanswered


def hosts_reach_each_other(lab: Lab) -> list[Failure]:
    """Hosts of one home ping each other across links, from every prefix they have in common."""
    found = truth.addresses(lab, lab.home.hosts)
    pings: list[Ping] = []
    failures: list[Failure] = []
    for part in parts(lab):
        pools, _ = _delegated(lab, part)
        if lab.home.ula:
            pools["ula"] = [ULA]
        for (one, two), (pool, networks) in itertools.product(
                itertools.combinations(_reachable_hosts(lab, part), 2), pools.items()):
            ends = [next(filter(None, (_source(found, host, n) for n in networks)), "") for host in (one, two)]
            if all(ends):
                pings.append(Ping(one, ends[0], ends[1], f"{two} ({pool})"))
            else:
                failures.append(Failure(f"address of {pool}", f"{one} and {two}", "one at each", str(ends)))
    return failures + _ask(lab, pings)


# --- what became of a prefix ----------------------------------------------------------------------------------------


def deprecated(prefix: Network, hosts: Sequence[str] = ()) -> Check:
    """A check: no host prefers an address out of `prefix` any more (it is deprecated, or gone)."""

    def prefix_deprecated(lab: Lab) -> list[Failure]:
        found = truth.addresses(lab, hosts or lab.home.hosts)
        return [Failure("deprecation", a.node, f"no preferred address in {prefix}", a.text)
                for a in found if a.preferred and a.network.version == prefix.version and a.network.subnet_of(prefix)]

    return prefix_deprecated


def gone(prefix: Network, nodes: Sequence[str] = ()) -> Check:
    """A check: no node has any address out of `prefix`, not even a deprecated one."""

    def prefix_gone(lab: Lab) -> list[Failure]:
        found = truth.addresses(lab, nodes or [*lab.home.routers, *lab.home.hosts])
        return [Failure("address", a.node, f"none in {prefix}", a.text)
                for a in found if a.network.version == prefix.version and a.network.subnet_of(prefix)]

    return prefix_gone


STANDARD: tuple[Check, ...] = (prefixes_agree, exits, hosts_reach_each_other)


def standard(lab: Lab) -> list[Failure]:
    """All standard checks; pings only once the prefixes are right, since else they can only fail."""
    for check in STANDARD:
        if failures := check(lab):
            return failures
    return []
