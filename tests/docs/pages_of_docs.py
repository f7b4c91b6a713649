"""Pages of the documentation as scripts: their files, commands and snippets, in order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

BLOCK = re.compile(
    r'(?:<!-- ends: (?P<ends>\d) -->\n)?```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n'
    r"(?P<text>.*?)```",
    re.DOTALL,
)

SECONDS = 900
"""A command may take so long."""


@dataclass(frozen=True)
class Step:
    """``kind`` is ``file`` (written as ``title``), ``command`` or ``python``; a command ends with
    the exit code ``ends``."""

    kind: str
    text: str
    title: str = ""
    ends: int = 0


@dataclass(frozen=True)
class DocPage:
    """``slow`` pages are run in the sweep, all others in the suite."""

    name: str
    source: str

    @property
    def slow(self) -> bool:
        return self.source.startswith("---\nruns: sweep\n")

    @property
    def steps(self) -> list[Step]:
        return list(steps(self.source))


def steps(source: str) -> Iterator[Step]:
    """Raises `ValueError` for a block that is neither written nor run."""
    for found in BLOCK.finditer(source):
        kind, title, text = found["kind"], found["title"], found["text"]
        if title:
            yield Step("file", text, title)
        elif kind == "console":
            for line in text.splitlines():
                if not line.startswith("$ "):
                    raise ValueError(f"{line!r} is no command")
                yield Step("command", line[2:], ends=int(found["ends"] or 0))
        elif kind == "python":
            yield Step("python", text)
        else:
            raise ValueError(f"a block of {kind} that is neither a file nor run")


def pages() -> list[DocPage]:
    return [
        DocPage(str(path.relative_to(DOCS)), path.read_text(encoding="utf-8"))
        for path in sorted(DOCS.rglob("*.md"))
    ]


def play(page: DocPage, folder: Path) -> None:
    """Does everything that a page says, in a folder of its own. Raises `AssertionError` where a
    command ends otherwise than the page says."""
    (folder / "examples").symlink_to(ROOT / "examples")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "100"}
    for step in page.steps:
        if step.kind == "file":
            (folder / step.title).write_text(step.text, encoding="utf-8")
            continue
        words = (
            [sys.executable, "-c", step.text] if step.kind == "python" else shlex.split(step.text)
        )
        done = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, **quiet, "PATH": path},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        said = f"{page.name}: {step.text}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == step.ends, said
