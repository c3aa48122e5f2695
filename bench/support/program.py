# SPDX-License-Identifier: ISC
"""Benchmarks that are programs: bench/NAME.c becomes build/bench_NAME, which measures a core without a network.

A program prints JSON lines with `name`, `value`, `unit` and `conditions`, or
plain lines `topic: circumstances: label NUMBER us, NUMBER us label`. The figures count no less for their shape.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Iterator

from .result import BUILD, Load, Result

PATIENCE = 600


def _from_json(benchmark: str, item: dict[str, object]) -> Result:
    """A JSON line."""
    value = item.get("value")
    name = re.sub(r"\W+", "-", str(item.get("name", "")))
    return Result(f"{benchmark}.{name}", value if isinstance(value, (int, float)) else None, str(item.get("unit", "")),
                  str(item.get("conditions", "one process, no network")))


def _from_text(benchmark: str, line: str) -> Iterator[Result]:
    where, _, figures = line.rpartition(": ")
    topic, _, circumstance = where.partition(": ")
    for figure in figures.split(", "):
        match = re.fullmatch(r"(.*?) ?(\d+(?:\.\d+)?) (\w+)(?: (\w+))?", figure)
        if match:
            label = re.sub(r"\W+", "-", match[1] or match[4] or circumstance)
            yield Result(f"{benchmark}.{topic}.{label}", float(match[2]), match[3], f"{circumstance}; one process, no "
                                                                                    "network")


def run_program(benchmark: str) -> list[Result]:
    """Run build/bench_NAME and read its figures; none, said so, if it has not been built."""
    program = BUILD / f"bench_{benchmark}"
    if not program.exists():
        print(f"  {program.name} has not been built", file=sys.stderr)
        return []
    load = Load()
    output = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE).stdout
    results: list[Result] = []
    for line in output.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            results += _from_text(benchmark, line)
            continue
        if isinstance(item, dict):
            results.append(_from_json(benchmark, item))
    for result in results:
        result.conditions += f"; {load}"
    return results
