# SPDX-License-Identifier: ISC
"""What the benchmarks share: watching kernels, probing paths, building homes, reporting."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
