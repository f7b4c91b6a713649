"""The registry of frameworks: name to folder, imported only when asked for."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from isograd.errors import MissingDependency, unknown

MODES: dict[str, tuple[str, ...]] = {
    "torch": ("eager", "jit", "compile"),
    "tensorflow": ("eager", "session", "function", "xla"),
}
"""Framework to its execution modes. The first mode of the first framework is the reference."""

VIEWS: dict[str, tuple[str, ...]] = {
    "torch": ("dynamic", "autograd", "jit", "export", "aot", "inductor"),
    "tensorflow": ("dynamic", "tape", "session", "function", "grappler", "hlo", "xla"),
}
"""Framework to the views of its graphs, from what runs to what is left of it."""

LIVE_VIEWS: dict[str, tuple[str, ...]] = {
    "torch": ("dynamic", "jit", "export", "aot"),
    "tensorflow": ("dynamic", "session", "function", "hlo"),
}
"""Framework to the views of a network that has no one graph, because it depends on data."""

OPTIMISED: dict[str, tuple[tuple[str, str], ...]] = {
    "torch": (("dynamic", "aot"), ("aot", "inductor")),
    "tensorflow": (("dynamic", "function"), ("function", "grappler"), ("hlo", "xla")),
}
"""Framework to pairs of views, of which the later one is made of the earlier one."""

TRACED: dict[str, dict[str, tuple[str, ...]]] = {
    "torch": {"jit": ("jit",), "compile": ("inductor", "aot")},
    "tensorflow": {"function": ("function", "xla", "hlo")},
}
"""Framework to what traces or compiles, to its views: the first that is wanted tells of it."""

ENGINES: dict[str, tuple[str, ...]] = {
    "torch": ("ddp", "fsdp"),
    "tensorflow": ("multiworker", "mirrored"),
}
"""Framework to its ways to train with several workers."""

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "tensorflow": ("tensorflow", "keras"),
}
"""Framework to the modules it needs."""


def installed(framework: str) -> bool:
    """Whether the framework's modules can be found; nothing is imported."""
    return all(importlib.util.find_spec(name) is not None for name in DISTRIBUTIONS[framework])


def part(framework: str, name: str) -> ModuleType:
    """One module of a framework's folder, for instance ``part("torch", "emitter")``.

    Raises `UsageError` for an unknown framework and `MissingDependency` when the module needs the
    framework itself and it is not installed.
    """
    if framework not in MODES:
        raise unknown("framework", framework, MODES)
    try:
        return importlib.import_module(f"isograd.frameworks.{framework}.{name}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("isograd"):
            raise
        raise MissingDependency(
            f"{framework} is not installed (no module named {error.name!r}).",
            hint=f"Install it: pip install 'isograd[{framework}]'",
        ) from None
