# SPDX-License-Identifier: ISC
"""Memory of the daemons when idle (smaps_rollup), and the size of the programs.

10 routers: a line of 10, 30 s after it came right; the largest of the ten. babeld and bird hold the same line beside it
(one /64 a link; they do routing only: no HNCP, no assignment, no router advertisements).
100 nodes: a line of 2 and a neighbour that tells them of 98 more nodes, each with two peers, two assigned prefixes, an
address and a name (bench/support/crowd.py); all 100 are reachable, as `hearth nodes` confirms.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

from support import ROOT, shapes
from support.hearthd import memory_of, running
from support.parallel import side_by_side
from support.result import BUILD, HNETD, Result
from hearthlab import Lab

SIZE = 10
CROWD = 98
IDLE = 30.0
PARTS = ("pss", "rss", "private", "anon")
HNETD_RSS_10 = 2.38
MIB = 1 << 20

Sizes = dict[str, int]


def largest(lab: Lab) -> Sizes:
    """The largest figure of each kind among all routers."""
    each = [memory_of(lab, router) for router in lab.home.routers]
    return {part: max(sizes[part] for sizes in each) for part in PARTS}


def in_a_line(daemon: str) -> Sizes:
    """All routers of a line of 10, after a while of nothing."""
    with running(shapes.line(SIZE, daemon), "-memory") as (lab, _):
        time.sleep(IDLE)
        return largest(lab)


def reachable_nodes(lab: Lab, router: str) -> int:
    """How many nodes a router says there are."""
    try:
        answer = json.loads(lab.run(router, ["hearth", "nodes", "--json"], check=False))
    except ValueError:
        return 0
    return len(answer if isinstance(answer, list) else answer.get("nodes", []))


def in_a_crowd() -> tuple[Sizes, int]:
    """Two routers that hear of 98 more nodes; their memory, and how many nodes they then know."""
    with running(shapes.line(2), "-crowd") as (lab, _):
        script = ROOT / "bench" / "support" / "crowd.py"
        lab.write("h1", "/run/crowd.py", script.read_text())
        seconds = int(IDLE) + 15
        crowd = lab.popen("h1", ["python3", "/run/crowd.py", str(ROOT / "lab"), "l2", str(CROWD), str(seconds)])
        try:
            time.sleep(IDLE)
            return largest(lab), reachable_nodes(lab, "r1")
        finally:
            crowd.terminate()
            crowd.communicate()


def stripped(program: str) -> int | None:
    """The size of a program without symbols; None if it has not been built."""
    path = BUILD / program
    if not path.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / program
        subprocess.run(["strip", "-o", str(copy), str(path)], check=True)
        return copy.stat().st_size


def run() -> list[Result]:
    """Lines of all daemons and the crowd at the same time: memory does not mind company."""
    daemons = ("hearthd", *shapes.PEERS)
    jobs = [(in_a_line, (daemon,)) for daemon in daemons] + [(in_a_crowd, ())]
    *lines, (crowd, nodes) = side_by_side(jobs)
    sizes = dict(zip(daemons, lines))
    results = []
    for part in PARTS:
        where = f"largest of {SIZE} routers in a line, {IDLE:.0f} s idle, smaps_rollup"
        for peer in shapes.PEERS:
            mine = Result(f"memory.nodes10.{part}", round(sizes["hearthd"][part] / MIB, 3), "MiB", where)
            results.append(mine.against(peer, round(sizes[peer][part] / MIB, 3)))
    mark = Result("memory.nodes10.rss", round(sizes["hearthd"]["rss"] / MIB, 3), "MiB",
                  f"{where}; hnetd without DTLS, MB as in the document")
    results.append(mark.beside(HNETD, HNETD_RSS_10))
    for part in PARTS:
        where = f"larger of 2 routers which hear of {CROWD} more nodes from one neighbour; r1 lists {nodes} nodes"
        results.append(Result(f"memory.nodes100.{part}", round(crowd[part] / MIB, 3), "MiB", where))
    for program in ("hearthd", "hearth"):
        size = stripped(program)
        results.append(Result(f"memory.binary.{program}", size and round(size / 1024, 1), "KiB",
                              "stripped, dynamically linked"))
    return results
