# SPDX-License-Identifier: ISC
"""The home as a table, once or live: what `hearth-lab watch` and `make demo` show."""

from __future__ import annotations

import ipaddress
import shutil
import sys
import time
from typing import TYPE_CHECKING

from . import checks, truth
from .truth import ULA, Address

if TYPE_CHECKING:
    from .lab import Lab


def commands(lab: Lab) -> str:
    """How to look inside."""
    router = next(iter(lab.home.routers), None)
    host = next(iter(lab.home.hosts), None)
    lines = ["look inside:"]
    if router:
        lines += [f"  lab/hearth-lab exec {lab.name} {router} -- hearth status",
                  f"  lab/hearth-lab exec {lab.name} {router} -- ip -6 route",
                  f"  lab/hearth-lab exec {lab.name} {router} -- tcpdump -ni any udp port 8231 or udp port 6696"]
    if host:
        lines.append(f"  lab/hearth-lab exec {lab.name} {host} -- ping {next(iter(_servers(lab)), 'ff02::1')}")
    return "\n".join([*lines, f"check it:     lab/hearth-lab check {lab.name}",
                      f"take it down: lab/hearth-lab down {lab.name}"])


def _servers(lab: Lab) -> list[str]:
    return [isp.server for isp in lab.home.isps.values()]


def _kind(address: Address) -> str:
    mark = "" if address.preferred else " deprecated" if address.deprecated else " tentative"
    return address.text + mark


def _rows(title: str, rows: list[list[str]]) -> list[str]:
    """Aligned columns under a title."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return [title, *lines] if rows else []


def _uplink_rows(lab: Lab) -> list[list[str]]:
    rows = []
    for name in lab.home.isps:
        isp = lab.isp(name)
        state = "" if isp.delegating else "withdrawn" if lab.state["isps"].get(name, {}).get("present", True) \
            else "line dead"
        given = [f"{prefix} to {router}" for router, prefix in isp.delegations().items()]
        wrong = isp.counters()["wrong_source"]
        rows.append([name, ", ".join(given) or state or "nothing delegated yet",
                     f"{wrong} packets with a wrong source" if wrong else ""])
    return rows


def _link_rows(lab: Lab, found: list[Address]) -> list[list[str]]:
    rows = []
    for link in lab.home.inner_links():
        members = [node if (node, link.name) in lab.wiring.alive else f"({node})" for node in link.members]
        here = [a for a in found if a.link == link.name]
        networks = {a.network for a in here if a.preferred}
        ordered = sorted(networks, key=lambda n: (n.version == 4, n.version == 6 and n.subnet_of(ULA), str(n)))
        rows.append([link.name, " ".join(members), "  ".join(map(str, ordered)) or "no prefix yet"])
    return rows


def _router_rows(lab: Lab) -> list[list[str]]:
    processes = lab.processes()
    rows = []
    for name, router in lab.home.routers.items():
        process = processes.get(lab.router(name).tag)
        if process is None:
            state = "not started"
        elif process["status"] is None:
            state = "running"
        else:
            state = f"ended with {process['status']}"
        rows.append([name, router.daemon, state, "links " + " ".join(lab.home.links_of(name))])
    return rows


def _host_rows(lab: Lab, found: list[Address]) -> list[list[str]]:
    """Each host, its addresses, and which servers answer it from which of them."""
    asked = []
    for name in lab.home.hosts:
        for isp in lab.home.isps.values():
            pool = isp.network
            source = next((a.text for a in found if a.node == name and a.preferred
                           and a.network.version == 6 and ipaddress.ip_address(a.text) in pool), "")
            ping = lab.popen(name, lab.host(name).ping_argv(isp.server, source)) if source else None
            asked.append((name, isp.name, ping))
    reach: dict[str, list[str]] = {}
    for name, isp, ping in asked:
        said = "no address" if ping is None else "reached" if ping.wait() == 0 else "NO ANSWER"
        reach.setdefault(name, []).append(f"{isp}: {said}")
    return [[name, lab.host(name).link, ", ".join(reach.get(name, [])),
             "  ".join(_kind(a) for a in found if a.node == name) or "no address yet"] for name in lab.home.hosts]


def table(lab: Lab) -> list[str]:
    """The whole home, as lines."""
    found = truth.addresses(lab, [*lab.home.routers, *lab.home.hosts])
    inner = [a for a in found if a.link in {link.name for link in lab.home.inner_links()}]
    return [*_rows("uplinks", _uplink_rows(lab)), *_rows("routers", _router_rows(lab)),
            *_rows("links", _link_rows(lab, inner)), *_rows("hosts", _host_rows(lab, inner))]


class Screen:
    """Lines drawn over the last ones on a terminal, without flicker; elsewhere only what has changed is printed."""

    def __init__(self) -> None:
        self.tty = sys.stdout.isatty()
        self.last: list[str] = []

    def show(self, lines: list[str], headline: str) -> None:
        """Show the newest picture."""
        if self.tty:
            width = shutil.get_terminal_size().columns
            body = "".join(f"{line[:width - 1]}\033[K\n" for line in [headline, "", *lines])
            sys.stdout.write("\033[H" + body + "\033[J")
        elif lines != self.last:
            sys.stdout.write("\n".join([headline, *lines, ""]) + "\n")
        sys.stdout.flush()
        self.last = lines


def watch(lab: Lab, seconds: float, timeout: float) -> int:
    """Show the home until Ctrl-C, or for so many seconds (if not 0) once it has converged; 0 if it did in time."""
    screen = Screen()
    start = time.monotonic()
    converged: float | None = None
    if screen.tty:
        sys.stdout.write("\033[2J")
    else:
        print(commands(lab) + "\n")
    try:
        while True:
            failures = checks.standard(lab)
            elapsed = time.monotonic() - start
            if not failures and converged is None:
                converged = elapsed
            headline = (f"{lab.name}: converged after {converged:.1f} s" if converged is not None
                        else f"{lab.name}: configuring itself, {elapsed:.0f} s, {len(failures)} not yet right")
            problem = [f"now wrong: {failure}" for failure in failures[:3]]
            advice = ["", *commands(lab).splitlines()] if screen.tty else []
            screen.show([*table(lab), *problem, *advice], headline)
            if elapsed > timeout if converged is None else seconds and elapsed > converged + seconds:
                break
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    if converged is None:
        print(f"{lab.name} did not converge:", *failures, sep="\n  ")
        return 1
    print(f"{lab.name} converged after {converged:.1f} s")
    return 0
