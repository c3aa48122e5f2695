# SPDX-License-Identifier: ISC
"""Faults in a ring of 4 routers with a provider at r1, h1 behind r1, h2 behind r3; babeld and bird beside hearthd.

Traffic (an echo request every 20 ms from h1 to h2) goes r1 - X - r3, where X is whichever neighbour r1 has chosen:
  carrier  the link r1 - X loses its carrier at both ends
  silent   the same link drops everything both ways and keeps its carrier
  dead     X stops (kill -9) and all its links fall silent in the same moment
Figures: from the fault to the first answered request after the last unanswered one.

Then r1, whose provider's prefix everybody uses, leaves:
  border-dead  kill -9, its links fall silent     border-stop  a clean stop (SIGTERM)
Figures until it is known everywhere: `route` the provider's default route is gone from all kernels; `prefix` no kernel
prefers an address in its prefix; `node` all others have logged dncp.node-down. The last two have no peer here.
"""

from __future__ import annotations

import ipaddress
import signal
import sys
import time
from typing import Callable

from support import shapes
from support.kernelwatch import KernelWatch, wait_for
from support.netlink import Address, Hop, Network, Route
from support.parallel import side_by_side
from support.probe import Probe
from support.result import HNETD, RUNS, Load, Result, compared, distribution
from support.settled import DEFAULT, events
from hearthlab import Lab

DAEMONS = ("hearthd", *shapes.PEERS)
SIZE = 4
PATIENCE = 75.0
HEALING = 60.0
AT_ONCE = min(RUNS, 4)  # rings of each daemon side by side: babeld takes a minute to trust a healed link again
ROUNDS = 1
DELEGATED = ipaddress.IPv6Network(shapes.DELEGATED)
TRAFFIC = ("carrier", "silent", "dead")
HNETD_DEAD, HNETD_STOP = 34.5, 34.5  # middle of the 29-40 s measured for both

Times = dict[str, list[float]]


class Ring:
    """A ring that is up, and what is done to it."""

    def __init__(self, lab: Lab, watch: KernelWatch):
        self.lab = lab
        self.watch = watch
        self.routers = list(lab.home.routers)
        self.found: Times = {}

    def take(self, name: str, seconds: float) -> None:
        """Keep one measurement."""
        self.found.setdefault(name, []).append(seconds)

    def subnet(self, link: str) -> Network | None:
        """The /64 that a link has out of the provider's prefix."""
        for router in self.routers:
            for device, address, _ in self.watch.addresses(router):
                if device == link and address.network.version == 6 and address.network.subnet_of(DELEGATED):
                    return address.network
        return None

    def healthy(self) -> bool:
        """Every router reaches the link beyond each neighbour by that neighbour, and has the provider's route."""
        for number in range(1, SIZE + 1):
            beyond = {f"l{number}": f"l{number % SIZE + 1}",
                      f"l{(number - 2) % SIZE + 1}": f"l{(number - 3) % SIZE + 1}"}
            for out, there in beyond.items():
                subnet = self.subnet(there)
                if subnet is None or self.watch.next_hop(f"r{number}", subnet) != out:
                    return False
        return self.subnet("s2") is not None and all(self.watch.route_since(r, DEFAULT, DELEGATED)
                                                     for r in self.routers[1:])

    def wait_healthy(self) -> bool:
        """Wait until all is as before the fault; says so if it is not."""
        if wait_for(self.healthy, HEALING):
            return True
        print(f"  {self.lab.home.name}: not healthy after {HEALING:.0f} s", file=sys.stderr)
        return False

    def path(self) -> tuple[str, str, str]:
        """h2's address, the link by which r1 sends to it now, and the router at that link's other end."""
        target = next((address.text for device, address, _ in self.watch.addresses("h2")
                       if device == "s2" and address.network.version == 6 and address.network.subnet_of(DELEGATED)), "")
        subnet = self.subnet("s2")
        link = self.watch.next_hop("r1", subnet) if subnet else ""
        return target, link, next((m for m in self.lab.home.links[link].members if m != "r1"), "") if link else ""

    def drop(self, cables: list[tuple[str, str]], on: bool) -> None:
        """Those cables carry nothing more, in either direction, or do again; both ends keep their carrier."""
        table = "netdev bench_silence"
        script = f"table {table}\ndelete table {table}\n"
        if on:
            chains = []
            for node, link in cables:
                port = self.lab.home.port(node, link)
                others = [self.lab.home.port(m, link) for m in self.lab.home.links[link].members if m != node]
                for device in [port, *others]:
                    chains.append(f" chain {device} {{ type filter hook ingress device \"{device}\" priority -400; "
                                  "drop; }")
            script += f"table {table} {{\n" + "\n".join(dict.fromkeys(chains)) + "\n}\n"
        self.lab.switch_nft(script)

    def cables_of(self, router: str) -> list[tuple[str, str]]:
        """A router's cables to other routers."""
        return [(router, link) for link in self.lab.home.links_of(router) if link.startswith("l")]

    def carrier(self, link: str, up: bool) -> None:
        """Give or take a link's carrier at both ends at once."""
        ports = [self.lab.home.port(node, link) for node in self.lab.home.links[link].members]
        self.lab.switch_batch([f"link set {port} {'up' if up else 'down'}" for port in ports])


