# SPDX-License-Identifier: ISC
"""Babel alone, beside babeld and bird: a line of 4 routers of each, all three at the same time.

default  from the start of the last router until the route to the provider, for its prefix, is in all kernels. Every
         daemon knows it from its first moment, so this is finding neighbours and passing the route on.
links    until a route to every link's prefix is in all kernels. babeld and bird have theirs by hand; hearthd must
         agree on them first (RFC 7695: backoff and flooding delay of 5 s), so its figure contains the assignment.
"""

from __future__ import annotations

import ipaddress
import sys
import time

from support import shapes
from support.kernelwatch import KernelWatch, wait_for
from support.parallel import side_by_side
from support.netlink import Network
from support.result import RUNS, Load, Result, compared
from support.settled import DEFAULT, links_between, settled
from hearthlab import Lab

DAEMONS = ("hearthd", *shapes.PEERS)
SIZE = 4
PATIENCE = 60.0
DELEGATED = ipaddress.IPv6Network(shapes.DELEGATED)
QUIET = 3.0
AT_ONCE = min(RUNS, 2)


def last_of(watch: KernelWatch, routers: list[str], destination: Network, source: Network) -> float | None:
    """When the last of the routers got that route; None while one lacks it."""
    times = [watch.route_since(router, destination, source) for router in routers]
    return None if None in times else max(time for time in times if time is not None)


def all_links(lab: Lab, watch: KernelWatch) -> float | None:
    """When the last route to a link's prefix came."""
    if lab.home.routers["r1"].daemon == "hearthd":
        done = settled(lab, watch, links_between(lab))
        return done.routed if done else None
    subnets = {ipaddress.IPv6Interface(text).network for router in lab.home.routers.values()
               for addresses in router.addresses.values() for text in addresses}
    times = [last_of(watch, list(lab.home.routers), subnet, DEFAULT) for subnet in subnets]
    return None if None in times else max(time for time in times if time is not None)


def measure(daemon: str, instance: int) -> dict[str, list[float]]:
    """The rounds of one lab of a daemon."""
    found: dict[str, list[float]] = {"default": [], "links": []}
    home = shapes.line(SIZE, daemon)
    routers = list(home.routers)
    with shapes.make_lab(home, f"-{instance}") as lab:
        lab.up(routers=False)
        time.sleep(QUIET)
        with KernelWatch(lab, routers) as watch:
            for _ in range(instance, RUNS, AT_ONCE):
                for name in routers:
                    start = time.time()
                    lab.router(name).start(wipe=True)
                for what, moment in (("default", lambda: last_of(watch, routers[1:], DEFAULT, DELEGATED)),
                                     ("links", lambda: all_links(lab, watch))):
                    if wait_for(lambda: moment() is not None, PATIENCE):
                        found[what].append((moment() or 0) - start)
                    else:
                        print(f"  {daemon}: {what}: not there after {PATIENCE:.0f} s", file=sys.stderr)
                for name in routers:
                    lab.router(name).stop()
                wait_for(lambda: not any(watch.route_since(name, DEFAULT, DELEGATED) for name in routers[1:]), 10)
                time.sleep(0.5)
    return found


def run() -> list[Result]:
    """The three daemons side by side."""
    load = Load()
    jobs = [(daemon, instance) for daemon in DAEMONS for instance in range(AT_ONCE)]
    found: dict[str, dict[str, list[float]]] = {daemon: {"default": [], "links": []} for daemon in DAEMONS}
    for (daemon, _), times in zip(jobs, side_by_side([(measure, job) for job in jobs])):
        for what, values in times.items():
            found[daemon][what] += values
    where = (f"line of {SIZE}, Hello 4 s and Update 16 s everywhere, all daemons at the same time in {AT_ONCE} labs "
             f"each, {load}")
    notes = {"default": "start to the provider's source-specific default route in all kernels",
             "links": "start to a route to every link's /64 in all kernels (hearthd assigns them first)"}
    return [result for what, note in notes.items()
            for result in compared(f"routing.line{SIZE}.{what}", found["hearthd"][what],
                                   {peer: found[peer][what] for peer in shapes.PEERS}, "s", f"{note}; {where}")]
