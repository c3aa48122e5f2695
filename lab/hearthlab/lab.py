# SPDX-License-Identifier: ISC
"""The Lab: one running home. This is the face that tests and the command line use.

    with Lab("lab/homes/two-isp.toml") as lab:
        lab.up()
        lab.router("r1").kill()

A Lab used like this dies with the program. One that was brought up with `detach=True` stays until `down`, and any
program can take it up again with `Lab.attach(name)`: all that a driver must remember is in the lab's state directory.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Sequence

from .home import Home, Host, Isp, Link, Router, check, load
from .host import HostNode
from .isp import IspNode
from .router import RouterNode
from .wiring import Wiring

STATE_ROOT = Path("/run/hearth-lab")
PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parent.parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "HEARTH_LOG", "TERM", "LANG")

# Written before a node has interfaces. IPv4 settings would else be inherited from the machine.
SYSCTLS = {"net/ipv4/ip_forward": "0", "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0"}
FORWARDING = {"net/ipv6/conf/all/forwarding": "1", "net/ipv4/ip_forward": "1"}
NO_DAD = {"net/ipv6/conf/default/accept_dad": "0", "net/ipv6/conf/default/dad_transmits": "0"}


class LabError(RuntimeError):
    """Something in the lab itself went wrong (as opposed to a check that failed)."""


def build_folder() -> Path:
    """Where hearthd and hearth are found: HEARTH_BUILD, or build/ in the repository."""
    return Path(os.environ.get("HEARTH_BUILD") or REPOSITORY / "build").resolve()


def _alive(pid: int) -> bool:
    """Whether a keeper with that process id is alive (and not some later process with the same number)."""
    try:
        return b"hearthlab.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _is_left_over(folder: Path) -> bool:
    """Whether a state directory is that of a lab which has ended: its keeper is dead, or only its logs were kept."""
    try:
        return not _alive(int((folder / "pid").read_text().split()[1]))
    except OSError:
        return (folder / "keep").exists()


class Lab:
    """A home that is, or can be, brought up."""

    def __init__(self, home: Home | str | Path, name: str | None = None):
        self.home = home if isinstance(home, Home) else load(home)
        self.name = name or f"{self.home.name}.{os.getpid()}"
        self.state: dict[str, Any] = {"plugged": [], "no_carrier": [], "isps": {}, "anchors": {}, "keeper": 0}
        self.keep_logs = False
        self._owner: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.wiring = Wiring(self)
        self._isps = {name: IspNode(self, isp) for name, isp in self.home.isps.items()}
        self._routers = {name: RouterNode(self, router) for name, router in self.home.routers.items()}
        self._hosts = {name: HostNode(self, host) for name, host in self.home.hosts.items()}

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    # --- finding one's way --------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The state directory: JSON, a socket, logs."""
        return STATE_ROOT / self.name

    def isp(self, name: str) -> IspNode:
        """A provider, to be acted upon."""
        return self._isps[name]

    def router(self, name: str) -> RouterNode:
        """A router, to be acted upon."""
        return self._routers[name]

    def host(self, name: str) -> HostNode:
        """A host, to be acted upon."""
        return self._hosts[name]

    def anchor(self, node: str) -> int:
        """The process which holds a node's namespaces, as numbered inside the lab."""
        return self.state["anchors"][node]

    def log(self, tag: str) -> str:
        """What a process in the lab has written."""
        path = self.folder / f"{tag}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # --- life ---------------------------------------------------------------------------------------------------

    def up(self, detach: bool = False, routers: bool = True) -> None:
        """Build the home and start everything; return when all servers of the providers answer.

        With `routers=False` the home's own routers are left for the caller to start (to take the time, say).
        """
        self._start_keeper(detach)
        try:
            self._make_nodes()
            self.wiring.build()
            for isp in self._isps.values():
                isp.start()
            for isp in self._isps.values():
                isp.wait_ready()
            for router in self._routers.values() if routers else ():
                router.start()
            for host in self._hosts.values():
                host.start()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End the lab: the kernel takes everything away with the keeper's first process."""
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None
        self.clear(self.name, self.keep_logs)
        if self._child:
            self._child.wait()
            self._child = None

    @staticmethod
    def clear(name: str, keep_logs: bool = False) -> None:
        """End the lab of that name, alive or dead, and remove its state directory (but for the logs, if asked)."""
        folder = STATE_ROOT / name
        if not folder.exists():
            return
        keep_logs = keep_logs or (folder / "keep").exists() and not _is_left_over(folder)
        if keep_logs:
            (folder / "keep").touch()
        try:
            outer, inner = map(int, (folder / "pid").read_text().split())
        except (OSError, ValueError):
            outer = inner = 0
        for pid in (inner, outer):
            if _alive(pid):
                Lab._end(pid)
        if keep_logs:
            for path in folder.glob("*"):
                if path.suffix != ".log" and path.name != "keep":
                    path.unlink(missing_ok=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _end(pid: int) -> None:
        """Kill one of the keeper's two processes (the inner one first) and wait until it has gone."""
        deadline = time.monotonic() + 10
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        while _alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)

    @classmethod
    def attach(cls, name: str) -> Lab:
        """Take up a lab that is running."""
        try:
            saved = json.loads((STATE_ROOT / name / "lab.json").read_text())
        except OSError:
            raise LabError(f"no lab called {name} is up (hearth-lab status lists those that are)") from None
        if not _alive(saved["state"]["keeper"]):
            raise LabError(f"lab {name} is dead; `hearth-lab down {name}` clears away what it left")
        lab = cls(_home_from(saved["home"]), name)
        lab.state = saved["state"]
        return lab

    def save(self) -> None:
        """Write down what another driver must know."""
        text = json.dumps({"home": dataclasses.asdict(self.home), "state": self.state}, indent=1)
        (self.folder / "lab.json.new").write_text(text)
        os.rename(self.folder / "lab.json.new", self.folder / "lab.json")

    def _start_keeper(self, detach: bool) -> None:
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces and needs root: run it with sudo")
        STATE_ROOT.mkdir(mode=0o755, exist_ok=True)
        if _is_left_over(self.folder):
            shutil.rmtree(self.folder)
        try:
            self.folder.mkdir()
        except FileExistsError:
            raise LabError(f"a lab called {self.name} is up already: `hearth-lab down {self.name}` ends it, "
                           "--name gives yours another name") from None
        argv = [sys.executable, "-B", "-m", "hearthlab.keeper", str(self.folder)]
        pass_fds: tuple[int, ...] = ()
        if not detach:
            read_end, self._owner = os.pipe()
            pass_fds = (read_end,)
            argv += ["--owner-fd", str(read_end)]
        with open(self.folder / "keeper.log", "ab") as log:
            self._child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                           env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)}, pass_fds=pass_fds,
                                           start_new_session=True)
        for fd in pass_fds:
            os.close(fd)
        deadline = time.monotonic() + 10
        while not ((self.folder / "keeper.sock").exists() and (self.folder / "pid").exists()):
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise LabError(f"the keeper did not start: {self.log('keeper')}")
            time.sleep(0.005)
        if self.keep_logs:
            (self.folder / "keep").touch()
        self.state["keeper"] = int((self.folder / "pid").read_text().split()[1])

    def _make_nodes(self) -> None:
        visible = [str(build_folder()), str(PACKAGE.parent)]
        for node in self.home.nodes():
            sysctls = dict(SYSCTLS)
            if node in self.home.isps:
                sysctls |= FORWARDING | NO_DAD
            if node in self.home.routers and self.home.routers[node].daemon in ("babeld", "bird"):
                sysctls |= FORWARDING
            reply = self.ask("node", node=node, visible=visible, sysctls=sysctls)
            self.state["anchors"][node] = reply["pid"]
        self.save()

    # --- processes ----------------------------------------------------------------------------------------------

    def ask(self, op: str, **request: Any) -> dict[str, Any]:
        """One request to the keeper."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(str(self.folder / "keeper.sock"))
            except OSError as error:
                raise LabError(f"lab {self.name}: the keeper does not answer: {error}") from None
            with connection.makefile("rw") as stream:
                stream.write(json.dumps({"op": op} | request) + "\n")
                stream.flush()
                reply = json.loads(stream.readline() or '{"error": "the keeper died"}')
        if "error" in reply:
            raise LabError(f"lab {self.name}: {reply['error']}")
        return reply

    def environment(self) -> dict[str, str]:
        """The environment of every process in a node: the build first on PATH, sanitizer settings passed on."""
        passed = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        return {"PATH": f"{build_folder()}:{PATH}", "HOME": "/tmp", "KEA_PIDFILE_DIR": "/run/kea",
                "KEA_LOCKFILE_DIR": "/run/lock/kea"} | passed

    def spawn(self, node: str, tag: str, argv: Sequence[str]) -> int:
        """Start a long-lived process in a node; `tag` names it and its log. Returns its pid inside the lab."""
        path = self.environment()["PATH"]
        if not shutil.which(argv[0], path=path):
            raise LabError(f"{argv[0]} not found (searched {path}): build it, or set HEARTH_BUILD; "
                           "servers come from the Debian packages named in the README")
        return self.ask("spawn", node=node, tag=tag, argv=list(argv), env=self.environment())["pid"]

    def signal(self, tag: str, number: int) -> bool:
        """Send a signal to a spawned process; False if it is not running."""
        return self.ask("signal", tag=tag, signal=int(number))["sent"]

    def processes(self) -> dict[str, dict[str, Any]]:
        """All spawned processes by tag: pid, node, and status (None while running, else exit code or -signal)."""
        return self.ask("list")["processes"]

    def running(self, tag: str) -> bool:
        """Whether a spawned process is running."""
        process = self.processes().get(tag)
        return process is not None and process["status"] is None

    def wait_end(self, tag: str, timeout: float = 10) -> int:
        """Wait until a spawned process has ended; its exit code, or minus the signal that ended it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            status = self.processes()[tag]["status"]
            if status is not None:
                return status
            time.sleep(0.02)
        raise LabError(f"{tag} did not end within {timeout} s")

    def enter(self, node: str) -> list[str]:
        """The command prefix that runs something in a node, with the node's files, network and processes."""
        anchor = self.process(self.anchor(node)) / "ns"
        return ["nsenter", f"--pid=/proc/{self.state['keeper']}/ns/pid", f"--mount={anchor}/mnt",
                f"--net={anchor}/net", f"--uts={anchor}/uts", "--wd=/", "--"]

    def popen(self, node: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[str]:
        """Start a command in a node as a child of this program."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True,
                   "env": self.environment()} | options
        return subprocess.Popen([*self.enter(node), *argv], **options)

    def run(self, node: str, argv: Sequence[str], check: bool = True, stdin: str | None = None,
            timeout: float = 60) -> str:
        """Run a command in a node and return what it wrote; LabError if it fails (unless check=False)."""
        done = subprocess.run([*self.enter(node), *argv], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=self.environment(), timeout=timeout)
        if check and done.returncode != 0:
            raise LabError(f"{node}: {' '.join(argv)}: exit status {done.returncode}: {done.stdout.strip()}")
        return done.stdout

    def _switch(self, argv: Sequence[str], stdin: str) -> None:
        keeper = f"/proc/{self.state['keeper']}/ns"
        done = subprocess.run(["nsenter", f"--pid={keeper}/pid", f"--mount={keeper}/mnt", f"--net={keeper}/net", "--",
                               *argv], input=stdin, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise LabError(f"switch: {' '.join(argv)}: {done.stderr.strip()}\n{stdin}")

    def switch_batch(self, commands: Sequence[str]) -> None:
        """Run `ip` commands in the switch."""
        self._switch(["ip", "-batch", "-"], "\n".join(commands) + "\n")

    def switch_nft(self, script: str) -> None:
        """Apply an nft script in the switch."""
        self._switch(["nft", "-f", "-"], script)

    def batch(self, node: str, commands: Sequence[str]) -> None:
        """Run `ip` commands in a node."""
        if commands:
            self.run(node, ["ip", "-batch", "-"], stdin="\n".join(commands) + "\n")

    def nft(self, node: str, script: str) -> None:
        """Apply an nft script in a node."""
        self.run(node, ["nft", "-f", "-"], stdin=script)

    def process(self, pid: int) -> Path:
        """What /proc says of a process inside the lab, as this program sees it: by the keeper's own root and /proc."""
        return Path("/proc", str(self.state["keeper"]), "root", "proc", str(pid))

    # --- files --------------------------------------------------------------------------------------------------

    def path(self, node: str, path: str) -> Path:
        """A node's file as this program can open it."""
        return self.process(self.anchor(node)) / "root" / path.lstrip("/")

    def write(self, node: str, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in a node."""
        target = self.path(node, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def status_of(self, pid: int) -> dict[str, str]:
        """/proc/PID/status of a process inside the lab, as a table."""
        text = (self.process(pid) / "status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _home_from(saved: dict[str, Any]) -> Home:
    """The home back from its JSON form."""
    kinds = {"isps": Isp, "routers": Router, "hosts": Host, "links": Link}
    parts = {key: {name: kind(**item) for name, item in saved[key].items()} for key, kind in kinds.items()}
    return check(Home(**(saved | parts)))


def instances() -> dict[str, bool]:
    """All labs that have a state directory, and whether each is alive."""
    found = {}
    for folder in sorted(STATE_ROOT.glob("*")) if STATE_ROOT.exists() else ():
        try:
            found[folder.name] = _alive(int((folder / "pid").read_text().split()[1]))
        except (OSError, ValueError, IndexError):
            found[folder.name] = False
    return found
