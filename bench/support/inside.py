# SPDX-License-Identifier: ISC
"""Opening sockets in a node of the lab without starting a process there."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

from . import ROOT as _  # noqa: F401
from hearthlab import ns

if TYPE_CHECKING:
    from hearthlab import Lab


@contextmanager
def network_of(lab: Lab, node: str) -> Iterator[None]:
    """The calling thread is in the node's network for the length of a `with`; sockets opened there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(lab.process(lab.anchor(node)) / "ns/net", os.O_RDONLY)
    try:
        ns.setns(there)
        yield
    finally:
        ns.setns(home)
        os.close(home)
        os.close(there)
