#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A delegation is withdrawn and comes back; a provider renumbers; a line dies (issue: what must be shown, 2)."""

import unittest

from common import SETTLED, LabTest
from hearthlab import checks

RESTORED = 70.0  # a client that was refused may ask again after up to 60 s (SOL_MAX_RT)


def only(pool):
    """{link: prefix} of one pool out of what checks.link_prefixes returns."""
    return lambda prefixes: {link: by_pool[pool] for link, by_pool in prefixes.items()}


class Withdrawal(LabTest):
    """The home follows its providers."""

    def settled_prefixes(self, lab, timeout=SETTLED):
        self.settles(lab, timeout=timeout)
        return checks.link_prefixes(lab)[0]

    def test_withdrawn_and_restored(self):
        with self.up("two-isp.toml") as lab:
            before = self.settled_prefixes(lab)
            delegated = lab.isp("a").delegations()["r1"]
            lab.isp("a").withdraw()
            self.settles(lab, checks.deprecated(delegated), what="every host sees A deprecated")
            between = self.settled_prefixes(lab)  # the standard checks: B and the ULA go on, A is expected nowhere
            self.assertEqual(only("b")(between), only("b")(before))
            self.assertEqual(only("ula")(between), only("ula")(before))
            lab.isp("a").restore()
            after = self.settled_prefixes(lab, RESTORED)
            self.assertEqual(after, before, "the same /64s must return to the same links")

    def test_renumbered(self):
        with self.up("two-isp.toml") as lab:
            before = self.settled_prefixes(lab)
            old = lab.isp("a").delegations()["r1"]
            lab.isp("a").renumber()
            self.settles(lab, checks.deprecated(old), what="every host sees the old prefix deprecated")
            after = self.settled_prefixes(lab)
            self.assertNotEqual(lab.isp("a").delegations()["r1"], old)
            self.assertEqual(only("b")(after), only("b")(before))

    def test_line_dies_and_comes_back(self):
        with self.up("two-isp.toml") as lab:
            before = self.settled_prefixes(lab)
            delegated = lab.isp("b").delegations()["r2"]
            lab.isp("b").vanish()
            self.settles(lab, checks.deprecated(delegated), what="every host sees B deprecated")
            self.settles(lab)
            lab.isp("b").come_back()
            self.assertEqual(self.settled_prefixes(lab, RESTORED), before)


if __name__ == "__main__":
    unittest.main()
