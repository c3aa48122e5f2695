# SPDX-License-Identifier: ISC
"""Two homes are joined by a cable: what changes, and does anything change that need not?

Homes r1 - r2 and r3 - r4, a link behind each router. Both providers delegate the same /61 (8 /64s), so that links of
the two homes are likely to hold the same /64; each delegates a /56 of its own besides, which nothing conflicts with.
Figures for each join:
  settled    from the cable until all is right again: every link of the joint home has one /64 of each of the three
             prefixes and of one ULA, all routes are there (kernel)
  changed    assignments of the shared /61 that are another /64 afterwards than before, of 6 links
  away       the longest time for which a link had no preferred address out of the shared /61 on one of its routers
  unrelated  the same for the two other prefixes, on the links that had them before: must be 0
  ula        links whose ULA /64 changed (one of the two homes' ULAs has to give way)
  ula-away   the longest time for which one of them had no preferred ULA on one of its routers
"""

from __future__ import annotations

import ipaddress
import sys
import time

from support import shapes
from support.kernelwatch import KernelWatch, wait_for
from support.netlink import Address, Network
from support.parallel import side_by_side
from support.result import HNETD, RUNS, Load, Result, distribution
from support.settled import ULA, find_settled, missing, settled
from hearthlab import Lab

SHARED = ipaddress.IPv6Network("2001:db8:c00::/61")
FIRST = ipaddress.IPv6Network("2001:db8:1000::/56")
SECOND = ipaddress.IPv6Network("2001:db8:2000::/56")
LINKS = {"west": ["r1", "r2"], "east": ["r3", "r4"], "s1": ["r1"], "s2": ["r2"], "s3": ["r3"], "s4": ["r4"]}
WEST, EAST = {"west", "s1", "s2"}, {"east", "s3", "s4"}
PATIENCE = 90.0
AT_ONCE = 5
HNETD_SETTLED, HNETD_AWAY = 17.0, 4.0

Times = dict[str, float]


def assignments(watch: KernelWatch, pool: Network) -> dict[str, Network]:
    """The /64 of each link out of a pool, as a router there has it."""
    found = {}
    for link, routers in LINKS.items():
        for device, address, _ in watch.addresses(routers[0]):
            if device == link and not address.autoconfigured and address.network.version == 6:
                if address.network.subnet_of(pool):
                    found[link] = address.network
    return found


def ready(watch: KernelWatch) -> bool:
    """Whether both homes are numbered out of everything that they have, before the join."""
    return (len(assignments(watch, SHARED)) == len(LINKS) and len(assignments(watch, ULA)) == len(LINKS)
            and set(assignments(watch, FIRST)) == WEST and set(assignments(watch, SECOND)) == EAST)


def longest_absence(watch: KernelWatch, pool: Network, since: float, until: float, links: set[str]) -> float:
    """The longest time for which a router had no preferred address of its own out of a pool on one of those links."""
    longest = 0.0
    for link in links:
        for router in LINKS[link]:
            have: set[Address] = set()
            empty_since: float | None = None
            for change in sorted(watch.changes(0), key=lambda change: change.at):
                what = change.what
                if change.node != router or not isinstance(what, Address) or what.autoconfigured:
                    continue
                if watch.devices[router].get(what.device) != link or what.network.version != 6:
                    continue
                if not what.network.subnet_of(pool):
                    continue
                (have.add if change.came and change.value else have.discard)(what)
                if have and empty_since is not None:
                    longest = max(longest, change.at - empty_since)
                    empty_since = None
                elif not have and change.at >= since and empty_since is None:
                    empty_since = change.at
            if empty_since is not None:
                longest = max(longest, until - empty_since)
    return longest


def one_join(lab: Lab, watch: KernelWatch) -> Times | None:
    """From two settled homes to one; the cable is in afterwards."""
    if not wait_for(lambda: ready(watch), PATIENCE):
        print(f"  merge: homes not right before the join: {assignments(watch, SHARED)}", file=sys.stderr)
        return None
    time.sleep(3)
    before, ula_before = assignments(watch, SHARED), assignments(watch, ULA)
    start = time.time()
    lab.wiring.plug("cable", "r2", "r3")
    if not wait_for(lambda: settled(lab, watch) is not None, PATIENCE):
        print(f"  merge: {missing(lab, watch)}", file=sys.stderr)
        return None
    time.sleep(5)  # what has been taken away has to be seen to stay away
    done, now = find_settled(lab, watch), time.time()
    after, ula_after = assignments(watch, SHARED), assignments(watch, ULA)
    twice = len(before) - len(set(before.values()))
    return {"settled": max(done.usable, done.routed) - start,
            "conflicts": twice,
            "changed": sum(1 for link in LINKS if before[link] != after.get(link)),
            "away": longest_absence(watch, SHARED, start, now, set(LINKS)),
            "unrelated": max(longest_absence(watch, FIRST, start, now, WEST),
                             longest_absence(watch, SECOND, start, now, EAST)),
            "ula": sum(1 for link in LINKS if ula_before[link] != ula_after.get(link)),
            "ula-away": longest_absence(watch, ULA, start, now, set(LINKS))}


def measure(instance: int) -> Times | None:
    """One join in a lab of its own."""
    with shapes.make_lab(shapes.two_homes(str(SHARED), str(FIRST), str(SECOND)), f"-{instance}") as lab:
        lab.up()
        with KernelWatch(lab, lab.home.routers) as watch:
            return one_join(lab, watch)


def run() -> list[Result]:
    """Joins side by side, as many as asked for."""
    load = Load()
    joins: list[Times | None] = []
    while len(joins) < RUNS:
        batch = min(AT_ONCE, RUNS - len(joins))
        joins += side_by_side([(measure, (instance,)) for instance in range(batch)])
    good = [times for times in joins if times]
    for times in good:
        print("  merge: " + ", ".join(f"{name} {value:.2f}" for name, value in times.items()), file=sys.stderr)
    where = (f"homes r1-r2 and r3-r4 joined by a cable, the same {SHARED} in both, {len(joins) - len(good)} of "
             f"{len(joins)} joins not right in {PATIENCE:.0f} s, {AT_ONCE} labs at the same time, default timers, "
             f"{load}")
    units = {"settled": "s", "conflicts": "links", "changed": "links", "away": "s", "unrelated": "s", "ula": "links",
             "ula-away": "s"}
    marks = {"settled": HNETD_SETTLED, "away": HNETD_AWAY}
    results = []
    for name, unit in units.items():
        result = distribution(f"merge.{name}", [times[name] for times in good], unit, where)
        results.append(result.beside(HNETD, marks[name]) if name in marks else result)
    return results
