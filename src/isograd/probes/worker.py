"""The process in which one snippet runs: ``python -m isograd.probes.worker MODULE FRAMEWORK MODE
FILE``. Writes ``{"observed": ...}``, or ``{"unsupported": reason}``, as JSON into the file; what is
printed, tracebacks included, belongs to the evidence.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.probes.question import Observed
from isograd.result import to_json


def observe(module: str, framework: str, mode: str) -> Observed:
    """What the snippet sees in this mode, in this process. Raises whatever the snippet does not
    expect, and `UsageError` where it cannot run."""
    opened = part(framework, "probes.modes").open_mode(mode)
    observed: Observed = part(framework, f"probes.{module}").observe(opened)
    plain: Observed = json.loads(to_json(observed))
    return plain


def main(module: str, framework: str, mode: str, file: str) -> None:
    """Runs the snippet and writes what it saw."""
    try:
        written = {"observed": observe(module, framework, mode)}
    except UsageError as error:
        written = {"unsupported": {"reason": str(error)}}
    Path(file).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
