# SPDX-License-Identifier: ISC
"""What a node of the lab sees of the machine: almost nothing, and nothing that it can change.

A DHCP client's hook script that runs in a bare network namespace happily overwrites the machine's /etc/resolv.conf.
So every node gets its own mount namespace in which the machine's file systems are read-only and the places where
network software writes (/etc, /run, /tmp, /var/lib, /var/log) are private and empty but for what is listed here.
"""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from . import ns

PRIVATE = ("/run", "/tmp", "/var/lib", "/var/log", "/dev/shm")

# What programs need of /etc to run at all; files are copied, folders bound read-only.
ETC_FILES = ("group", "host.conf", "ld.so.cache", "ld.so.conf", "localtime", "nsswitch.conf", "passwd", "protocols",
             "services")
ETC_FOLDERS = ("alternatives", "iproute2", "ld.so.conf.d", "ssl", "wireshark")

# Folders which Debian's packages make at installation time and their daemons expect.
STATE_FOLDERS = ("/etc/hearth", "/run/hearth", "/run/kea", "/run/lock/kea", "/run/radvd", "/run/bird", "/run/dhcpcd",
                 "/var/lib/hearth", "/var/lib/kea", "/var/lib/dhcpcd", "/var/lib/radvd")


def _tmpfs(target: str, mode: str = "755") -> None:
    ns.mount("lab", target, "tmpfs", ns.MS_NOSUID | ns.MS_NODEV, f"mode={mode}")


def _private_etc(hostname: str) -> None:
    """Build the new /etc aside while the machine's is still visible, then move it into place."""
    stage = Path("/run/.etc")
    stage.mkdir()
    _tmpfs(str(stage))
    for name in ETC_FILES:
        if os.path.exists(f"/etc/{name}"):
            shutil.copy(f"/etc/{name}", stage / name)
    for name in ETC_FOLDERS:
        if os.path.isdir(f"/etc/{name}"):
            (stage / name).mkdir()
            ns.mount(f"/etc/{name}", str(stage / name), flags=ns.MS_BIND | ns.MS_REC)
    (stage / "hostname").write_text(hostname + "\n")
    (stage / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost {hostname}\n")
    (stage / "resolv.conf").write_text("")
    ns.mount(str(stage), "/etc", flags=ns.MS_MOVE)
    stage.rmdir()


def _private_files(hostname: str, visible: list[str]) -> None:
    """Cover the machine's files; bring back what `visible` names where a private mount has just hidden it."""
    held = {folder: os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in visible if os.path.isdir(folder)}
    ns.make_readonly("/")
    ns.mount("proc", "/proc", "proc")
    ns.mount("sysfs", "/sys", "sysfs")  # shows the interfaces of the network namespace it is mounted in
    for folder in PRIVATE:
        if os.path.isdir(folder):
            _tmpfs(folder, "1777" if folder in ("/tmp", "/dev/shm") else "755")
    _private_etc(hostname)
    for folder in STATE_FOLDERS:
        os.makedirs(folder, exist_ok=True)
    for folder, fd in held.items():
        if not os.path.isdir(folder):
            os.makedirs(folder)
            ns.mount(f"/proc/self/fd/{fd}", folder, flags=ns.MS_BIND | ns.MS_REC)
        os.close(fd)


def enter_new(hostname: str, visible: list[str], sysctls: dict[str, str]) -> None:
    """Turn the calling process into the anchor of a node: new namespaces, private files, known kernel settings.

    `visible` are folders of the machine which the node must see (read-only) wherever they lie, even below /tmp.
    `sysctls` are written before the node has any interface, so that interfaces are born with the right defaults.
    """
    ns.unshare(ns.CLONE_NEWNS | ns.CLONE_NEWNET | ns.CLONE_NEWUTS)
    socket.sethostname(hostname)
    _private_files(hostname, visible)
    for key, value in sysctls.items():
        Path("/proc/sys", key).write_text(value)
