# SPDX-License-Identifier: ISC
"""What the lab tests share: finding the package, bringing a home up, saying what was there when a test failed."""

from __future__ import annotations

import os
import sys
import unittest
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))

from hearthlab import Home, Lab, checks, watch  # noqa: E402

HOMES = ROOT / "lab" / "homes"
SETTLED = 40.0  # seconds a home may take to come right; what it really takes is printed


class LabTest(unittest.TestCase):
    """A test that brings homes up."""

    @classmethod
    def setUpClass(cls) -> None:
        if os.geteuid() != 0:
            raise unittest.SkipTest("the lab makes network namespaces and needs root")

    @contextmanager
    def up(self, home: Home | str, **options: bool) -> Iterator[Lab]:
        """A home that is up for the length of a `with`; if the test fails inside, show it as it was."""
        with Lab(HOMES / home if isinstance(home, str) else home) as lab:
            try:
                lab.up(**options)
                yield lab
            except BaseException:
                describe(lab)
                raise

    def settles(self, lab: Lab, check: checks.Check = checks.standard, timeout: float = SETTLED,
                what: str = "") -> float:
        """Assert that a check comes true in time, and print how long it took."""
        took = checks.eventually(lab, check, timeout)
        print(f"{self.id().rsplit('.', 1)[-1]}: {what or check.__name__}: {took:.1f} s", file=sys.stderr)
        return took

    def holds(self, lab: Lab, check: Callable[[Lab], list[checks.Failure]]) -> None:
        """Assert that a check is true now."""
        failures = check(lab)
        self.assertFalse(failures, "\n  ".join(map(str, ["", *failures])))


def describe(lab: Lab) -> None:
    """The home as it is, and the ends of the logs: what one looks at first."""
    try:
        print("\n".join(watch.table(lab)), file=sys.stderr)
    except Exception as error:  # the lab may not have come up at all
        print(f"(no table: {error})", file=sys.stderr)
    for log in sorted(lab.folder.glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-12:]
        if lines and not log.name.startswith(("kea", "radvd")):
            print(f"--- {log.name}", *lines, sep="\n", file=sys.stderr)
