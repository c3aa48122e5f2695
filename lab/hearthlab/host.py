# SPDX-License-Identifier: ISC
"""Hosts: a plain kernel that configures itself by router advertisements, a dhcpcd, or fixed addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .home import Host

if TYPE_CHECKING:
    from .lab import Lab

# No DNS or NTP: a lab host needs addresses and routes only. waitip is off so that dhcpcd never blocks.
DHCPCD_CONF = """\
duid
slaac hwaddr
noipv4ll
option domain_name_servers, domain_name, domain_search
"""


class HostNode:
    """A host of a running lab."""

    def __init__(self, lab: Lab, host: Host):
        self.lab = lab
        self.host = host

    @property
    def link(self) -> str:
        """The one link it is on."""
        return self.lab.home.links_of(self.host.name)[0]

    def start(self) -> None:
        """Start what the host runs, if anything: a `slaac` host is the kernel alone."""
        name = self.host.name
        if self.host.kind == "dhcpcd":
            self.lab.write(name, "/etc/dhcpcd.conf", DHCPCD_CONF)
            self.lab.spawn(name, f"dhcpcd-{name}", ["dhcpcd", "--nobackground", "--debug", self.link])
        commands = [f"addr add {address} dev {self.link} nodad" for address in self.host.addresses]
        if self.host.gateway:
            commands.append(f"route add default via {self.host.gateway} dev {self.link}")
        self.lab.batch(name, commands)

    def ping_argv(self, target: str, source: str, count: int = 1) -> list[str]:
        """A ping that answers within a second or so."""
        return ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", "1", "-I", source, target]

    def ping(self, target: str, source: str, count: int = 1) -> bool:
        """Whether `target` answers when asked from the address `source`."""
        return self.lab.popen(self.host.name, self.ping_argv(target, source, count)).wait() == 0
