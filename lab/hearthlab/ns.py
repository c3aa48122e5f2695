# SPDX-License-Identifier: ISC
"""The few Linux calls a lab needs which Python 3.11's standard library does not offer.

`os.unshare` and `os.setns` came with Python 3.12 and `mount` never did, so they are reached through ctypes. Everything
here raises OSError with the name of what failed: a lab that is half isolated must never go on.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_BIND = 0x1000
MS_MOVE = 0x2000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

PR_SET_PDEATHSIG = 1

_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move the caller into new namespaces (a new PID namespace takes effect for its next child)."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int) -> None:
    """Join the namespace that `fd` stands for, of whatever type it is."""
    _checked(_libc.setns(fd, 0), "setns")


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    result = _libc.mount(source.encode(), target.encode(), fstype.encode() or None, ctypes.c_ulong(flags),
                         data.encode() or None)
    _checked(result, f"mount {source} on {target}")


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def make_readonly(target: str) -> None:
    """Make `target` and every mount below it read-only in this mount namespace (mount_setattr(2))."""
    attr = _MountAttr(attr_set=_MOUNT_ATTR_RDONLY)
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, target.encode(), _AT_RECURSIVE, ctypes.byref(attr),
                           ctypes.sizeof(attr))
    _checked(result, f"mount_setattr {target}")


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send us `signal_number` when the thread that forked us ends."""
    _checked(_libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal_number), 0, 0, 0), "prctl")
