"""The house has floors: a package imports from those below it, so that nothing goes round."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import isograd

SOURCE = Path(isograd.__file__).parent

FLOORS = """
    __main__
    cli testing __init__
    run
    report
    advise claims
    evidence
    frameworks.torch frameworks.tensorflow
    scaling sweeping
    bench causes effort pipelines scripts
    models
    reference_text
    deploy proof text
    checkpoints measure probes
    frameworks
    training
    compress data feeding frontier advice doctor explanation observation study tuning views zoo
    notation records
    ir references result
    errors progress started waiting
"""
"""From the roof to the ground. The folder of one framework stands above what it serves, and is
opened by name only (`isograd.frameworks.part`): nobody imports it."""

OPENED_BY_NAME = ("frameworks.torch", "frameworks.tensorflow")


def against_the_floors(root: Path, floors: str = FLOORS) -> list[str]:
    """What is wrong: imports that go up or stay on a floor, and packages without one."""
    height = {
        package: -floor
        for floor, packages in enumerate(floors.strip().splitlines())
        for package in packages.split()
    }
    found = []
    for path in sorted(root.rglob("*.py")):
        here = package_of(".".join(path.relative_to(root).with_suffix("").parts))
        if here not in height:
            found.append(f"{path.relative_to(root)} stands on no floor")
            continue
        found += [
            f"{path.relative_to(root)} imports {there}"
            for there in map(package_of, imported(path))
            if there != here and (there in OPENED_BY_NAME or height.get(there, 1) >= height[here])
        ]
    return found


def imported(path: Path) -> Iterator[str]:
    """Modules of isograd that a file imports anywhere in it, without the first name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.partition(".")[2] for name in names if name.startswith("isograd."))


def package_of(module: str) -> str:
    """``scaling`` for ``scaling.job``; a framework's folder is one of its own."""
    first, _, rest = module.partition(".")
    inner = f"{first}.{rest.partition('.')[0]}"
    return inner if inner in OPENED_BY_NAME else first


def circle(root: Path) -> list[str]:
    """Modules that import one another in a circle, if there are some."""
    modules = {
        ".".join(path.relative_to(root).with_suffix("").parts): path for path in root.rglob("*.py")
    }
    graph = {
        module: {known for name in imported(path) if (known := _longest(name, modules))} - {module}
        for module, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _longest(name: str, modules: Collection[str]) -> str:
    """The module that holds what is imported; empty where a package itself does."""
    parts = name.split(".")
    heads = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((head for head in heads if head in modules), "")


def planted(root: Path, **texts: str) -> list[str]:
    for name, text in texts.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return against_the_floors(root)


def test_imports_go_down() -> None:
    assert against_the_floors(SOURCE) == []


def test_an_import_that_goes_up_is_found(tmp_path) -> None:
    text = "def f():\n    from isograd.run.folders import fresh_folder\n"
    assert planted(tmp_path, scaling__job=text) == ["scaling/job.py imports run"]


def test_neighbours_do_not_lean_on_each_other(tmp_path) -> None:
    text = "from isograd import claims"
    assert planted(tmp_path, advise__rank=text) == ["advise/rank.py imports claims"]


def test_no_file_imports_itself_in_a_circle() -> None:
    assert circle(SOURCE) == []


def test_a_circle_is_found(tmp_path) -> None:
    later = "def f():\n    from isograd.run.live import live_graph\n"
    planted(tmp_path, run__graph=later, run__live="from isograd.run import graph")
    assert set(circle(tmp_path)) == {"run.graph", "run.live"}


def test_a_framework_is_opened_by_name_only(tmp_path) -> None:
    text = "import isograd.frameworks.torch.emitter"
    assert planted(tmp_path, run__emit=text) == ["run/emit.py imports frameworks.torch"]
    inside = "from isograd.frameworks.torch.runtime import configure"
    assert planted(tmp_path / "own", frameworks__torch__modes=inside) == []


def test_a_new_package_needs_a_floor(tmp_path) -> None:
    found = planted(tmp_path, attic__box="", run__emit="import isograd.attic")
    assert found == ["attic/box.py stands on no floor", "run/emit.py imports attic"]
