"""What the test of Chinese pages shows, and the names that stay as they are."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

from rich.console import Console

from isograd.report import language
from isograd.run.study import WORKS
from isograd.study import Part, Study

CALLED = """
isograd pytorch tensorflow keras torch eager jit compile session function xla onnx litert runtime
web webassembly webgpu savedmodel gpu cpu ms mib kib compare prove debug pip install mnist mlp net
graph optimize scale probe claims advise print dense logits kb mb
ddp multiworker distributeddataparallel multiworkermirroredstrategy lora bert adamw
bertforsequenceclassification fork spawn nan numpy autograph torchscript full python
api aot structured unstructured export fit evaluate call while with bias pruning quantisation
if dropout dynamic convert sigsegv sigkill jacobians name save load lenet gpt outputs alpha hu
amd epyc core processor xeon hook matmul relu torchrun gib blas ray torchao sweep
"""

NAMES = frozenset(CALLED.split())
"""Frameworks, modes, forms, commands and units, which are called the same in every language."""


def study(status: str = "complete") -> Study:
    """A study of which all parts were done, or one that was cut off."""
    parts = [Part(work.name, work.question, "ok", seconds=12.0, page="a.html") for work in WORKS]
    parts[0].answer = ["The same network. No winner is named."]
    if status == "partial":
        parts[-1] = dataclasses.replace(
            parts[-1], status="not reached", reason="The budget was spent."
        )
    reason = "interrupted in claims" if status == "partial" else ""
    found = Study("isograd study net", "2026-01-02", "net", 600, {}, parts=parts, duration_s=90)
    found.status, found.reason = ("partial", reason) if reason else ("complete", "")
    return found


def left(source: str, names: frozenset[str] = NAMES) -> list[str]:
    """What is not translated on a page, or in a text."""
    return list(language.unknown(source, names))


def screen(show: Callable[..., None], *arguments: Any, width: int = 200) -> str:
    """What a terminal shows."""
    file = io.StringIO()
    show(*arguments, Console(file=file, width=width))
    return file.getvalue()


def left_on_screen(text: str, names: frozenset[str] = NAMES) -> list[str]:
    """What is not translated of it."""
    return [found for line in text.splitlines() if line.strip() for found in left(line, names)]
