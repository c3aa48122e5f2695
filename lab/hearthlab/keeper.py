# SPDX-License-Identifier: ISC
"""The keeper: the one process which a running lab consists of, as seen from the machine.

`python3 -m hearthlab.keeper STATE_DIR` unshares PID, mount and network namespaces and forks; the child is PID 1 in
there and the parent of everything in the lab. When PID 1 ends, for whatever reason, the kernel kills every process of
the PID namespace, and with the last of them all network and mount namespaces vanish: nothing is pinned anywhere.
PID 1 takes requests (one JSON object a line) on STATE_DIR/keeper.sock. Its own network namespace is the lab's switch.

With `--owner-fd N` the lab ends when the other end of that pipe closes, that is when the program which owns the lab
ends, even by SIGKILL.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from . import ns, sandbox

Request = dict[str, Any]


class Keeper:
    """PID 1 of the lab: makes nodes, starts and signals processes in them, remembers how they ended."""

    def __init__(self, state: Path, owner_fd: int | None):
        self.state = state
        self.owner_fd = owner_fd
        self.nodes: dict[str, dict[str, int]] = {}  # node -> {"pid": anchor, "uts"/"net"/"mnt": fd}
        self.processes: dict[str, dict[str, Any]] = {}  # tag -> {"pid", "node", "status"}
        self.selector = selectors.DefaultSelector()

    # --- requests -----------------------------------------------------------------------------------------------

    def do_node(self, request: Request) -> Request:
        """Make a node: fork an anchor process which holds its namespaces, wait until they are ready."""
        name = request["node"]
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_anchor(write_end, request)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            said = pipe.read()
        if said != "ready":
            raise RuntimeError(f"node {name}: {said or 'the anchor died'}")
        node = {kind: os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("uts", "net", "mnt")}
        self.nodes[name] = {"pid": pid} | node
        return {"pid": pid}

    def _become_anchor(self, write_end: int, request: Request) -> None:
        try:
            sandbox.enter_new(request["node"], request["visible"], request["sysctls"])
            os.write(write_end, b"ready")
            os.execv("/bin/sleep", [f"anchor:{request['node']}", "infinity"])
        except BaseException:  # the child must never return into the parent's loop
            os.write(write_end, traceback.format_exc().encode())
            os._exit(1)

    def do_spawn(self, request: Request) -> Request:
        """Start a long-lived process in a node; its output goes to STATE_DIR/TAG.log."""
        tag, node = request["tag"], self.nodes[request["node"]]
        old = self.processes.get(tag)
        if old and old["status"] is None:
            raise RuntimeError(f"{tag} is already running")

        def enter() -> None:
            for kind in ("uts", "net", "mnt"):
                ns.setns(node[kind])

        with open(self.state / f"{tag}.log", "ab") as log:
            child = subprocess.Popen(request["argv"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     env=request["env"], start_new_session=True, preexec_fn=enter)
        child.returncode = 0  # reaped by reap(): keep subprocess from waiting for it on its own
        self.processes[tag] = {"pid": child.pid, "node": request["node"], "status": None}
        return {"pid": child.pid}

    def do_signal(self, request: Request) -> Request:
        """Send a signal to a process that was started here."""
        process = self.processes.get(request["tag"])
        if process is None or process["status"] is not None:
            return {"sent": False}
        os.kill(process["pid"], request["signal"])
        return {"sent": True}

    def do_list(self, _: Request) -> Request:
        """All processes ever started and how they are: status None means running, else an exit code or -signal."""
        return {"processes": self.processes}

    # --- the loop -----------------------------------------------------------------------------------------------

    def reap(self) -> None:
        """Collect whatever has ended: our own processes and orphans of daemons, which fall to PID 1."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for process in self.processes.values():
                if process["pid"] == pid and process["status"] is None:
                    process["status"] = os.waitstatus_to_exitcode(status)

    def answer(self, connection: socket.socket) -> None:
        """Serve one connection: one request, one answer."""
        with connection, connection.makefile("rw") as stream:
            try:
                request = json.loads(stream.readline())
                self.reap()
                reply = getattr(self, "do_" + request["op"])(request)
            except Exception as error:
                reply = {"error": f"{type(error).__name__}: {error}"}
            try:
                stream.write(json.dumps(reply) + "\n")
                stream.flush()
            except BrokenPipeError:
                pass  # the driver has gone; the lab goes on

    def run(self) -> None:
        """Serve until the owner closes its end of the pipe (or for ever: until we are killed)."""
        wake_read, wake_write = socket.socketpair()
        wake_write.setblocking(False)
        signal.set_wakeup_fd(wake_write.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(str(self.state / "keeper.sock.new"))
        server.listen(16)
        os.rename(self.state / "keeper.sock.new", self.state / "keeper.sock")  # exists only once it answers
        self.selector.register(server, selectors.EVENT_READ, "server")
        self.selector.register(wake_read, selectors.EVENT_READ, "wake")
        if self.owner_fd is not None:
            self.selector.register(self.owner_fd, selectors.EVENT_READ, "owner")
        while True:
            for key, _ in self.selector.select():
                if key.data == "owner":
                    return
                if key.data == "wake":
                    wake_read.recv(4096)
                    self.reap()
                if key.data == "server":
                    self.answer(server.accept()[0])


def _inside(state: Path, owner_fd: int | None) -> None:
    """The life of PID 1."""
    ns.die_with_parent(signal.SIGKILL)
    ns.mount("none", "/", flags=ns.MS_REC | ns.MS_PRIVATE)
    ns.mount("proc", "/proc", "proc")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1")  # a switch speaks no IP
    Keeper(state, owner_fd).run()


def main() -> int:
    """Outside: make the namespaces, fork PID 1, wait for its end, take the state directory away."""
    parser = argparse.ArgumentParser(description="internal: started by hearth-lab")
    parser.add_argument("state", type=Path)
    parser.add_argument("--owner-fd", type=int)
    arguments = parser.parse_args()
    ns.unshare(ns.CLONE_NEWPID | ns.CLONE_NEWNS | ns.CLONE_NEWNET)
    pid = os.fork()
    if pid == 0:
        try:
            _inside(arguments.state, arguments.owner_fd)
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    (arguments.state / "pid.new").write_text(f"{os.getpid()} {pid}\n")
    os.rename(arguments.state / "pid.new", arguments.state / "pid")
    os.waitpid(pid, 0)
    if not (arguments.state / "keep").exists():
        shutil.rmtree(arguments.state, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
