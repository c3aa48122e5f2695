# SPDX-License-Identifier: ISC
"""Several labs side by side: each in a process of its own, so that no one's clock waits for another's Python."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from multiprocessing.connection import Connection
from typing import Any, Callable, Sequence

from . import ROOT as _  # noqa: F401
from hearthlab import ns

Job = tuple[Callable[..., Any], tuple[Any, ...]]


def _work(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    ns.die_with_parent(signal.SIGTERM)  # the labs end with the process that owns them
    try:
        pipe.send((function(*arguments), ""))
    except BaseException:
        pipe.send((None, traceback.format_exc()))


def side_by_side(jobs: Sequence[Job]) -> list[Any]:
    """What the functions return, in order. If one fails, the others are ended and so are we."""
    context = multiprocessing.get_context("fork")
    started = []
    for function, arguments in jobs:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, function, arguments))
        process.start()
        theirs.close()
        started.append((process, ours))
    results = []
    try:
        for process, pipe in started:
            try:
                value, problem = pipe.recv()
            except EOFError:
                value, problem = None, "a benchmark's process died"
            if problem:
                raise RuntimeError(problem)
            results.append(value)
            process.join()
    finally:
        for process, _pipe in started:
            if process.is_alive():
                process.terminate()
                process.join()
    return results
