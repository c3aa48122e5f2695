# SPDX-License-Identifier: ISC
"""Benchmarks that are programs: bench/NAME.c becomes build/bench_NAME, which measures a core without a network.

A program prints JSON lines with `name`, `value` and `unit` (and what else it likes, which becomes the conditions), or
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


def _from_json(benchmark: str, item: dict[str, object]) -> Iterator[Result]:
    """One JSON line: either one named figure, or several figures of one circumstance."""
    numbers = {key: value for key, value in item.items() if isinstance(value, (int, float)) and key != "value"}
    texts = {key: str(value) for key, value in item.items() if isinstance(value, str) and key not in ("name", "unit")}
    name = str(item.get("name") or item.get("bench") or "")
    if "value" in item:
        where = ", ".join(f"{key} {value}" for key, value in {**numbers, **texts}.items())
        value = item["value"]
        yield Result(f"{benchmark}.{name}".removesuffix("."), value if isinstance(value, (int, float)) else None,
                     str(item.get("unit", "")), where or "one process, no network")
        return
    size = next((key for key in ("nodes", "size", "count") if key in numbers), "")
    prefix = ".".join(filter(None, [benchmark, name, f"{size}{numbers.pop(size)}" if size else ""]))
    for key, value in numbers.items():
        stem, _, unit = key.rpartition("_")
        yield Result(f"{prefix}.{stem or key}", float(value), unit if stem else "",
                     ", ".join(f"{k} {v}" for k, v in texts.items()) or "one process, no network")


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
            results += _from_json(benchmark, item)
    for result in results:
        result.conditions += f"; {load}"
    return results