def traffic_fault(ring: Ring, kind: str) -> None:
    """One fault on the path of the traffic, until it flows again; then heal it."""
    if not wait_for(lambda: all(ring.path()), 30):
        print(f"  {ring.lab.home.name}: {kind}: no path from h1 to h2", file=sys.stderr)
        return
    target, link, router = ring.path()
    with Probe(ring.lab, "h1", target) as probe:
        if not wait_for(probe.flows, 20):
            print(f"  {ring.lab.home.name}: {kind}: no traffic before the fault", file=sys.stderr)
            return
        start = time.time()
        if kind == "carrier":
            ring.carrier(link, False)
        elif kind == "silent":
            ring.drop([("r1", link)], True)
        else:
            ring.drop(ring.cables_of(router), True)
            ring.lab.signal(ring.lab.router(router).tag, signal.SIGKILL)
        time.sleep(1)
        if wait_for(probe.flows, PATIENCE):
            ring.take(kind, probe.outage(start))
        else:
            print(f"  {ring.lab.home.name}: {kind}: no traffic after {PATIENCE:.0f} s", file=sys.stderr)
    if kind == "carrier":
        ring.carrier(link, True)
    else:
        ring.drop([], False)
    if kind == "dead":
        ring.lab.wait_end(ring.lab.router(router).tag)
        ring.lab.router(router).start()


def border_leaves(ring: Ring, kind: str) -> None:
    """r1 goes; until everybody else knows; then it comes back."""
    tag = ring.lab.router("r1").tag
    others = [router for router in ring.routers if router != "r1"]
    start = time.time()
    if kind == "border-dead":
        ring.drop(ring.cables_of("r1"), True)
        ring.lab.signal(tag, signal.SIGKILL)
    else:
        ring.lab.signal(tag, signal.SIGTERM)

    def everywhere(gone: Callable[[str], bool]) -> bool:
        return all(gone(router) for router in others)

    marks = {"route": lambda router: ring.watch.route_since(router, DEFAULT, DELEGATED) is None}
    if ring.lab.router("r1").speaks_hncp:
        marks["prefix"] = lambda router: not any(a.network.version == 6 and a.network.subnet_of(DELEGATED)
                                                 and not a.autoconfigured for _, a, _ in ring.watch.addresses(router))
        marks["node"] = lambda router: any(e.name == "dncp.node-down" for e in events(ring.lab, router, start))
    for name, gone in marks.items():
        if wait_for(lambda: everywhere(gone), PATIENCE - (time.time() - start)):
            ring.take(f"{kind}.{name}", last_change(ring, others, name, start) - start)
        else:
            print(f"  {ring.lab.home.name}: {kind}: {name} not gone after {PATIENCE:.0f} s", file=sys.stderr)
    ring.lab.wait_end(tag)
    ring.drop([], False)
    ring.lab.router("r1").start()


