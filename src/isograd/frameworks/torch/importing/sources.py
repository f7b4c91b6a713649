"""Where in the user's code an op of an exported program comes from."""

from __future__ import annotations

import re
from typing import Any

from torch import fx

from isograd.ir.builder import portable_path
from isograd.references import is_user_file


def user_source(node: fx.Node) -> str:
    """``file:line`` of the innermost line of the user's own; empty where that is not known."""
    found = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
    own = [(file, line) for file, line in found if is_user_file(file)]
    return f"{portable_path(own[-1][0])}:{own[-1][1]}" if own else ""


def module_path(node: fx.Node) -> str:
    """The path of the module that calls the op; empty for the network itself."""
    stack: list[Any] = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    return "" if path.startswith("_empty") else path
