# SPDX-License-Identifier: ISC
"""Bringing up homes of hearthd until they are right, and looking at the processes."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

from . import shapes
from .kernelwatch import KernelWatch, wait_for
from .settled import missing, settled
from hearthlab import Home

if TYPE_CHECKING:
    from hearthlab import Lab

PATIENCE = 90.0


@contextmanager
def running(home: Home, instance: str = "") -> Iterator[tuple[Lab, KernelWatch]]:
    """A home whose routers have been started and are right; RuntimeError if they do not come right."""
    with shapes.make_lab(home, instance) as lab:
        lab.up()
        with KernelWatch(lab, lab.home.routers) as watch:
            if any(router.speaks_hncp for router in map(lab.router, lab.home.routers)):
                if not wait_for(lambda: settled(lab, watch) is not None, PATIENCE):
                    raise RuntimeError(f"{home.name} is not right after {PATIENCE:.0f} s: {missing(lab, watch)}")
            else:
                time.sleep(15)
            yield lab, watch


def memory_of(lab: Lab, router: str) -> dict[str, int]:
    """Pss, Rss, private and anonymous memory of a router's daemon in bytes (smaps_rollup)."""
    pid = lab.router(router).pid()
    text = lab.path(router, f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {key: int(value) * 1024 for key, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.M)}
    return {"pss": sizes["Pss"], "rss": sizes["Rss"], "anon": sizes["Anonymous"],
            "private": sizes["Private_Clean"] + sizes["Private_Dirty"]}
