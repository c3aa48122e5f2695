# SPDX-License-Identifier: ISC
"""What DNCP costs as a home grows: CPU and bytes to synchronise the data of many nodes, in one process."""

from support.program import run_program
from support.result import Result


def run() -> list[Result]:
    """Run the program."""
    return run_program("dncp_scale")
