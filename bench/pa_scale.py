# SPDX-License-Identifier: ISC
"""What prefix assignment costs as a home grows: CPU of one router, in one process."""

from support.program import run_program
from support.result import Result


def run() -> list[Result]:
    """Run the program."""
    return run_program("pa_scale")
