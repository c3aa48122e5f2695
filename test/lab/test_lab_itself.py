#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The lab proves itself before it proves anything else: it is isolated, it tidies up, its faults are real."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from common import HOMES, ROOT, LabTest
from hearthlab import HomeError, Lab, LabError, homes, load, parse
from hearthlab.lab import STATE_ROOT

SMALL = """
name = "small"
[isp.a]
pool = "2001:db8:a000::/40"
ipv4 = "192.0.2.0/24"
[isp.b]
pool = "2001:db8:b000::/40"
[router.cpe]
daemon = "none"
[host.h1]
kind = "static"
addresses = ["fd00::1/64"]
[host.h2]
kind = "static"
addresses = ["fd00::2/64"]
[host.wan]
kind = "dhcpcd"
[link.isp-a]
members = ["a", "cpe", "wan"]
[link.isp-b]
members = ["b"]
[link.lan]
members = ["cpe", "h1", "h2"]
"""

DHCPCD_CONF = """
duid
slaac hwaddr
noipv4ll
option rapid_commit
option domain_name_servers
interface isp-a
  ia_na 1
  ia_pd 2 lan/1/64
"""


def machine():
    """What a lab could leave behind on the machine."""
    return {"interfaces": sorted(os.listdir("/sys/class/net")),
            "mounts": sorted(re.sub(r"(?m)^\d+ \d+ ", "", Path("/proc/self/mountinfo").read_text()).splitlines()),
            "resolv.conf": hashlib.sha256(Path("/etc/resolv.conf").read_bytes()).hexdigest(),
            "hostname": os.uname().nodename,
            "labs": sorted(os.listdir(STATE_ROOT)) if STATE_ROOT.exists() else []}


def namespaces_of(lab):
    """The identities of a lab's namespaces."""
    keeper = f"/proc/{lab.state['keeper']}"
    found = {os.readlink(f"{keeper}/ns/{kind}") for kind in ("pid", "net", "mnt")}
    for anchor in lab.state["anchors"].values():
        found |= {os.readlink(lab.process(anchor) / "ns" / kind) for kind in ("net", "mnt", "uts")}
    return found


def users_of(namespaces):
    """The processes of the machine that still are in any of these namespaces."""
    users = []
    for entry in Path("/proc").glob("[0-9]*/ns/*"):
        try:
            if os.readlink(entry) in namespaces:
                users.append(str(entry))
        except OSError:
            pass
    return users


