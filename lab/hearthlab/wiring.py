# SPDX-License-Identifier: ISC
"""Links: a bridge each in the switch's network namespace, a veth pair for each member, and what can go wrong with them.

This kernel may have no netem, so loss is nftables' `numgen random` on netdev ingress; there is no egress hook to rely
on either, so what a node sends is dropped where the switch receives it. Carrier loss is the switch's end set down:
the member sees NO-CARRIER, as when a cable is pulled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from .lab import Lab

Plug = tuple[str, str]  # (node, link)


class Wiring:
    """All cables of a lab; its state is kept in `lab.state` so that another process can go on with it."""

    def __init__(self, lab: Lab):
        self.lab = lab

    @property
    def plugged(self) -> set[Plug]:
        """Cables that are in."""
        return {tuple(pair) for pair in self.lab.state["plugged"]}

    @property
    def alive(self) -> set[Plug]:
        """Cables that are in and have carrier."""
        return self.plugged - {tuple(pair) for pair in self.lab.state["no_carrier"]}

    def build(self) -> None:
        """Make all bridges and plug in everything that is plugged in at first, in one batch."""
        home = self.lab.home
        commands = [f"link add {name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0" for name in home.links]
        commands += [f"link set {name} up" for name in home.links]
        self.lab.switch_batch(commands)
        self._plug([(node, link.name) for link in home.links.values() for node in link.members
                    if node not in link.unplugged])

    def _plug(self, plugs: Iterable[Plug]) -> None:
        home = self.lab.home
        commands: list[str] = []
        inside: dict[str, list[str]] = {}
        for node, link in plugs:
            port = home.port(node, link)
            commands += [f"link add {port} type veth peer name {link} address {home.mac(node, link)} "
                         f"netns {self.lab.anchor(node)}",
                         f"link set {port} alias {node}:{link} master {link} up"]
            inside.setdefault(node, []).append(f"link set {link} up")
            self.lab.state["plugged"].append([node, link])
        self.lab.switch_batch(commands)
        for node, lines in inside.items():
            self.lab.batch(node, lines)
        self.lab.save()

    def plug(self, link: str, *nodes: str) -> None:
        """Put cables in: of the nodes named, or of all members that are not yet plugged."""
        wanted = nodes or [n for n in self.lab.home.links[link].members if (n, link) not in self.plugged]
        self._plug([(node, link) for node in wanted])

    def unplug(self, link: str, *nodes: str) -> None:
        """Take cables and their interfaces away altogether (a USB adapter pulled out)."""
        for node in nodes or [n for n, name in self.plugged if name == link]:
            self.lab.switch_batch([f"link del {self.lab.home.port(node, link)}"])
            for kept in ("plugged", "no_carrier"):
                if [node, link] in self.lab.state[kept]:
                    self.lab.state[kept].remove([node, link])
        self.lab.save()

    def carrier(self, node: str, link: str, up: bool) -> None:
        """Give or take a member's carrier."""
        self.lab.switch_batch([f"link set {self.lab.home.port(node, link)} {'up' if up else 'down'}"])
        state = self.lab.state["no_carrier"]
        if up and [node, link] in state:
            state.remove([node, link])
        if not up and [node, link] not in state:
            state.append([node, link])
        self.lab.save()

    def link_down(self, link: str) -> None:
        """Take the carrier of every member: the switch of that link lost its power."""
        for node in [n for n, name in self.plugged if name == link]:
            self.carrier(node, link, False)

    def link_up(self, link: str) -> None:
        """Give every member its carrier back."""
        for node in [n for n, name in self.plugged if name == link]:
            self.carrier(node, link, True)

    def loss(self, node: str, link: str, percent: int) -> None:
        """Lose so many percent of the packets in each direction between a member and its link; 0 heals."""
        port = self.lab.home.port(node, link)
        self.lab.nft(node, _loss_rules(link, percent))
        self.lab.switch_nft(_loss_rules(port, percent))

    def silence(self, node: str, link: str) -> None:
        """Lose everything both ways while the carrier stays: the failure that only timers notice."""
        self.loss(node, link, 100)


def _loss_rules(device: str, percent: int) -> str:
    """An nft script that replaces the loss on one device."""
    table = "lab_loss_" + device.replace("-", "_")
    script = f"table netdev {table}\ndelete table netdev {table}\n"
    if percent:
        chance = "" if percent >= 100 else f"numgen random mod 100 < {percent} "
        script += (f"table netdev {table} {{\n chain ingress {{\n  type filter hook ingress device \"{device}\" "
                   f"priority -500;\n  {chance}counter drop\n }}\n}}\n")
    return script
