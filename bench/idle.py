# SPDX-License-Identifier: ISC
"""Packets a second on a link when nothing happens: the middle links of a line of 4, counted in the switch.

Every link between two routers is counted for SECONDS, after the home has been right for a while (so that the Trickle
intervals of DNCP have grown to their longest). babeld and bird hold the same line beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time

from support import shapes
from support.hearthd import running
from support.parallel import side_by_side
from support.result import HNETD, Load, Result
from hearthlab import Lab

SIZE = 4
QUIET = float(os.environ.get("QUIET", "60"))
SECONDS = float(os.environ.get("SECONDS", "120"))
KINDS = {"hncp": "udp dport 8231", "babel": "udp dport 6696", "ra": "icmpv6 type nd-router-advert",
         "nd": "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }",
         "mld": "icmpv6 type { mld-listener-query, mld-listener-report, mld2-listener-report }"}

Rates = dict[str, dict[str, float]]


def counters(lab: Lab, links: list[str]) -> str:
    """An nft script: on each port of those links, how much of what comes in from the node is of which kind."""
    lines = ["table netdev bench {"]
    for link in links:
        lines += [f" counter {kind}_{link} {{ }}" for kind in [*KINDS, "other"]]
    for link in links:
        for node in lab.home.links[link].members:
            port = lab.home.port(node, link)
            rules = [f"  {match} counter name {kind}_{link} accept" for kind, match in KINDS.items()]
            lines += [f" chain {port} {{", f"  type filter hook ingress device \"{port}\" priority 0; policy accept;",
                      *rules, f"  counter name other_{link}", " }"]
    return "\n".join([*lines, "}\n"])


def read(lab: Lab) -> dict[str, tuple[int, int]]:
    """Packets and bytes of all counters."""
    keeper = f"/proc/{lab.state['keeper']}/ns"
    text = subprocess.run(["nsenter", f"--net={keeper}/net", "--", "nft", "-j", "list", "counters", "table", "netdev",
                           "bench"], capture_output=True, text=True, check=True).stdout
    return {item["counter"]["name"]: (item["counter"]["packets"], item["counter"]["bytes"])
            for item in json.loads(text)["nftables"] if "counter" in item}


def measure(daemon: str) -> Rates:
    """Packets and bytes a second of each kind, the mean of all links between two routers."""
    with running(shapes.line(SIZE, daemon), "-idle") as (lab, _):
        links = [f"l{number}" for number in range(1, SIZE)]
        lab.switch_nft(counters(lab, links))
        time.sleep(QUIET)
        before, start = read(lab), time.monotonic()
        time.sleep(SECONDS)
        after, seconds = read(lab), time.monotonic() - start
    rates: Rates = {}
    for kind in [*KINDS, "other"]:
        moved = [[now - then for now, then in zip(after[f"{kind}_{link}"], before[f"{kind}_{link}"])]
                 for link in links]
        rates[kind] = {"packets": sum(p for p, _ in moved) / seconds / len(links),
                       "bytes": sum(b for _, b in moved) / seconds / len(links)}
    return rates


def run() -> list[Result]:
    """The three daemons side by side."""
    load = Load()
    daemons = ("hearthd", *shapes.PEERS)
    rates = dict(zip(daemons, side_by_side([(measure, (daemon,)) for daemon in daemons])))
    where = (f"a link between two routers, mean of the {SIZE - 1} of a line of {SIZE}, {SECONDS:.0f} s counted "
             f"{QUIET:.0f} s after all was in place, both directions, Hello 4 s and Update 16 s everywhere, {load}")
    results = []
    for unit in ("packets", "bytes"):
        for kind in [*KINDS, "other"]:
            mine = Result(f"idle.{kind}.{unit}", round(rates["hearthd"][kind][unit], 4), f"{unit}/s", where)
            if kind != "babel":
                results.append(mine)
                continue
            for peer in shapes.PEERS:
                one = Result(mine.name, mine.value, mine.unit, where)
                results.append(one.against(peer, round(rates[peer][kind][unit], 4)))
        total = round(sum(kind[unit] for kind in rates["hearthd"].values()), 4)
        results.append(Result(f"idle.all.{unit}", total, f"{unit}/s", where))
    hncp = round(rates["hearthd"]["hncp"]["packets"] / 2, 4)
    results.append(Result("idle.hncp.packets-per-endpoint", hncp, "packets/s", where).beside(
        HNETD, 0.05))
    return results
