# SPDX-License-Identifier: ISC
"""Memory of the daemons when idle (smaps_rollup), and the size of the programs.

line10   a line of 10 routers, 30 s after it came right; the largest of the ten. babeld and bird hold the same line at
         the same time (one /64 a link; they do routing only: no HNCP, no assignment, no router advertisements). Pages
         of libraries and program are shared ten-fold here, which PSS divides by: it is low for all of them.
alone10  one hearthd, and a neighbour that tells it of 9 more nodes, each with two peers, two assigned prefixes, an
alone100 address and a name (support/crowd.py); then of 99. Nothing of Hearth is shared, so PSS is what a real router
         pays (what other programs of this machine share of the C library is left out, as it would be there).
"""

from __future__ import annotations

import json
import signal
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
CROWDS = (10, 100)
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
        answer = json.loads(lab.run(router, ["hearth", "--json", "nodes"], check=False))
    except ValueError:
        return 0
    return len(answer if isinstance(answer, list) else answer.get("nodes", []))


def in_crowds() -> dict[int, tuple[Sizes, int]]:
    """One router that hears of many; its memory, and how many nodes it then knows."""
    found = {}
    with running(shapes.line(1), "-crowd") as (lab, _):
        lab.write("h1", "/run/crowd.py", (ROOT / "bench" / "support" / "crowd.py").read_text())
        for size in CROWDS:
            lab.spawn("h1", f"crowd-{size}", ["python3", "/run/crowd.py", str(ROOT / "lab"), "l1", str(size - 1)])
            time.sleep(IDLE)
            found[size] = largest(lab), reachable_nodes(lab, "r1")
            lab.signal(f"crowd-{size}", signal.SIGKILL)
    return found


def running_hearthds() -> int:
    """How many processes share hearthd's pages."""
    return sum(1 for path in Path("/proc").glob("[0-9]*/comm") if _text(path) == "hearthd")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def stripped(program: str) -> int | None:
    """The size of a program without symbols; None if it has not been built."""
    path = BUILD / program
    if not path.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / program
        subprocess.run(["strip", "-o", str(copy), str(path)], check=True)
        return copy.stat().st_size


def line_results(sizes: dict[str, Sizes]) -> list[Result]:
    """The line of 10 beside its peers, and beside what was measured on hnetd."""
    results = []
    where = f"largest of {SIZE} routers in a line, {IDLE:.0f} s idle, smaps_rollup"
    for part in PARTS:
        for peer in shapes.PEERS:
            mine = Result(f"memory.line{SIZE}.{part}", round(sizes["hearthd"][part] / MIB, 3), "MiB", where)
            results.append(mine.against(peer, round(sizes[peer][part] / MIB, 3)))
    mark = Result(f"memory.line{SIZE}.rss", round(sizes["hearthd"]["rss"] / MIB, 3), "MiB",
                  f"{where}; hnetd without DTLS (7.1 with), MB as in the document")
    return [*results, mark.beside(HNETD, HNETD_RSS_10)]


def run() -> list[Result]:
    """The lines of all daemons at the same time; then, when they have gone, the one that is alone."""
    daemons = ("hearthd", *shapes.PEERS)
    results = line_results(dict(zip(daemons, side_by_side([(in_a_line, (daemon,)) for daemon in daemons]))))
    others = running_hearthds()
    for size, (memory, nodes) in in_crowds().items():
        for part in PARTS:
            where = (f"the only router beside a neighbour that tells of {size - 1} nodes, itself included; it lists "
                     f"{nodes} nodes; {others} other hearthd ran on the machine")
            results.append(Result(f"memory.alone{size}.{part}", round(memory[part] / MIB, 3), "MiB", where))
    for program in ("hearthd", "hearth"):
        size_of = stripped(program)
        results.append(Result(f"memory.binary.{program}", size_of and round(size_of / 1024, 1), "KiB",
                              "stripped, dynamically linked"))
    return results
