# SPDX-License-Identifier: ISC
"""A neighbour that tells of many more nodes behind it. Runs inside a host of the lab:

    python3 crowd.py LAB LINK NODES

The nodes hang together in a binary tree below the neighbour and publish what real ones do. Nothing is malformed. Runs
until it is terminated; a later one is believed to have newer data.
"""

from __future__ import annotations

import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from hearthlab import tlv as t  # noqa: E402
from hearthlab.hostile import ME, Peer, Stranger  # noqa: E402


def data_of(place: int, names: list[int]) -> list[bytes]:
    """What a node publishes: its version, its neighbours in the tree, two assigned prefixes, an address, a name."""
    around = [names[(place - 1) // 2]] if place else []
    around += names[2 * place + 1:2 * place + 3]
    address = bytes.fromhex("fd00c0ffee000000") + struct.pack("!Q", names[place])
    name = b"crowd-%d" % place
    return [t.version(b"crowd/1.0"), *(t.peer(node, 2, 2) for node in around),
            *(t.assigned(f"2001:db8:c0:{place * 2 + more:x}::/64", ep=2 + more) for more in (0, 1)),
            t.tlv(t.NODE_ADDRESS, struct.pack("!I", 2) + address),
            t.tlv(t.NODE_NAME, address + bytes([len(name)]) + name)]


def main() -> None:
    stranger = Stranger(sys.argv[2])
    stranger.look_around()
    peer = Peer(stranger)
    names = [ME + number for number in range(int(sys.argv[3]))]
    now = int(time.time()) & 0x3FFFFFFF
    for place, name in enumerate(names):
        if place:
            peer.nodes[name] = (now, t.node_data(*data_of(place, names)))
    peer.nodes[ME] = (now, b"")
    peer.publish(*data_of(0, names)[1:])
    while True:
        peer.push()
        peer.live(3)


main()
