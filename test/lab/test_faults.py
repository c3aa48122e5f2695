#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""After each fault the same assertions hold again (issue: what must be shown, 3)."""

import unittest

from common import LabTest
from hearthlab import checks

NOTICED = 60.0  # a silent death is noticed by timers


class Faults(LabTest):
    """One home lives through one fault after another."""

    def test_link_down_and_up(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            before = checks.link_prefixes(lab)[0]
            lab.wiring.link_down("hall")
            self.settles(lab, timeout=NOTICED, what="hall down")
            lab.wiring.link_up("hall")
            self.settles(lab, timeout=NOTICED, what="hall up")
            self.assertEqual(checks.link_prefixes(lab)[0], before)
            lab.wiring.carrier("r4", "den", False)
            self.settles(lab, timeout=NOTICED, what="r4 unplugged from den")
            lab.wiring.carrier("r4", "den", True)
            self.settles(lab, timeout=NOTICED, what="r4 back on den")

    def test_silent_loss(self):
        """The cable is in, the carrier is there, and nothing passes: only Hellos tell."""
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            lab.wiring.silence("r3", "hall")
            self.settles(lab, checks.exits, timeout=NOTICED, what="traffic finds another way")
            lab.wiring.loss("r3", "hall", 0)
            self.settles(lab, timeout=NOTICED, what="healed")

    def test_killed_and_restarted(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            before = checks.link_prefixes(lab)[0]
            router = lab.router("r3")
            router.power_off()
            self.settles(lab, timeout=NOTICED, what="r3 lost its power")
            router.power_on()
            self.settles(lab, timeout=NOTICED, what="r3 back, with its state")
            self.assertEqual(checks.link_prefixes(lab)[0], before)
            router.kill()
            self.settles(lab, timeout=NOTICED, what="r3's daemon killed, its kernel left as it was")
            router.start()
            self.settles(lab, timeout=NOTICED, what="r3 killed and started over what it had left in the kernel")
            self.assertEqual(checks.link_prefixes(lab)[0], before)
            router.restart(wipe=True)
            self.settles(lab, timeout=NOTICED, what="r3 back, without its state")

    def test_border_router_restarted(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            before = checks.link_prefixes(lab)[0]
            lab.router("r1").restart()
            self.settles(lab, timeout=NOTICED, what="r1 back, with its state")
            self.assertEqual(checks.link_prefixes(lab)[0], before)

    def test_two_homes_joined_and_parted(self):
        with self.up("two-homes.toml") as lab:
            self.settles(lab, what="two homes")
            self.assertEqual(len(checks.parts(lab)), 2)
            before = checks.link_prefixes(lab)[0]
            lab.wiring.plug("cable")
            self.settles(lab, timeout=NOTICED, what="joined by a cable")
            self.assertEqual(len(checks.parts(lab)), 1)
            after = checks.link_prefixes(lab)[0]
            self.assertEqual(after["alan"]["a"], before["alan"]["a"])  # nothing wanted those: they must not move
            self.assertEqual(after["blan"]["b"], before["blan"]["b"])
            lab.wiring.unplug("cable")
            self.settles(lab, timeout=NOTICED, what="parted")


if __name__ == "__main__":
    unittest.main()
