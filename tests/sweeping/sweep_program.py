"""The driver as a process of its own: ``python sweep_program.py GRID FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from isograd.run.sweep import sweep

if __name__ == "__main__":
    found, _ = sweep(Path(sys.argv[1]), out=Path(sys.argv[2]), workshop="sweep_shop:Shop")
    sys.exit(found.exit_code)
