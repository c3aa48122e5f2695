# SPDX-License-Identifier: ISC
"""Providers: real servers (Kea for DHCPv6 with prefix delegation and for DHCPv4, radvd), and what they do to customers.

Kea runs a script for every lease it commits; that script installs the route to the delegated prefix by way of the
link-local address which the request came from, as a provider's access router does. Nothing else in the provider
routes to customers, so a missing delegation is a missing route, and `delegations()` reads the kernel's truth.

Ingress filter (BCP 38): a packet from the access link whose source is not out of this provider's pool is counted as
`wrong_source` and dropped. In a home that routes by source address that counter stays at zero.

Measured with dhcpcd 9.4.1 and the home files' default of renewing every 5 s:
- A client that asks for an address too (IA_NA and IA_PD) keeps its binding when the prefix is withdrawn: at its next
  Renew, after 0-5 s, it deprecates the prefix and runs its hook (RENEW6); it goes on renewing, so that a restored
  delegation is back within 5 s and a renumbered one too.
- A client that asks for a prefix only drops its lease at once when the Renew is answered with lifetimes 0, deletes
  addresses and routes, and runs NO hook at all; then it solicits with intervals that double up to SOL_MAX_RT, so that
  a restored delegation is taken up after about as long again as it was withdrawn, 60 s at most.
- dhcpcd speaks first after 1-2 s (router solicitation, duplicate address detection): delegated after 2-4 s.
"""

from __future__ import annotations

import glob
import ipaddress
import json
import socket
import time
from typing import TYPE_CHECKING, Any

from .home import CORE_LINK, Isp

if TYPE_CHECKING:
    from .lab import Lab

ROUTE_PROTOCOL = "77"  # of the routes to delegated prefixes
HOOKS = "/usr/lib/*/kea/hooks"
ON_LEASE = "/etc/kea/on-lease"
CONTROL = "/run/kea/kea6.sock"

# RFC 8415 21.24: 60 s is the least it may be; the default would let a client that was refused wait up to an hour.
# This Kea does not know the option by name.
SOL_MAX_RT = {"code": 82, "space": "dhcp6", "csv-format": False, "data": "0000003C"}

ON_LEASE_SCRIPT = f"""\
#!/bin/sh
# Run by Kea: route what has just been delegated to the router that asked, until it gives it back or the lease expires.
case $1 in
leases6_committed) ;;
lease6_release | lease6_expire)
    [ "$LEASE6_TYPE" = IA_PD ] && ip -6 route flush "$LEASE6_ADDRESS/$LEASE6_PREFIX_LEN" proto {ROUTE_PROTOCOL}
    exit ;;
*) exit ;;
esac
i=0
while [ "$i" -lt "${{LEASES6_SIZE:-0}}" ]; do
    eval "type=\\$LEASES6_AT${{i}}_TYPE address=\\$LEASES6_AT${{i}}_ADDRESS length=\\$LEASES6_AT${{i}}_PREFIX_LEN"
    [ "$type" = IA_PD ] &&
        ip -6 route replace "$address/$length" via "$QUERY6_REMOTE_ADDR" dev "$QUERY6_IFACE_NAME" proto {ROUTE_PROTOCOL}
    i=$((i + 1))
done
"""


