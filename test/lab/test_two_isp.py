#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A home of four routers with two providers configures itself (issue: what must be shown, 1)."""

import sys
import unittest

from common import LabTest
from hearthlab import checks, truth


class TwoIsp(LabTest):
    """The home of `make demo`."""

    def test_configures_itself_and_carries_traffic(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab, checks.prefixes_agree)
            self.settles(lab, checks.exits)
            self.settles(lab, checks.hosts_reach_each_other)
            prefixes, failures = checks.link_prefixes(lab)
            self.assertEqual(failures, [])
            self.assertEqual(set(prefixes), {"hall", "office", "den", "attic", "cellar"})
            for link, by_pool in prefixes.items():
                self.assertEqual(set(by_pool), {"a", "b", "ula"}, link)
            self.assertEqual(len({n for by_pool in prefixes.values() for n in by_pool.values()}), 15)
            self.assertEqual({isp: lab.isp(isp).counters()["wrong_source"] for isp in "ab"}, {"a": 0, "b": 0})
            self._stops_cleanly(lab)

    def _stops_cleanly(self, lab):
        """SIGTERM: exit status 0, and the kernel is as if hearthd had never run: a host again, so that it may take
        addresses and routes from the advertisements of the routers that still run."""
        inner = {link.name for link in lab.home.inner_links()}
        for name in lab.home.routers:
            self.assertEqual(lab.router(name).stop(), 0, name)
            left = [a.text for a in truth.addresses(lab, [name]) if a.link in inner and not a.autoconfigured]
            self.assertEqual(left, [], f"{name} still has addresses")
            left = [r for r in truth.routes(lab, name) if r.device in inner and r.protocol not in ("kernel", "ra")]
            self.assertEqual(left, [], f"{name} still has routes")
            self._uplinks_are_gone(lab, name)
        print("all routers stopped cleanly", file=sys.stderr)

    def _uplinks_are_gone(self, lab, name):
        """The DHCP client has taken its addresses, routes and files away, and its own files are gone too."""
        outer = {link.name for link in lab.home.links.values()} - {link.name for link in lab.home.inner_links()}
        left = [a.text for a in truth.addresses(lab, [name]) if a.link in outer and not a.autoconfigured]
        self.assertEqual(left, [], f"{name} still has addresses of its provider")
        left = [r for r in truth.routes(lab, name) if r.device in outer and r.protocol not in ("kernel", "ra")]
        self.assertEqual(left, [], f"{name} still has routes to its provider")
        files = lab.run(name, ["sh", "-c", "cd /run && ls -d dhcpcd/* hearth/*"], check=False).split("\n")
        files = [f for f in files if f and "cannot access" not in f]
        self.assertEqual(files, ["hearth/hearthd.sock.lock"], f"{name} still has files")  # a lock is never removed


if __name__ == "__main__":
    unittest.main()
