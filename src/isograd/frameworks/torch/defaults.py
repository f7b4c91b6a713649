"""What PyTorch does if nothing is set: ``python -m isograd.frameworks.torch.defaults`` prints it as
JSON, in a process in which nothing else has run."""

from __future__ import annotations

import json
from typing import Any

import torch


def observe() -> dict[str, Any]:
    """The version, and whether an operation is executed when it is called: whether its result is
    there at once."""
    total = torch.tensor(1.0) + torch.tensor(1.0)
    return {"version": torch.__version__, "executing_eagerly": float(total) == 2.0}


if __name__ == "__main__":
    print(json.dumps(observe()))
