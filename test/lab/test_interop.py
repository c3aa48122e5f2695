#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""babeld and BIRD beside hearthd in one home exchange routes both ways (issue: what must be shown, 4)."""

import unittest

from common import LabTest
from hearthlab import checks, parse, truth
from hearthlab.checks import Failure
from hearthlab.router import split_route

BOTH_OTHERS = """
name = "others"
[router.babel]
daemon = "babeld"
addresses = { west = ["2001:db8:e001::1/64"] }
announce = ["2001:db8:e001::/64", "2001:db8:f001::/48 from 2001:db8:e001::/64"]
[router.bird]
daemon = "bird"
addresses = { east = ["2001:db8:e002::1/64"] }
announce = ["2001:db8:e002::/64", "2001:db8:f002::/48 from 2001:db8:e002::/64"]
[link.south]
members = ["babel", "bird"]
[link.west]
members = ["babel"]
[link.east]
members = ["bird"]
"""


def has_routes(router, wanted):
    """A check: a router's kernel has these routes, given as (destination, source)."""

    def routes_arrive(lab):
        have = {(r.destination, r.source) for r in truth.routes(lab, router) if r.via}
        return [Failure("route", router, f"{d} from {s}", "none") for d, s in sorted(wanted - have)]

    return routes_arrive


def announced(lab, router):
    """What a router of the others announces."""
    return {split_route(route) for route in lab.home.routers[router].announce}


def host_pings(host, source, target):
    """A check: a host gets an answer."""

    def host_pings_target(lab):
        return [] if lab.host(host).ping(target, source) else [
            Failure("ping", f"{host} from {source}", f"an answer of {target}", "none")]

    return host_pings_target


class Interop(LabTest):
    """Others' Babel, plain and source-specific."""

    def test_the_others_understand_each_other(self):
        """The lab's own configuration of babeld and BIRD is right: what fails below is then not their fault."""
        with self.up(parse(BOTH_OTHERS)) as lab:
            self.settles(lab, has_routes("babel", announced(lab, "bird")), what="BIRD to babeld")
            self.settles(lab, has_routes("bird", announced(lab, "babel")), what="babeld to BIRD")

    def test_routes_both_ways(self):
        with self.up("interop.toml") as lab:
            self.settles(lab, timeout=60)
            for router in ("r1", "r2"):
                for other in ("babel", "bird"):
                    self.settles(lab, has_routes(router, announced(lab, other)), what=f"{other} to {router}")
            delegated = str(lab.isp("a").delegations()["r1"])
            prefixes = checks.link_prefixes(lab)[0]
            wanted = {("::/0", delegated), (str(prefixes["lan"]["a"]), "::/0"), (str(prefixes["lan"]["ula"]), "::/0")}
            self.settles(lab, has_routes("babel", wanted), what="hearthd to babeld")
            wanted = {("::/0", delegated), (str(prefixes["mid"]["a"]), "::/0"), (str(prefixes["mid"]["ula"]), "::/0")}
            self.settles(lab, has_routes("bird", wanted), what="hearthd to BIRD")
            source = next(a.text for a in truth.addresses(lab, ["h1"])
                          if a.preferred and a.network == prefixes["lan"]["a"])
            self.settles(lab, host_pings("h1", source, "2001:db8:e001::10"), what="a host to one behind babeld")
            self.settles(lab, host_pings("h1", source, "2001:db8:e002::10"), what="a host to one behind BIRD")


if __name__ == "__main__":
    unittest.main()
