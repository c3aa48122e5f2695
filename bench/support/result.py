# SPDX-License-Identifier: ISC
"""What a benchmark hands back, and how it is shown and kept."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Sequence

from . import ROOT

RUNS = int(os.environ.get("RUNS", "10"))
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
os.environ["HEARTH_BUILD"] = str(BUILD)  # where the lab finds hearthd


@dataclass
class Result:
    """One figure. `ratio` is below 1 where Hearth is better, None where no peer ran beside it."""

    name: str
    value: float | None
    unit: str
    conditions: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None

    def against(self, peer: str, value: float | None, more_is_better: bool = False) -> Result:
        """The same figure compared with a peer that was measured in the same run."""
        self.peer, self.peer_value = peer, value
        mine, theirs = (value, self.value) if more_is_better else (self.value, value)
        if mine is not None and theirs:
            self.ratio = round(mine / theirs, 3)
        return self

    def beside(self, mark: str, value: float | None = None) -> Result:
        """The same figure beside a mark that was not measured in this run: no ratio."""
        self.peer, self.peer_value = mark, value
        return self


HNETD = "hnetd (measured earlier, not in this run)"


def spread(values: Sequence[float]) -> str:
    """The distribution in a few words."""
    if not values:
        return "n=0"
    return f"n={len(values)} min {min(values):.3f} max {max(values):.3f}"


def distribution(name: str, values: Sequence[float], unit: str, conditions: str) -> Result:
    """The median as the figure; smallest, largest and how many in the conditions."""
    median = round(statistics.median(values), 4) if values else None
    return Result(name, median, unit, f"median, {spread(values)}; {conditions}")


def compared(name: str, values: Sequence[float], peers: dict[str, Sequence[float]], unit: str,
             conditions: str) -> list[Result]:
    """A distribution beside that of each peer; alone if there is none."""
    found = []
    for peer, theirs in peers.items():
        mine = distribution(name, values, unit, f"{conditions}; {peer}: {spread(theirs)}")
        found.append(mine.against(peer, round(statistics.median(theirs), 4) if theirs else None))
    return found or [distribution(name, values, unit, conditions)]


# --- where and when ---------------------------------------------------------------------------------------------------


def _first_line(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    except OSError:
        return "?"
    return (done.stdout or done.stderr).strip().splitlines()[0] if (done.stdout or done.stderr).strip() else "?"


def machine() -> str:
    """The conditions which all figures of a run share."""
    commit = _first_line("git", "describe", "--always", "--dirty", "--abbrev=10")
    return (f"Linux {os.uname().release} {os.uname().machine}, {os.cpu_count()} cores, commit {commit}, "
            f"babeld {_first_line('babeld', '-V').removeprefix('babeld-')}, "
            f"{_first_line('bird', '--version')}")


class Load:
    """How busy the machine was between two moments: everybody's processes, in percent of all cores."""

    def __init__(self) -> None:
        self.start = self._read()

    @staticmethod
    def _read() -> tuple[int, int]:
        fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    def __str__(self) -> str:
        total, idle = (after - before for after, before in zip(self._read(), self.start))
        return f"cores {100 - 100 * idle / max(total, 1):.0f} % busy"


# --- the table and the file -------------------------------------------------------------------------------------------


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if abs(value) < 10000 else f"{value:.0f}"


def table(results: Sequence[Result]) -> str:
    """All figures, aligned; the conditions of each below it."""
    rows = [("benchmark", "value", "unit", "peer value", "ratio", "peer")]
    rows += [(r.name, _number(r.value), r.unit, _number(r.peer_value), _number(r.ratio), r.peer or "") for r in results]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(widths[2]), row[3].rjust(widths[3]),
                 row[4].rjust(widths[4]), row[5]]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def conditions(results: Sequence[Result]) -> str:
    """What each figure means, once for all that share it."""
    groups: dict[str, list[str]] = {}
    for result in results:
        groups.setdefault(result.conditions, []).append(result.name)
    return "\n".join(f"  {', '.join(dict.fromkeys(names))}: {text}" for text, names in groups.items())


def merge(results: Sequence[Result], ran: Sequence[str], shared: str) -> Path:
    """Write bench.json: results of the benchmarks that ran replace their old ones, those of others stay."""
    path = BUILD / "bench.json"
    try:
        old = json.loads(path.read_text())
    except (OSError, ValueError):
        old = []
    kept = [item for item in old if str(item.get("name", "")).split(".")[0] not in ran]
    new = [asdict(result) | {"conditions": f"{result.conditions}; {shared}"} for result in results]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(json.dumps(kept + new, indent=1) + "\n")
    path.with_suffix(".new").rename(path)
    return path
