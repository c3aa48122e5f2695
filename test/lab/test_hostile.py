#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What broke earlier implementations does not break this one (issue: what must be shown, 5)."""

import json
import sys
import unittest

from common import ROOT, LabTest
from hearthlab import checks, hostile

RSS_LIMIT_KB = 16 * 1024  # of one hearthd while 20,000 nodes are invented; says "bounded", not "small"
SANITIZED_LIMIT_KB = 512 * 1024  # with AddressSanitizer's shadow and quarantine
FORGOTTEN = 90.0  # a stranger who falls silent is forgotten by keep-alives


class Hostile(LabTest):
    """One host on one link of the home attacks everybody on it, and the home stays as it was."""

    def attack(self, lab, name, seconds):
        """Run one attack from the host `pc` and return what it said."""
        said = lab.run("pc", ["python3", "-B", str(ROOT / "lab" / "hearthlab" / "hostile.py"), name, "--link",
                              "office", "--seconds", str(seconds)], timeout=seconds + 60)
        print(said.strip(), file=sys.stderr)
        self.assertNotIn(" 0 routers heard", said, "the attack reached nobody")

    def assert_unharmed(self, lab, pids):
        """Every hearthd is the process it was, and within bounds."""
        for name, pid in pids.items():
            router = lab.router(name)
            self.assertTrue(router.running(), f"{name} died: {lab.processes()[router.tag]}")
            self.assertEqual(router.pid(), pid)
            rss = int(lab.status_of(pid)["VmRSS"].split()[0])
            limit = SANITIZED_LIMIT_KB if self.sanitized(lab, pid) else RSS_LIMIT_KB
            print(f"{name}: RSS {rss} kB", file=sys.stderr)
            self.assertLess(rss, limit, f"{name} uses {rss} kB")

    @staticmethod
    def sanitized(lab, pid):
        """Whether that hearthd was built with AddressSanitizer: its shadow makes the address space terabytes wide."""
        return int(lab.status_of(pid)["VmSize"].split()[0]) > 1 << 30

    def test_attacks(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            before = checks.link_prefixes(lab)[0]
            pids = {name: lab.router(name).pid() for name in lab.home.routers}
            for name, seconds in (("malformed", 5), ("flood", 5), ("published", 16), ("collide", 5),
                                  ("many-nodes", 10)):
                with self.subTest(name):
                    self.attack(lab, name, seconds)
                    self.assert_unharmed(lab, pids)
                    self.settles(lab, timeout=FORGOTTEN, what=f"after {name}")
            self.assertEqual(checks.link_prefixes(lab)[0], before, "no link changed its prefixes")
            self.assertTrue(self.drops_are_counted(lab), "the counters of hearth status do not show what was dropped")

    @staticmethod
    def drops_are_counted(lab):
        """Somewhere in `hearth --json status` of r1 a counter of what was dropped is above zero."""

        def counts(tree, inside=False):
            if isinstance(tree, dict):
                return any(counts(v, inside or "drop" in k or "malformed" in k or "bad" in k) for k, v in tree.items())
            if isinstance(tree, list):
                return any(counts(v, inside) for v in tree)
            return inside and isinstance(tree, int) and not isinstance(tree, bool) and tree > 0

        # Exit status 1: the owner is told that limits were reached.
        return counts(json.loads(lab.run("r1", ["hearth", "--json", "status"], check=False)))


class Datagrams(unittest.TestCase):
    """The attacks are what they say, without a home to attack."""

    def test_made(self):
        for make in (hostile.truncated, hostile.overlong, hostile.nested, hostile.bad_values):
            made = list(make())
            self.assertGreater(len(made), 50, make.__name__)
            self.assertTrue(all(len(datagram) <= 65527 for datagram in made), make.__name__)


if __name__ == "__main__":
    unittest.main()
