"""Importing an emitted source file: the file that the user reads is the code that runs."""

from __future__ import annotations

import importlib.util
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any


def load_class(source: Path, class_name: str) -> Any:
    """The class of this name in the Python file ``source``."""
    name = f"emitted_{sha256(str(source).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # compilers look their functions' modules up by name
    spec.loader.exec_module(module)
    return getattr(module, class_name)
