#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What an owner says by mistake is refused in words that help, and what he takes back is gone."""

import json
import unittest

from common import LabTest

# Sends each request of standard input to hearthd and prints its answer.
ASK = """
import json, socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/hearth/hearthd.sock")
f = s.makefile("rw")
for request in REQUESTS:
    f.write(json.dumps(request) + "\\n")
    f.flush()
    print(f.readline().strip())
"""

GOOD = {"cmd": "uplink-add", "name": "t", "interface": "isp-a", "prefix": "2001:db8:f00::/56", "gateway": "fe80::1"}

# What makes it bad, and a word of the answer.
BAD = [({"prefix": "::/1"}, "20 to 64 bits"), ({"prefix": "fe80::/64"}, "20 to 64 bits"),
       ({"prefix": "2001:db8::/127"}, "20 to 64 bits"), ({"gateway": "junk"}, "gateway"),
       ({"gateway": "2001:db8::1"}, "link-local"), ({"dns": "junk"}, "name server"), ({"valid": "soon"}, "seconds"),
       ({"valid": 10, "preferred": 20}, "preferred"), ({"interface": "nosuch"}, "no such interface"),
       ({"interface": "hall"}, "inside the home"), ({"name": "isp-a"}, "another name"), ({"name": ""}, "name")]


class Owner(LabTest):
    """Static uplinks over the control socket, which hooks and programs use without the command line's checks."""

    def ask(self, lab, requests):
        """The answers of r1's hearthd."""
        script = f"REQUESTS = {requests!r}\n{ASK}"
        return [json.loads(line) for line in lab.run("r1", ["python3", "-"], stdin=script).splitlines()]

    def prefixes(self, lab):
        """All delegations that r1 knows."""
        return [p["delegated"] for p in json.loads(lab.run("r1", ["hearth", "--json", "prefixes"]))]

    def test_uplinks(self):
        with self.up("two-isp.toml") as lab:
            self.settles(lab)
            for (change, word), answer in zip(BAD, self.ask(lab, [GOOD | change for change, _ in BAD])):
                self.assertFalse(answer["ok"], change)
                self.assertIn(word, answer["error"], change)
            before = self.prefixes(lab)
            self.assertTrue(self.ask(lab, [GOOD])[0]["ok"])
            self.assertIn(GOOD["prefix"], self.prefixes(lab))
            self.assertTrue(self.ask(lab, [{"cmd": "uplink-del", "name": "t"}])[0]["ok"])
            self.assertEqual(self.prefixes(lab), before)
            self.settles(lab)


if __name__ == "__main__":
    unittest.main()
