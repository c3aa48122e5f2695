# SPDX-License-Identifier: ISC
"""How long a home takes to configure itself: lines of 4, 8 and 16 routers with one provider at the first.

Each round measures three starts in the same lab: all routers together without stored state, the last router joining a
line that has settled, and all together again with the state they had stored (the power comes back). Times count from
the start of the last router (its process is spawned) and run on until
  sync      every router knows every other (dncp.node-up in hearthd's own log)
  delegated every router has an address in the one /64 of the provider's prefix on each link (kernel)
  assigned  and in the one of the ULA, which is made only if nobody has one after up to 10 s (RFC 7788 6.5)
  usable    and its kernel has ended duplicate address detection for them
  routed    every router has a route to every link's /64 and, from the provider's prefix, to the provider (kernel)
  ping      a plain host at the far end gets an answer of a server at the provider (its own SLAAC and DAD included)
The lines run side by side to save time.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Callable

from support import shapes
from support.kernelwatch import KernelWatch, wait_for
from support.parallel import side_by_side
from support.probe import Probe
from support.result import HNETD, RUNS, Load, Result, distribution
from support.settled import links_between, missing, settled, synchronised
from hearthlab import Lab

SIZES = tuple(int(word) for word in os.environ.get("SIZES", "4 8 16").split())
PARTS = ("sync", "delegated", "assigned", "usable", "routed", "ping")
PATIENCE = 60.0  # a start that takes longer than this counts as failed
AT_ONCE = min(RUNS, 2)  # labs of each size side by side
QUIET = 3.0  # after the cables are in: link-local addresses pass their duplicate address detection
STARTS = {"together": "all started together, nothing stored", "join": "the last joins a settled line",
          "again": "all started together with what they had stored"}
HNETD_LINE_4 = 8.75  # middle of the 8.4-9.1 s measured on a line of 4

Times = dict[str, float]


def timed_start(lab: Lab, watch: KernelWatch, names: list[str], wipe: bool, newcomer: str = "") -> Times | None:
    """Start those routers and wait; the parts' times, or None if the home did not come right."""
    everyone = list(lab.home.routers)
    begin = last = time.time()
    for name in names:
        last = time.time()
        lab.router(name).start(wipe)
    links = links_between(lab)
    with Probe(lab, "h1", shapes.SERVER) as probe:
        right = wait_for(lambda: settled(lab, watch, links) is not None, PATIENCE)
        done = settled(lab, watch, links)
        if not right or done is None:
            print(f"  {lab.home.name}: {missing(lab, watch)}", file=sys.stderr)
            return None
        wait_for(lambda: probe.first_answer(last) is not None, 10)
        answer = probe.first_answer(last)
    synced = synchronised(lab, everyone, begin, newcomer)
    moments = {"sync": synced, "delegated": done.delegated, "assigned": done.addressed, "usable": done.usable,
               "routed": done.routed, "ping": answer}
    return {part: moment - last for part, moment in moments.items() if moment is not None}


def stop_all(lab: Lab, names: list[str]) -> None:
    """A clean stop of several routers at once."""
    threads = [threading.Thread(target=lab.router(name).stop) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(0.5)


def forget(lab: Lab, node: str) -> None:
    """Take from a node's kernel what it learnt by itself from advertisements (routers: while their daemon was stopped).

    Those on-link routes live for 90 minutes; where one of these /64s is given to another link in a later round, they
    would win over what the routers learn, and nothing would get there."""
    lab.run(node, ["ip", "-6", "addr", "flush", "scope", "global"])
    for stale in ("2001:db8:a00::/56", "fc00::/7"):
        lab.run(node, ["ip", "-6", "route", "flush", "root", stale, "proto", "kernel"])


def one_round(lab: Lab, watch: KernelWatch, take: Callable[[str, Times | None], None]) -> None:
    """The three starts, one after the other."""
    routers = list(lab.home.routers)
    for node in [*routers, "h1"]:
        forget(lab, node)
    take("together", timed_start(lab, watch, routers, wipe=True))
    last = routers[-1]
    stop_all(lab, [last])
    time.sleep(1.5)
    take("join", timed_start(lab, watch, [last], wipe=True, newcomer=last))
    stop_all(lab, routers)
    take("again", timed_start(lab, watch, routers, wipe=False))
    stop_all(lab, routers)


def measure(size: int, instance: int) -> dict[str, list[Times | None]]:
    """The rounds of one lab; with several of them side by side, each has its share."""
    found: dict[str, list[Times | None]] = {start: [] for start in STARTS}
    with shapes.make_lab(shapes.line(size), f"-{instance}") as lab:
        lab.up(routers=False)
        time.sleep(QUIET)
        with KernelWatch(lab, lab.home.routers) as watch:
            for number in range(instance, RUNS, AT_ONCE):
                one_round(lab, watch, lambda start, times: found[start].append(times))
                print(f"  line of {size}, round {number + 1}: " + "; ".join(
                    f"{start} " + (" ".join(f"{part} {value:.2f}" for part, value in rounds[-1].items())
                                   if rounds[-1] else f"not right after {PATIENCE:.0f} s")
                    for start, rounds in found.items()), file=sys.stderr, flush=True)
    return found


def results_of(size: int, start: str, rounds: list[Times | None], load: Load) -> list[Result]:
    """The distributions of one kind of start."""
    good = [times for times in rounds if times]
    failed = f", {len(rounds) - len(good)} of {len(rounds)} not right in {PATIENCE:.0f} s" if len(good) < len(
        rounds) else ""
    where = (f"line of {size}, {STARTS[start]}{failed}; default timers, static uplink, lines of "
             f"{' and '.join(map(str, SIZES))} side by side, {AT_ONCE} of each, {load}")
    found = []
    for part in PARTS:
        result = distribution(f"convergence.line{size}.{start}.{part}", [t[part] for t in good if part in t], "s",
                              where)
        if (size, start, part) == (4, "together", "delegated"):
            result.beside(HNETD, HNETD_LINE_4)
        found.append(result)
    gaps = [times["routed"] - times["assigned"] for times in good]
    return found + [distribution(f"convergence.line{size}.{start}.routed-after-assigned", gaps, "s", where)]


def run() -> list[Result]:
    """All lines at the same time, each in several labs."""
    load = Load()
    jobs = [(size, instance) for size in SIZES for instance in range(AT_ONCE)]
    found: dict[int, dict[str, list[Times | None]]] = {size: {start: [] for start in STARTS} for size in SIZES}
    for (size, _), starts in zip(jobs, side_by_side([(measure, job) for job in jobs])):
        for start, rounds in starts.items():
            found[size][start] += rounds
    return [result for size in SIZES for start in STARTS
            for result in results_of(size, start, found[size][start], load)]