def last_change(ring: Ring, others: list[str], name: str, start: float) -> float:
    """When the last of the others came to know: read from the record, as waiting only looks now and then."""
    if name == "node":
        return max(next(e.at for e in events(ring.lab, router, start) if e.name == "dncp.node-down")
                   for router in others)
    times = [start]
    for change in ring.watch.changes(start):
        what, lost = change.what, not change.came or not change.value
        if change.node not in others:
            continue
        if name == "route" and isinstance(what, Route) and (what.destination, what.source) == (DEFAULT, DELEGATED):
            if lost or (isinstance(change.value, Hop) and not change.value.unicast):
                times.append(change.at)
        if name == "prefix" and isinstance(what, Address) and what.network.version == 6 and lost:
            if what.network.subnet_of(DELEGATED):
                times.append(change.at)
    return max(times)


def measure(daemon: str, instance: int) -> Times:
    """All rounds in one ring."""
    with shapes.make_lab(shapes.ring(SIZE, daemon), f"-{instance}") as lab:
        lab.up(routers=False)
        time.sleep(3)
        with KernelWatch(lab, [*lab.home.routers, "h1", "h2"]) as watch:
            ring = Ring(lab, watch)
            for router in ring.routers:
                lab.router(router).start()
            for number in range(ROUNDS):
                for kind in TRAFFIC:
                    if ring.wait_healthy():
                        traffic_fault(ring, kind)
                for kind in ("border-stop", "border-dead"):
                    if ring.wait_healthy():
                        border_leaves(ring, kind)
                said = ", ".join(f"{name} {times[-1]:.2f}" for name, times in ring.found.items())
                print(f"  {daemon} ring {instance + 1}, round {number + 1}: {said}", file=sys.stderr, flush=True)
            return ring.found


def results_of(found: dict[str, Times], where: str) -> list[Result]:
    """Everything that was measured, beside the peers where they know such a thing."""
    notes = {"carrier": "link r1-X loses carrier until traffic flows", "silent": "link r1-X silent until traffic flows",
             "dead": "router X dead (kill -9, links silent) until traffic flows",
             "border-dead.route": "border router dead until its default route is gone everywhere",
             "border-stop.route": "border router stopped (SIGTERM) until its default route is gone everywhere"}
    results = []
    for name, note in notes.items():
        peers = {peer: found[peer].get(name, []) for peer in shapes.PEERS}
        results += compared(f"fault.{name}", found["hearthd"].get(name, []), peers, "s", f"{note}; {where}")
    for kind, mark in (("border-dead", HNETD_DEAD), ("border-stop", HNETD_STOP)):
        for name, note in (("prefix", "no kernel prefers an address in its prefix"),
                           ("node", "all others have logged dncp.node-down")):
            mine = distribution(f"fault.{kind}.{name}", found["hearthd"].get(f"{kind}.{name}", []), "s",
                                f"until {note}; {where}")
            results.append(mine.beside(HNETD, mark) if name == "prefix" else mine)
    return results


def run() -> list[Result]:
    """All rings of all daemons side by side."""
    load = Load()
    jobs = [(daemon, instance) for daemon in DAEMONS for instance in range(AT_ONCE)]
    found: dict[str, Times] = {daemon: {} for daemon in DAEMONS}
    for (daemon, _), times in zip(jobs, side_by_side([(measure, job) for job in jobs])):
        for name, values in times.items():
            found[daemon].setdefault(name, []).extend(values)
    where = (f"ring of {SIZE}, Hello 4 s and Update 16 s everywhere, {AT_ONCE} rings of each daemon at the same time, "
             f"probe every 20 ms, {load}")
    return results_of(found, where)