def wait_for(condition, timeout=15.0):
    """The seconds until a condition came true, or an AssertionError."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > timeout:
            raise AssertionError(f"not within {timeout} s")
        time.sleep(0.1)
    return time.monotonic() - start


class Isolation(LabTest):
    """Nothing gets out, nothing stays."""

    def test_down_leaves_nothing_behind(self):
        before = machine()
        with self.up(parse(SMALL)) as lab:
            inside = namespaces_of(lab)
            self.assertTrue(users_of(inside))
            wait_for(lambda: "nameserver" in lab.path("wan", "/etc/resolv.conf").read_text())  # a hook did write
            self.assertEqual(machine()["resolv.conf"], before["resolv.conf"])
            self.assertEqual(machine()["mounts"], before["mounts"])
        wait_for(lambda: not users_of(inside))
        self.assertEqual(machine(), before)

    def test_killed_driver_takes_its_lab_along(self):
        before = machine()
        program = ("import sys, signal; sys.path.insert(0, sys.argv[1]); from hearthlab import Lab, parse\n"
                   "lab = Lab(parse(sys.argv[2]), 'crash'); lab.up(); print('up', flush=True); signal.pause()")
        driver = subprocess.Popen([sys.executable, "-B", "-c", program, str(ROOT / "lab"), SMALL],
                                  stdout=subprocess.PIPE, text=True)
        self.assertEqual(driver.stdout.readline(), "up\n")
        inside = namespaces_of(Lab.attach("crash"))
        driver.kill()
        driver.wait()
        driver.stdout.close()
        wait_for(lambda: not users_of(inside) and machine() == before)

    def test_detached_lab_and_killed_keeper(self):
        before = machine()
        lab = Lab(parse(SMALL), "detached")
        lab.up(detach=True)
        inside = namespaces_of(lab)
        os.kill(int((lab.folder / "pid").read_text().split()[0]), signal.SIGKILL)
        wait_for(lambda: not users_of(inside))
        with self.assertRaisesRegex(LabError, "dead"):
            Lab.attach("detached")
        lab.down()
        self.assertEqual(machine(), before)

    def test_nodes_cannot_touch_the_machine(self):
        with self.up(parse(SMALL)) as lab:
            for folder in ("/usr", str(ROOT), "/root"):
                # A checkout below /tmp lies in the node's own /tmp, where it may write: to no harm outside.
                said = lab.run("h1", ["touch", f"{folder}/hearth-lab-was-here"], check=False)
                self.assertTrue("Read-only file system" in said or folder.startswith("/tmp/"), said)
                self.assertFalse(Path(folder, "hearth-lab-was-here").exists())
            lab.run("h1", ["touch", "/etc/x", "/run/x", "/tmp/x", "/var/lib/x"])
            self.assertFalse(Path("/etc/x").exists())
            self.assertEqual(lab.run("h1", ["hostname"]).strip(), "h1")
            self.assertEqual(lab.run("h1", ["ls", "/sys/class/net"]).split(), ["lan", "lo"])
            self.assertNotIn(f" {os.getpid()} ", lab.run("h1", ["ps", "ax", "-o", "pid="]))

    def test_side_by_side(self):
        with self.up(parse(SMALL)) as one, Lab(parse(SMALL), "small-too") as two:
            two.up()
            for lab in (one, two):
                lab.run("h1", ["ping", "-c", "1", "-W", "5", "fd00::2"])
            with self.assertRaisesRegex(LabError, "up already"):
                Lab(parse(SMALL), "small-too").up()
            self.assertFalse(namespaces_of(one) & namespaces_of(two))

    def test_command_line(self):
        tool = str(ROOT / "lab" / "hearth-lab")
        home = STATE_ROOT.parent / f"hearth-lab-test-{os.getpid()}.toml"
        home.write_text(SMALL.replace('"small"', '"small-cli"'))
        self.addCleanup(home.unlink)
        self.addCleanup(lambda: Lab.clear("small-cli"))
        subprocess.run([tool, "up", str(home)], check=True, stdout=subprocess.DEVNULL)
        said = subprocess.run([tool, "exec", "small-cli", "h1", "--", "cat", "/etc/hostname"], capture_output=True)
        self.assertEqual(said.stdout, b"h1\n")
        status = subprocess.run([tool, "exec", "small-cli", "h1", "--", "sh", "-c", "exit 7"]).returncode
        self.assertEqual(status, 7)
        self.assertIn("kea6-a", subprocess.run([tool, "status"], capture_output=True, text=True).stdout)
        subprocess.run([tool, "down", str(home)], check=True)
        self.assertFalse((STATE_ROOT / "small-cli").exists())


class Provider(LabTest):
    """A provider is a real one: any DHCPv6 client takes its prefix, and learns what becomes of it."""

    def test_delegation_withdrawn_restored_renumbered_and_line_loss(self):
        with self.up(parse(SMALL)) as lab:
            isp = lab.isp("a")

            def lan():
                tree = json.loads(lab.run("cpe", ["ip", "-6", "-j", "addr", "show", "dev", "lan", "scope", "global"]))
                return {a["local"]: a["preferred_life_time"] > 0 for item in tree
                        for a in item.get("addr_info", []) if "local" in a and not a.get("tentative")}

            lab.write("cpe", "/etc/dhcpcd.conf", DHCPCD_CONF)
            lab.spawn("cpe", "dhcpcd", ["dhcpcd", "-B", "-d", "isp-a"])
            took = wait_for(lambda: lan() == {"2001:db8:a002:1::1": True} and "cpe" in isp.delegations())
            print(f"delegated after {took:.1f} s", file=sys.stderr)
            self.assertEqual(str(isp.delegations()["cpe"]), "2001:db8:a002::/56")
            lab.run("b", ["ping", "-c", "1", "-W", "2", "2001:db8:a002:1::1"])  # across the core, by the lease's route
            isp.withdraw()
            print(f"withdrawn after {wait_for(lambda: not any(lan().values())):.1f} s", file=sys.stderr)
            self.assertEqual(isp.delegations(), {})
            isp.restore()
            took = wait_for(lambda: lan().get("2001:db8:a002:1::1"))
            print(f"restored after {took:.1f} s", file=sys.stderr)
            isp.renumber()
            took = wait_for(lambda: lan().get("2001:db8:a003:1::1"))
            print(f"renumbered after {took:.1f} s", file=sys.stderr)
            self._line_dies_and_comes_back(lab)

    def _line_dies_and_comes_back(self, lab):
        isp = lab.isp("a")

        def reached():
            return "1 received" in lab.run("cpe", ["ping", "-c", "1", "-W", "1", isp.isp.server], check=False)

        wait_for(reached)
        isp.vanish(silently=True)
        self.assertIn("LOWER_UP", lab.run("cpe", ["ip", "link", "show", "isp-a"]))
        self.assertFalse(reached())
        isp.come_back()
        isp.vanish()
        self.assertIn("NO-CARRIER", lab.run("cpe", ["ip", "link", "show", "isp-a"]))
        isp.come_back()
        wait_for(reached)
        wait_for(lambda: "run-hooks REBIND6" in lab.log("dhcpcd").rpartition("carrier lost")[2])
        self.assertIn("cpe", isp.delegations())
        lab.run("cpe", ["dhcpcd", "--release", "isp-a"])
        wait_for(lambda: not isp.delegations())

    def test_wrong_source_is_counted_and_dropped(self):
        with self.up(parse(SMALL)) as lab:
            gateway = lab.home.lladdr("a", "isp-a")
            lab.batch("cpe", ["addr add 2001:db8:b0ff::1/128 dev lo nodad",
                              f"route add default via {gateway} dev isp-a metric 1"])
            before = lab.isp("a").counters()
            time.sleep(2)  # duplicate address detection on the access link
            said = lab.run("cpe", ["ping", "-c", "1", "-W", "1", "-I", "2001:db8:b0ff::1", "2001:db8:a001::1"],
                           check=False)
            self.assertIn("0 received", said)
            after = lab.isp("a").counters()
            self.assertEqual(before["wrong_source"], 0)
            self.assertGreater(after["wrong_source"], 0)


class Faults(LabTest):
    """What the wiring is asked to break does break, in the way that was asked for."""

    def received(self, lab, count=1):
        """How many of so many pings from h1 to h2 are answered."""
        said = lab.run("h1", ["ping", "-q", "-c", str(count), "-i", "0.005", "-W", "1", "fd00::2"], check=False)
        return int(re.search(r"(\d+) received", said).group(1))

    def test_loss_silence_and_carrier(self):
        with self.up(parse(SMALL)) as lab:
            wait_for(lambda: self.received(lab))
            self.assertEqual(self.received(lab, 50), 50)
            lab.wiring.loss("h2", "lan", 30)  # both ways: 0.7 * 0.7 of the answers come back
            answered = self.received(lab, 400)
            self.assertTrue(140 < answered < 250, f"{answered} of 400 with 30 % loss each way")
            lab.wiring.silence("h2", "lan")
            self.assertEqual(self.received(lab, 20), 0)
            self.assertIn("LOWER_UP", lab.run("h2", ["ip", "link", "show", "lan"]))
            lab.wiring.loss("h2", "lan", 0)
            wait_for(lambda: self.received(lab))
            lab.wiring.carrier("h2", "lan", False)
            self.assertIn("NO-CARRIER", lab.run("h2", ["ip", "link", "show", "lan"]))
            lab.wiring.carrier("h2", "lan", True)

    def test_cables(self):
        with self.up(parse(SMALL.replace('"h1", "h2"]', '"h1", "h2"]\nunplugged = ["cpe"]'))) as lab:
            self.assertEqual(lab.run("cpe", ["ls", "/sys/class/net"]).split(), ["isp-a", "lo"])
            lab.wiring.plug("lan", "cpe")
            mac = lab.path("cpe", "/sys/class/net/lan/address").read_text().strip()
            self.assertEqual(mac, lab.home.mac("cpe", "lan"))
            lab.wiring.unplug("lan", "cpe")
            self.assertEqual(lab.run("cpe", ["ls", "/sys/class/net"]).split(), ["isp-a", "lo"])


class HomeFiles(unittest.TestCase):
    """Home files are read strictly, and mistakes are named."""

    def test_all_homes_of_the_lab(self):
        for path in sorted(HOMES.glob("*.toml")):
            self.assertEqual(load(path).name, path.stem)
        self.assertEqual(len(homes.line(16).routers), 16)

    def test_mistakes(self):
        for text, message in (
                ("[router.r1]\ncolour = 1", r"\[router.r1\]: unknown key colour; known are"),
                ("[link.l1]\nmembers = ['r9']", "no such node: r9"),
                ("[router.r1]\n[host.r1]\n", "two nodes are called r1"),
                ("[host.h1]\n", "exactly one link"),
                ("[router.R_1]\n", "1 to 15 of a-z"),
                ("[isp.a]\npool = '2001:db8::/48'\n[link.x]\nmembers = ['a']", "at least a /44"),
                ("[isp.a]\n[link.x]\nmembers = ['a']", "pool"),
                ("[router.r1]\ncategories = { l1 = 'open' }\n[link.l1]\nmembers = ['r1']", "'open' is none of"),
                ("[router", "not TOML")):
            with self.assertRaisesRegex(HomeError, message):
                parse(text)


if __name__ == "__main__":
    unittest.main()
