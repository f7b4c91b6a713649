"""What a user asks `isograd optimize` for: as plain data, and as the line that asks again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from isograd.training import OPTIMIZERS, Recipe

BATCHES = (1, 8, 64)


@dataclass(frozen=True)
class Request:
    """The defaults are the command line's. ``variants`` are what is done to the network itself
    (empty: the usual ones), ``only`` patterns of points, ``batches`` batch sizes that latency is
    measured for (the first one decides), ``measure_s`` seconds that one of them may take.
    ``trainings`` says whether training in lower precision is measured as well.
    """

    recipe: Recipe
    data: str
    data_dir: Path | None = None
    epochs: int = 5
    seed: int = 0
    variants: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    batches: tuple[int, ...] = BATCHES
    target: str = ""
    budget_s: float | None = None
    threads: int = 1
    measure_s: float = 1.0
    timeout_s: float = 600.0
    trainings: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        found = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        directory = None if self.data_dir is None else str(self.data_dir)
        return found | {"recipe": self.recipe.to_dict(), "data_dir": directory}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Request:
        """The inverse of `to_dict`. Raises `KeyError`, `TypeError` or `ValueError` for anything
        else."""
        recipe, directory = plain["recipe"], plain["data_dir"]
        numbers = dict(recipe["optimizer"])
        optimizer = OPTIMIZERS[numbers.pop("name")](**numbers)
        given: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in plain.items()
        }
        given["recipe"] = Recipe(recipe["loss"], optimizer, recipe["batch_size"])
        given["data_dir"] = None if directory is None else Path(directory)
        return cls(**given)

    def line(self, model: str, inputs: tuple[str, ...], point: str) -> str:
        """The command that measures one point again, with everything that it depends on."""
        usual = Request(Recipe(), "")
        words = ["isograd", "optimize", model]
        words += [word for one in inputs for word in ("--input", one)]
        words += ["--data", self.data]
        words += ["--data-dir", str(self.data_dir)] if self.data_dir else []
        words += _training_words(self.recipe)
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            if value != getattr(usual, name):
                words += [option, _written(value)]
        return shlex.join([*words, "--no-trainings", "--only", point])


OPTIONS = {
    "epochs": "--epochs",
    "seed": "--seed",
    "batches": "--batch",
    "threads": "--threads",
    "measure_s": "--measure",
    "timeout_s": "--timeout",
}
"""What a point depends on, beside the data and the recipe, to its option."""


def _training_words(recipe: Recipe) -> list[str]:
    words: list[str] = ["--loss", recipe.loss.name]
    if recipe.batch_size != Recipe().batch_size:
        words += ["--batch-size", str(recipe.batch_size)]
    usual = OPTIMIZERS[recipe.optimizer.name]()
    if recipe.optimizer.name != Recipe().optimizer.name:
        words += ["--optimizer", recipe.optimizer.name]
    defaults = asdict(usual)
    for name, value in asdict(recipe.optimizer).items():
        if value == defaults[name]:
            continue
        words += ["--lr", _written(value)] if name == "learning_rate" else []
        words += ["--set", f"{name}={_written(value)}"] if name != "learning_rate" else []
    return words


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_written, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
