"""The grid file: which networks, frameworks, modes, batch sizes, precisions and seeds are run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any, get_args

from isograd.bench.choosing import choose_modes
from isograd.errors import UsageError
from isograd.frameworks import MODES
from isograd.frameworks.protocol import Precision
from isograd.reference_text import parse_reference
from isograd.sweeping.cell import Cell, Conditions, Network, key_of
from isograd.sweeping.toml import TomlFile
from isograd.training import LOSSES, OPTIMIZERS

AXES = {
    "model": "models",
    "framework": "frameworks",
    "mode": "modes",
    "batch_size": "batch_sizes",
    "precision": "precisions",
    "seed": "seeds",
}
"""What a cell is made of, to the list of the grid that it is taken from."""

TABLES = ("exclude", "include", "network", "training", "measuring")

PRECISIONS: tuple[str, ...] = get_args(Precision)

Values = Mapping[str, tuple[Any, ...]]
"""Axis to the values that a table names."""


@dataclass(frozen=True)
class Grid:
    """Cells by key, in the order in which they are measured: seed by seed, so that a sweep that is
    cut off has seen everything once. ``retries`` is how often a cell that failed is tried again,
    ``timeout_s`` how long a process may take for one answer. References are relative to
    ``folder``."""

    path: str
    folder: Path
    networks: dict[str, Network]
    conditions: Conditions
    cells: dict[str, Cell]
    retries: int = 2
    timeout_s: float = 600.0

    def located(self, network: Network) -> str:
        """The reference as other processes find it: files by their absolute path."""
        path, symbol = _parts(self.folder, network.reference)
        return f"{path.resolve()}{symbol}" if path.exists() else network.reference


def read_grid(path: Path) -> Grid:
    """The grid of a TOML file. Raises `UsageError`, with the line, for whatever is wrong in it."""
    return _Reading(TomlFile(path)).grid()


class _Reading:
    """One file on its way to a grid."""

    def __init__(self, file: TomlFile) -> None:
        self.file, self.values = file, file.values
        self.folder = file.path.parent

    def grid(self) -> Grid:
        self.file.check_names("key", self.values, (*AXES.values(), *TABLES))
        networks = self._networks()
        lists = self._lists(networks)
        patience, conditions = self._conditions()
        cells = [cell for cell in self._product(lists) if not self._excluded(cell, lists)]
        cells += [cell for cell in self._included(lists) if cell not in cells]
        if not cells:
            raise UsageError("The grid has no cell.", where=str(self.file.path))
        cells.sort(key=lambda cell: cell.seed)
        keys = {key_of(cell, networks[cell.model], conditions): cell for cell in cells}
        return Grid(str(self.file.path), self.folder, networks, conditions, keys, **patience)

    # Networks -----------------------------------------------------------------------------------

    def _networks(self) -> dict[str, Network]:
        tables = self._table("network")
        models = self._list(self.values, "models", "", 0) or tuple(tables)
        if not models:
            raise UsageError(
                "The grid names no network.",
                where=str(self.file.path),
                hint='Write models = ["mnist-mlp", "net.py:Net"].',
            )
        return {name: self._network(name, tables.get(name)) for name in models}

    def _network(self, name: Any, table: Any) -> Network:
        if not isinstance(name, str):
            raise self.file.refuse(f"A model is named by text, not by {name!r}.", name)
        place = f"network.{name}" if table is not None else ""
        entries: dict[str, Any] = dict(table or {})
        known = [entry.name for entry in fields(Network) if entry.name != "digest"]
        self.file.check_names("key", entries, known, place)
        entries.setdefault("reference", name)
        entries["inputs"] = self._list(entries, "inputs", place, 0)
        if entries.get("loss") is not None:
            self.file.check_names("loss", [entries["loss"]], LOSSES, place)
        return Network(**entries, digest=self._digest(entries["reference"], place))

    def _digest(self, reference: str, place: str) -> str:
        """Of the file that is named. Raises `UsageError` where it is no network."""
        path, symbol = _parts(self.folder, reference)
        try:
            parse_reference(f"{path}{symbol}" if path.exists() else reference)
        except UsageError as error:
            error.where = self.file.place(reference, place)
            raise
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""

    # Axes ---------------------------------------------------------------------------------------

    def _lists(self, networks: Mapping[str, Network]) -> Values:
        """What the grid itself names on each axis; what it leaves out has its usual values."""
        usual: dict[str, tuple[Any, ...]] = {
            "model": tuple(networks),
            "framework": tuple(MODES),
            "mode": (),
            "batch_size": (64,),
            "precision": PRECISIONS[:1],
            "seed": (0,),
        }
        named = {axis: self._list(self.values, plural, "", 0) for axis, plural in AXES.items()}
        lists = {axis: named[axis] or usual[axis] for axis in AXES} | {"model": tuple(networks)}
        self._check(lists, lists, "", 0)
        return lists

    def _check(self, values: Values, lists: Values, table: str, number: int) -> None:
        """Raises `UsageError` for a value that its axis cannot have."""
        known = {"model": lists["model"], "framework": tuple(MODES), "precision": PRECISIONS}
        for axis, names in values.items():
            if axis in known:
                self.file.check_names(axis, names, known[axis], table, number)
            elif axis == "mode":
                words = [*_words(), *(f"{f}/{m}" for f, modes in MODES.items() for m in modes)]
                self.file.check_names("mode", names, words, table, number)
            else:
                self._check_numbers(axis, names, table, number)

    def _check_numbers(self, axis: str, values: tuple[Any, ...], table: str, number: int) -> None:
        least = 1 if axis == "batch_size" else 0
        for value in values:
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                what = f"A {axis.replace('_', ' ')} is a whole number from {least} on, not "
                raise self.file.refuse(f"{what}{value!r}.", value, table=table, number=number)

    def _product(self, values: Values) -> Iterator[Cell]:
        """All cells of all values, without those whose framework does not have the mode."""
        modes = [
            (framework, mode)
            for framework, mode in choose_modes(values["mode"])
            if framework in values["framework"]
        ]
        rest = (values[axis] for axis in ("seed", "model", "batch_size", "precision"))
        for seed, model, batch, precision in product(*(dict.fromkeys(one) for one in rest)):
            for framework, mode in modes:
                yield Cell(model, framework, mode, batch, precision, seed)

    # Tables -------------------------------------------------------------------------------------

    def _excluded(self, cell: Cell, lists: Values) -> bool:
        return any(_matches(cell, values) for values in self._rules("exclude", lists))

    def _included(self, lists: Values) -> Iterator[Cell]:
        for values in self._rules("include", lists):
            yield from self._product({**lists, **values})

    def _rules(self, name: str, lists: Values) -> Iterator[Values]:
        tables = self.values.get(name, [])
        if not isinstance(tables, list):
            raise self.file.refuse(f"Write [[{name}]]: there may be several.", name)
        for number, table in enumerate(tables):
            self.file.check_names("key", table, AXES, name, number)
            values = {axis: self._list(table, axis, name, number) for axis in table}
            self._check(values, lists, name, number)
            if name == "exclude" and not any(_matches(c, values) for c in self._product(lists)):
                what = "This excludes no cell of the grid."
                raise self.file.refuse(what, next(iter(table), name), table=name, number=number)
            yield values

    def _conditions(self) -> tuple[dict[str, Any], Conditions]:
        training, measuring = self._table("training"), self._table("measuring")
        own = {"steps": int, "measure_s": float, "threads": int, "device": str}
        patience = {"retries": int, "timeout_s": float}
        self.file.check_names("key", measuring, (*own, *patience), "measuring")
        for name, value in measuring.items():
            self._check_setting(name, value, {**own, **patience}[name])
        given: dict[str, Any] = {name: measuring[name] for name in own if name in measuring}
        self.file.check_names("device", [given.get("device", "cpu")], ("cpu", "cuda"), "measuring")
        waits = {name: measuring[name] for name in patience if name in measuring}
        return waits, Conditions(**given, **self._optimizer(training))

    def _check_setting(self, name: str, value: Any, kind: type) -> None:
        """A text, or a number that is not negative (and not 0 where that would measure nothing)."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = (
            isinstance(value, str) if kind is str else number and (kind is float or value % 1 == 0)
        )
        least = 0 if name in ("retries", "measure_s") else 1
        if not fits or (number and not least <= value < float("inf")):
            kinds = {str: "text", int: "a whole number", float: "a number of seconds"}
            what = f"{name} is {kinds[kind]}{'' if kind is str else f' from {least} on'}, not "
            raise self.file.refuse(f"{what}{value!r}.", name, table="measuring")

    def _optimizer(self, training: Mapping[str, Any]) -> dict[str, Any]:
        hyper = dict(training)
        name = hyper.pop("optimizer", "adam")
        self.file.check_names("optimizer", [name], OPTIMIZERS, "training")
        known = set(OPTIMIZERS[name]().to_dict()) - {"name"}
        self.file.check_names(f"hyper-parameter of {name}", hyper, known, "training")
        return {"optimizer": name, "hyper": hyper}

    def _table(self, name: str) -> dict[str, Any]:
        table = self.values.get(name, {})
        if not isinstance(table, dict):
            raise self.file.refuse(f"{name} is a table: write [{name}].", name)
        return table

    def _list(
        self, values: Mapping[str, Any], name: str, table: str, number: int
    ) -> tuple[Any, ...]:
        """One value or a list of them; each must be a text or a number."""
        value = values.get(name, [])
        found = tuple(value) if isinstance(value, list) else (value,)
        if any(isinstance(one, list | dict) for one in found):
            what = f"{name} is a list of texts or numbers."
            raise self.file.refuse(what, name, table=table, number=number)
        return found


def _parts(folder: Path, reference: str) -> tuple[Path, str]:
    """The file that a reference would name, and what follows it, such as ``:Net``."""
    head, colon, symbol = reference.rpartition(":")
    return (folder / head, f":{symbol}") if colon else (folder / reference, "")


def _words() -> list[str]:
    """Modes and frameworks that stand for several."""
    return [*MODES, *dict.fromkeys(mode for modes in MODES.values() for mode in modes)]


def _matches(cell: Cell, values: Values) -> bool:
    """Whether a cell has one of the values on each axis that a table names."""
    modes = choose_modes(values["mode"]) if values.get("mode") else None
    for axis, wanted in values.items():
        if axis == "mode":
            if modes is not None and (cell.framework, cell.mode) not in modes:
                return False
        elif getattr(cell, axis) not in wanted:
            return False
    return True
