# SPDX-License-Identifier: ISC
"""The tools have no .py at the end of their names: this imports them all the same."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def load_tool(name):
    loader = importlib.machinery.SourceFileLoader(f"hearth_{name}", str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module
