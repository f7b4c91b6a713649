"""What snippets do with a C++ compiler: a program is built, and watched while it runs. Knows no
framework."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from isograd.errors import UsageError
from isograd.probes.question import Observed

COMPILERS = ("g++", "c++", "clang++")

PYTHONS = re.compile(r"python|pywrap", re.IGNORECASE)
"""In the names of Python's own library, of extension modules, and of what frameworks tie to it."""

MAPS = "/proc/{}/maps"
"""Where Linux lists the files that a process has in its memory."""


def find_compiler() -> str | None:
    """The C++ compiler of this machine."""
    return next(filter(shutil.which, COMPILERS), None)


def build(source: str, program: Path, flags: Sequence[str]) -> str:
    """Compiles and links a program, and returns what the compiler calls itself. Raises `UsageError`
    where there is no compiler, where it does not get through, and where the program could not be
    watched."""
    compiler = find_compiler()
    if compiler is None:
        raise UsageError("There is no C++ compiler.", hint="apt install g++")
    if not Path(MAPS.format("self")).exists():
        raise UsageError("What a program has loaded can be seen on Linux only.")
    file = program.with_suffix(".cpp")
    file.write_text(source, encoding="utf-8")
    command = [compiler, str(file), "-o", str(program), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise UsageError(f"{compiler} does not build the program: {''.join(errors[:1])}")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return version.stdout.partition("\n")[0]


def watch(program: Path, arguments: Iterable[object]) -> Observed:
    """Runs a program in an empty environment. It prints numbers in one line and waits for the end
    of its input, so that what it has loaded can be seen; or it prints what is wrong and ends with a
    code above zero.

    Returns ``values`` or else the ``error``, the names of the ``libraries`` that it has loaded, and
    which of them are ``python``'s.
    """
    process = subprocess.Popen(
        [str(program), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={},
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    libraries = _loaded(process.pid)
    said += process.communicate()[0]
    failed = process.returncode != 0
    first = said.strip().partition("\n")[0]  # behind it, a message may have addresses of its calls
    return {
        "values": [] if failed else [float(word) for word in said.split()],
        "error": (first or f"it ended with code {process.returncode}") if failed else "",
        "libraries": libraries,
        "python": [name for name in libraries if PYTHONS.search(name)],
    }


def _loaded(process: int) -> list[str]:
    """The names of the libraries in a process's memory."""
    lines = Path(MAPS.format(process)).read_text(encoding="utf-8").splitlines()
    files = {Path(line.split(maxsplit=5)[-1]).name for line in lines if "/" in line}
    return sorted(name for name in files if re.search(r"\.so\b", name))
