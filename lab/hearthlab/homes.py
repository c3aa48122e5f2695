# SPDX-License-Identifier: ISC
"""Homes made by program, for benchmarks: shapes that are a number rather than a picture. Also finds homes by name."""

from __future__ import annotations

import re

from .home import Home, Host, Isp, Link, Router, check, load


def line(count: int) -> Home:
    """A line of `count` routers r1 - l1 - r2 - l2 - ... - rN - lN, a provider at the first, a host at the far end."""
    home = Home(name=f"line-{count}")
    home.isps["a"] = Isp("a", pool="2001:db8:a000::/40")
    home.links["isp-a"] = Link("isp-a", ["a", "r1"])
    for number in range(1, count + 1):
        name = f"r{number}"
        home.routers[name] = Router(name)
        far = f"r{number + 1}" if number < count else "h1"
        home.links[f"l{number}"] = Link(f"l{number}", [name, far])
    home.hosts["h1"] = Host("h1")
    return check(home)


def lan(count: int) -> Home:
    """`count` routers on one link, each with a link of its own: the other extreme."""
    home = Home(name=f"lan-{count}")
    names = [f"r{number}" for number in range(1, count + 1)]
    home.isps["a"] = Isp("a", pool="2001:db8:a000::/40")
    home.links["isp-a"] = Link("isp-a", ["a", "r1"])
    home.links["lan"] = Link("lan", [*names, "h1"])
    for name in names:
        home.routers[name] = Router(name)
        home.links[f"stub-{name}"] = Link(f"stub-{name}", [name])
    home.hosts["h1"] = Host("h1")
    return check(home)


SHAPES = {"line": line, "lan": lan}


def find(text: str) -> Home:
    """The home that a person means: `line-8`, `lan-8`, or the path of a home file."""
    match = re.fullmatch(r"(line|lan)-(\d+)", text)
    return SHAPES[match[1]](int(match[2])) if match else load(text)
