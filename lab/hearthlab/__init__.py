# SPDX-License-Identifier: ISC
"""The lab: a home of real kernels in network namespaces, built from a description, driven and checked."""

from .home import Home, HomeError, load, parse
from .lab import Lab, LabError

__all__ = ["Home", "HomeError", "Lab", "LabError", "load", "parse"]
