# SPDX-License-Identifier: ISC
"""hearth-lab: build a home of real kernels, look at it, check it, take it away."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Sequence

from . import checks, homes, watch
from .home import HomeError
from .lab import STATE_ROOT, Lab, LabError, instances


def _instance(arguments: argparse.Namespace) -> str:
    """The instance which the HOME argument means: a home file's lab, or a lab's own name."""
    if arguments.name:
        return arguments.name
    return homes.find(arguments.home).name if Path(arguments.home).suffix == ".toml" else arguments.home


def command_up(arguments: argparse.Namespace) -> int:
    """Bring a home up and leave it running."""
    lab = Lab(homes.find(arguments.home), _instance(arguments))
    lab.keep_logs = arguments.keep_logs
    start = time.monotonic()
    lab.up(detach=True)
    print(f"{lab.name} is up after {time.monotonic() - start:.1f} s; logs are in {lab.folder}")
    print(watch.commands(lab))
    return 0


def command_check(arguments: argparse.Namespace) -> int:
    """Run the standard checks, with patience, and print the home."""
    lab = Lab.attach(_instance(arguments))
    deadline = time.monotonic() + arguments.timeout
    wrong = 0
    for check in checks.STANDARD:
        title = (check.__doc__ or check.__name__).split("\n")[0]
        try:
            took = checks.eventually(lab, check, max(0.0, deadline - time.monotonic()))
            print(f"ok     {title} ({took:.1f} s)")
        except checks.CheckFailed as error:
            wrong += 1
            print(f"FAILED {title}\n{error}")
    print("\n" + "\n".join(watch.table(lab)))
    return 1 if wrong else 0


def command_watch(arguments: argparse.Namespace) -> int:
    """Bring the home up if it is not, and show it until Ctrl-C or for DEMO_SECONDS."""
    name = _instance(arguments)
    try:
        seconds = float(os.environ.get("DEMO_SECONDS") or 0)
    except ValueError:
        raise LabError("DEMO_SECONDS is a number of seconds, as DEMO_SECONDS=20") from None
    if instances().get(name):
        print(f"{name} is up already: showing that one (lab/hearth-lab down {name} ends it)")
        return watch.watch(Lab.attach(name), seconds, arguments.timeout)
    with Lab(homes.find(arguments.home), name) as lab:
        lab.keep_logs = arguments.keep_logs
        lab.up()
        return watch.watch(lab, seconds, arguments.timeout)


def command_exec(arguments: argparse.Namespace) -> int:
    """Become a command inside a node."""
    lab = Lab.attach(_instance(arguments))
    if arguments.node not in lab.state["anchors"]:
        raise LabError(f"no node {arguments.node}; there are {' '.join(lab.state['anchors'])}")
    argv = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    os.execvpe("nsenter", [*lab.enter(arguments.node), *(argv or ["bash", "--norc"])], lab.environment())


def command_down(arguments: argparse.Namespace) -> int:
    """End a lab, alive or dead."""
    name = _instance(arguments)
    if not (STATE_ROOT / name).exists():
        raise LabError(f"no lab called {name}")
    Lab.clear(name, arguments.keep_logs)
    return 0


def command_status(_: argparse.Namespace) -> int:
    """List all labs of this machine and the processes in them."""
    for name, alive in instances().items():
        print(f"{name}: {'up' if alive else 'dead (hearth-lab down clears it away)'}")
        for tag, process in Lab.attach(name).processes().items() if alive else ():
            status = "running" if process["status"] is None else f"ended with {process['status']}"
            print(f"  {process['node']:<12} {tag:<20} pid {process['pid']:<6} {status}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hearth-lab", description=__doc__)
    commands = parser.add_subparsers(dest="command_name", required=True, metavar="COMMAND")

    def add(name: str, function: object, home: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=(function.__doc__ or "").strip().rstrip("."))
        command.set_defaults(function=function)
        if home:
            command.add_argument("home", metavar="HOME",
                                 help="a home file (.toml), line-N or lan-N, or the name of a lab that is up")
            command.add_argument("--name", help="the name of this instance (default: the home's)")
        return command

    for name, function in (("up", command_up), ("down", command_down), ("watch", command_watch)):
        add(name, function).add_argument("--keep-logs", action="store_true", help="leave the logs when it goes down")
    add("check", command_check)
    for name in ("check", "watch"):
        commands.choices[name].add_argument("--timeout", type=float, default=60, metavar="SECONDS",
                                            help="how long the home may take to come right (default 60)")
    run = add("exec", command_exec)
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER, help="default: a shell")
    add("status", command_status, home=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.function(arguments)
    except (LabError, HomeError) as error:
        print(f"hearth-lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `hearth-lab status | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