class IspNode:
    """A provider of a running lab."""

    def __init__(self, lab: Lab, isp: Isp):
        self.lab = lab
        self.isp = isp

    @property
    def name(self) -> str:
        """Its node's name."""
        return self.isp.name

    @property
    def link(self) -> str:
        """Its access link."""
        return self.lab.home.access_link(self.name)

    @property
    def _state(self) -> dict[str, Any]:
        return self.lab.state["isps"].setdefault(self.name, {"delegating": True, "generation": 0, "present": True})

    @property
    def delegating(self) -> bool:
        """Whether customers are meant to have a delegation just now."""
        return self._state["delegating"] and self._state["present"]

    # --- starting -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Configure the node and start its servers; see wait_ready."""
        isp, link, lab = self.isp, self.link, self.lab
        commands = ["link set lo up", f"addr add {isp.gateway}/64 dev {link}", f"addr add {isp.server}/128 dev lo",
                    f"route add unreachable {isp.pool} metric 4096"]
        if isp.ipv4:
            commands += [f"addr add {isp.access4[1]}/{isp.access4.prefixlen} dev {link}",
                         f"addr add {isp.server4}/32 dev lo"]
        lab.batch(self.name, commands + self._core_commands())
        lab.nft(self.name, self._ingress_filter())
        lab.write(self.name, "/etc/radvd.conf", self._radvd_config())
        lab.write(self.name, ON_LEASE, ON_LEASE_SCRIPT, 0o755)
        self._save_kea_config()
        lab.spawn(self.name, f"radvd-{self.name}",
                  ["radvd", "--nodaemon", "--logmethod", "stderr", "--config", "/etc/radvd.conf",
                   "--pidfile", "/run/radvd/radvd.pid"])
        lab.spawn(self.name, f"kea6-{self.name}", ["kea-dhcp6", "-c", "/etc/kea/kea6.json"])
        if isp.ipv4:
            lab.write(self.name, "/etc/kea/kea4.json", json.dumps(self._kea4_config(), indent=1))
            lab.spawn(self.name, f"kea4-{self.name}", ["kea-dhcp4", "-c", "/etc/kea/kea4.json"])

    def _core_commands(self) -> list[str]:
        """Addresses and routes among the providers: each is reached through its own border only."""
        isps = list(self.lab.home.isps)
        if len(isps) < 2:
            return []
        core = "2001:db8:ffff::"
        commands = [f"addr add {core}{isps.index(self.name) + 1:x}/64 dev {CORE_LINK}"]
        for number, other in enumerate(isps, 1):
            peer = self.lab.home.isps[other]
            if other == self.name:
                continue
            commands.append(f"route add {peer.pool} via {core}{number:x} dev {CORE_LINK}")
        return commands

    def _ingress_filter(self) -> str:
        link, isp = self.link, self.isp
        own4 = f"  ip saddr {isp.ipv4} counter name right_source4 accept\n" if isp.ipv4 else ""
        return (f"table inet lab_ingress {{\n counter right_source {{ }}\n counter wrong_source {{ }}\n"
                f" counter right_source4 {{ }}\n"
                f" chain ingress {{\n  type filter hook prerouting priority -300;\n  iifname != \"{link}\" accept\n"
                f"  ip6 saddr {{ ::, fe80::/10 }} accept\n  ip6 saddr {isp.pool} counter name right_source accept\n"
                f"  ip saddr 0.0.0.0 accept\n{own4}  counter name wrong_source drop\n }}\n}}\n")

    def _radvd_config(self) -> str:
        return (f"interface {self.link} {{\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 10;\n"
                f" AdvManagedFlag on;\n AdvOtherConfigFlag on;\n AdvDefaultLifetime 1800;\n"
                f" prefix {self.isp.access} {{ AdvOnLink on; AdvAutonomous on; }};\n}};\n")

    def _kea6_config(self) -> dict[str, Any]:
        isp = self.isp
        pool = isp.delegation_pool(self._state["generation"])
        pd_pools = [{"prefix": str(pool.network_address), "prefix-len": 48, "delegated-len": isp.delegate}]
        hooks = next(iter(glob.glob(HOOKS)), "/usr/lib/kea/hooks")
        subnet = {"id": 1, "subnet": str(isp.access), "interface": self.link, "rapid-commit": True,
                  "pools": [{"pool": f"{isp.access[0x1000]} - {isp.access[0x1FFF]}"}],
                  "pd-pools": pd_pools if self._state["delegating"] else []}
        return {"Dhcp6": {
            "interfaces-config": {"interfaces": [self.link]},
            "control-socket": {"socket-type": "unix", "socket-name": CONTROL},
            "lease-database": {"type": "memfile", "persist": False},
            "preferred-lifetime": isp.preferred, "valid-lifetime": isp.valid,
            "renew-timer": isp.renew, "rebind-timer": isp.rebind,
            "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 0},
            "hooks-libraries": [{"library": f"{hooks}/libdhcp_run_script.so",
                                 "parameters": {"name": ON_LEASE, "sync": False}},
                                {"library": f"{hooks}/libdhcp_lease_cmds.so"}],
            "option-data": [{"name": "dns-servers", "data": isp.server}, SOL_MAX_RT],
            "subnet6": [subnet],
            "loggers": [{"name": "kea-dhcp6", "severity": "INFO",
                         "output_options": [{"output": "stdout", "flush": True}]}]}}

    def _kea4_config(self) -> dict[str, Any]:
        isp, net = self.isp, self.isp.access4
        return {"Dhcp4": {
            "interfaces-config": {"interfaces": [self.link]},
            "lease-database": {"type": "memfile", "persist": False},
            "valid-lifetime": isp.valid, "renew-timer": isp.renew, "rebind-timer": isp.rebind,
            "subnet4": [{"id": 1, "subnet": str(net), "interface": self.link,
                         "pools": [{"pool": f"{net[10]} - {net[-2]}"}],
                         "option-data": [{"name": "routers", "data": str(net[1])},
                                         {"name": "domain-name-servers", "data": isp.server4}]}],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO",
                         "output_options": [{"output": "stdout", "flush": True}]}]}}

    def _save_kea_config(self) -> None:
        self.lab.write(self.name, "/etc/kea/kea6.json", json.dumps(self._kea6_config(), indent=1))

    def wait_ready(self, timeout: float = 20) -> None:
        """Wait until Kea answers on its control socket: from then on it serves customers."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._kea("status-get")
                return
            except (OSError, ValueError):
                if not self.lab.running(f"kea6-{self.name}") or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name}: Kea did not start:\n"
                                       + self.lab.log(f"kea6-{self.name}")[-2000:]) from None
                time.sleep(0.05)

    def _kea(self, command: str, **arguments: Any) -> dict[str, Any]:
        """One command to Kea's control socket; RuntimeError if Kea refuses it."""
        request = {"command": command} | ({"arguments": arguments} if arguments else {})
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(self.lab.path(self.name, CONTROL)))
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            reply = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
        if reply["result"] not in (0, 3):  # 3: done, and there was nothing
            raise RuntimeError(f"{self.name}: Kea refuses {command}: {reply.get('text')}")
        return reply

    # --- what providers do --------------------------------------------------------------------------------------

    def _reconfigure(self) -> None:
        """Give Kea the present configuration and make it forget what it has delegated."""
        self._save_kea_config()
        leases = self._kea("lease6-get-all").get("arguments", {}).get("leases", [])
        self._kea("config-set", **self._kea6_config())
        for lease in leases:
            if lease["type"] == "IA_PD":
                self._kea("lease6-del", **{"ip-address": lease["ip-address"], "type": "IA_PD", "subnet-id": 1})
        self.lab.run(self.name, ["ip", "-6", "route", "flush", "proto", ROUTE_PROTOCOL])
        self.lab.save()

    def withdraw(self) -> None:
        """Stop delegating; customers learn it at their next Renew (lifetimes 0)."""
        self._state["delegating"] = False
        self._reconfigure()

    def restore(self) -> None:
        """Delegate again, out of the same pool."""
        self._state["delegating"] = True
        self._reconfigure()

    def renumber(self) -> None:
        """Delegate out of another pool from now on; the old prefix is refused at the next Renew."""
        self._state["generation"] += 1
        self._reconfigure()

    def vanish(self, silently: bool = False) -> None:
        """The access line dies: customers lose their carrier, or (silently) only the provider behind it."""
        self._state["present"] = False
        for node in self._ends(silently):
            self.lab.wiring.carrier(node, self.link, False)

    def come_back(self) -> None:
        """The access line works again."""
        self._state["present"] = True
        for node in self._ends(False) + self._ends(True):
            self.lab.wiring.carrier(node, self.link, True)

    def _ends(self, own: bool) -> list[str]:
        """The nodes plugged into the access link: this one, or all others."""
        return [node for node, link in sorted(self.lab.wiring.plugged)
                if link == self.link and (node == self.name) == own]

    # --- what can be seen ---------------------------------------------------------------------------------------

    def delegations(self) -> dict[str, ipaddress.IPv6Network]:
        """Which router has which prefix, from this provider's kernel."""
        text = self.lab.run(self.name, ["ip", "-6", "-j", "route", "show", "proto", ROUTE_PROTOCOL])
        by_address = {self.lab.home.lladdr(node, self.link): node for node in self._ends(False)}
        return {by_address.get(route["gateway"], route["gateway"]): ipaddress.IPv6Network(route["dst"])
                for route in json.loads(text or "[]")}

    def counters(self) -> dict[str, int]:
        """Packets that came in from customers, by whether their source was this provider's (right_ and wrong_)."""
        tree = json.loads(self.lab.run(self.name, ["nft", "-j", "list", "counters", "table", "inet", "lab_ingress"]))
        return {item["counter"]["name"]: item["counter"]["packets"] for item in tree["nftables"] if "counter" in item}
