# SPDX-License-Identifier: ISC
"""Routers: hearthd, or one of the Babel daemons of others in the homes that test interoperation.

A hearthd is given what an owner would give it and no more: which interface is a provider's, and categories where the
home file names them. A babeld or bird router is given addresses and routes by the home file; it knows no HNCP.
"""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

from .home import Router

if TYPE_CHECKING:
    from .lab import Lab

CONFIG = {"hearthd": "/etc/hearth/hearth.conf", "babeld": "/etc/babeld.conf", "bird": "/etc/bird.conf"}
STATE_FOLDER = "/var/lib/hearth"
COMMANDS = {
    "hearthd": ["hearthd", "--config", CONFIG["hearthd"], "--state", STATE_FOLDER, "--socket",
                "/run/hearth/hearthd.sock"],
    "babeld": ["babeld", "-c", CONFIG["babeld"], "-I", "", "-S", "/run/babeld.state", "-d", "1"],
    "bird": ["bird", "-f", "-c", CONFIG["bird"], "-s", "/run/bird/bird.ctl", "-P", "/run/bird/bird.pid"],
}
STATIC_PROTOCOL = "static"


def split_route(route: str) -> tuple[str, str]:
    """ "PREFIX from SOURCE" -> (PREFIX, SOURCE); without a source, the source is ::/0."""
    destination, _, source = route.partition(" from ")
    return destination.strip(), source.strip() or "::/0"


class RouterNode:
    """A router of a running lab."""

    def __init__(self, lab: Lab, router: Router):
        self.lab = lab
        self.router = router

    @property
    def tag(self) -> str:
        """The name of its daemon's process and log."""
        return f"{self.router.daemon}-{self.router.name}"

    @property
    def speaks_hncp(self) -> bool:
        """Whether the daemon takes part in HNCP."""
        return self.router.daemon == "hearthd"

    def running(self) -> bool:
        """Whether the daemon is running."""
        return self.lab.running(self.tag)

    def pid(self) -> int:
        """The daemon's process id inside the lab (the last one, should it have ended)."""
        return self.lab.processes()[self.tag]["pid"]

    def start(self, wipe: bool = False) -> None:
        """Write the configuration and start the daemon; `wipe` makes it forget all it had stored."""
        daemon, name = self.router.daemon, self.router.name
        if daemon == "none":
            return
        if wipe:
            self.wipe()
        self._addresses()
        self.lab.write(name, CONFIG[daemon], getattr(self, f"_{daemon}_config")() + self.router.config)
        if daemon == "babeld":
            self.lab.path(name, "/run/babeld.pid").unlink(missing_ok=True)
        self.lab.spawn(name, self.tag, COMMANDS[daemon])

    def stop(self, timeout: float = 10) -> int:
        """Ask the daemon to end (SIGTERM) and wait; its exit status."""
        self.lab.signal(self.tag, signal.SIGTERM)
        return self.lab.wait_end(self.tag, timeout)

    def kill(self) -> None:
        """kill -9: no goodbye, nothing cleaned up. What its kernel was told stays, as on a router that hangs."""
        self.lab.signal(self.tag, signal.SIGKILL)
        self.lab.wait_end(self.tag)

    def restart(self, wipe: bool = False) -> None:
        """A clean stop, then a start."""
        self.stop()
        self.start(wipe)

    def wipe(self) -> None:
        """Empty the state directory, as a factory reset would."""
        folder = self.lab.path(self.router.name, STATE_FOLDER)
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def power_off(self) -> None:
        """The daemon dies and every cable loses its carrier at once: the plug pulled out of the wall."""
        self.kill()
        for node, link in sorted(self.lab.wiring.plugged):
            if node == self.router.name:
                self.lab.wiring.carrier(node, link, False)

    def power_on(self, wipe: bool = False) -> None:
        """Power comes back: a fresh kernel state on every link, then the daemon."""
        mine = [link for node, link in sorted(self.lab.wiring.plugged) if node == self.router.name]
        for link in mine:
            self.lab.wiring.unplug(link, self.router.name)
            self.lab.wiring.plug(link, self.router.name)
        self.start(wipe)

    # --- configuration files ------------------------------------------------------------------------------------

    def _plugged_links(self) -> list[str]:
        return self.lab.home.links_of(self.router.name)

    def _hearthd_config(self) -> str:
        text = f"[router]\nname = {self.router.name}\n"
        for link in self._plugged_links():
            uplink = bool(self.lab.home.isps_on(link))
            category = self.router.categories.get(link) or ("external" if uplink else "")
            if category:
                text += f"\n[interface {link}]\ncategory = {category}\n"
            if uplink:
                text += "uplink = dhcp\n"
        return text

    def _addresses(self) -> None:
        """Give the node the addresses and the routes to announce which the home file lists."""
        commands = [f"addr replace {address} dev {link} nodad"
                    for link, addresses in self.router.addresses.items() for address in addresses]
        for route in self.router.announce if self.router.daemon == "babeld" else ():
            destination, source = split_route(route)
            if source != "::/0":  # others are the connected prefixes of the addresses above
                device = next(iter(self.router.addresses))
                commands.append(f"route replace {destination} from {source} dev {device} proto {STATIC_PROTOCOL}")
        self.lab.batch(self.router.name, commands)

    def _babel_links(self) -> list[str]:
        """The links on which Babel is spoken: those with another router on them."""
        routers = self.lab.home.routers
        return [link for link in self._plugged_links()
                if any(m in routers and m != self.router.name for m in self.lab.home.links[link].members)]

    def _babeld_config(self) -> str:
        lines = ["ipv6-subtrees true"]
        lines += [f"interface {link} type wired hello-interval 1 update-interval 4" for link in self._babel_links()]
        for route in self.router.announce:
            destination, source = split_route(route)
            only_from = f"src-ip {source} " if source != "::/0" else ""
            lines.append(f"redistribute ip {destination} {only_from}allow")
        return "\n".join([*lines, "redistribute local deny", "redistribute deny"]) + "\n"

    def _bird_config(self) -> str:
        number = list(self.lab.home.routers).index(self.router.name) + 1
        device = next(iter(self.router.addresses), "lo")
        links = ", ".join(f'"{link}"' for link in self._babel_links())
        routes = "".join(f"  route {destination} from {source} via \"{device}\";\n"
                         for destination, source in map(split_route, self.router.announce))
        return (f"log stderr all;\nrouter id 10.255.255.{number};\nipv6 sadr table sadr6;\n"
                "protocol device { scan time 2; }\n"
                "protocol kernel { ipv6 sadr { export where source != RTS_STATIC; import none; }; }\n"
                f"protocol static {{ ipv6 sadr;\n{routes}}}\n"
                f"protocol babel {{\n  ipv6 sadr {{ export all; import all; }};\n"
                f"  interface {links} {{ type wired; hello interval 1 s; update interval 4 s; }};\n}}\n")
