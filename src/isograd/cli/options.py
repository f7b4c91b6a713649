"""Options that several commands share, each declared once."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isograd.errors import UsageError, unknown

if TYPE_CHECKING:
    from isograd.training import Recipe

ModelArgument = Annotated[
    str,
    typer.Argument(
        help="A built-in network (see `isograd zoo`), file.py:symbol, package.module:symbol, a "
        ".pt2, .keras or .onnx file, or the folder of a stored graph or of a language model "
        "(config.json, model.safetensors), or hf:owner/name."
    ),
]
InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        help='What your network is called with: "x=float32[N,3,224,224]", '
        '"tokens=int64[N,T]<1000". Repeatable.',
    ),
]
TrustOption = Annotated[
    bool, typer.Option("--trust", help="Let a model file bring code of its own.")
]


def _known(modes: list[str] | None) -> list[str] | None:
    """The modes as they are. Raises `UsageError` for a misspelt one: at once, for reading a network
    takes seconds."""
    from isograd.bench.choosing import choose_modes

    choose_modes(modes or ())
    return modes


ModesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mode",
        "-m",
        help="Only these modes: torch, tensorflow, eager, xla, torch/compile ... Repeatable.",
        callback=_known,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(help="Data set: digits, breast-cancer, mnist. Default: the network's usual one."),
]
DataDirOption = Annotated[
    Path | None, typer.Option(help="Folder with the data set's own files, instead of a download.")
]
FeedOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A pipeline of your own, an iterable of (inputs, targets) batches: "
        "torch=file.py:loader, tensorflow=file.py:dataset. Repeatable."
    ),
]
LossOption = Annotated[
    str | None,
    typer.Option(
        help="cross_entropy, binary_cross_entropy, mean_squared_error or token_cross_entropy."
    ),
]
OptimizerOption = Annotated[str, typer.Option(help="sgd, adam, adamw or rmsprop.")]
LearningRateOption = Annotated[
    float | None, typer.Option("--learning-rate", "--lr", help="Default: the optimizer's own.")
]
HyperOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Another hyper-parameter of the optimizer, as name=value. Repeatable."
    ),
]
BatchSizeOption = Annotated[int, typer.Option(min=1, help="Examples per step.")]
DeviceOption = Annotated[str, typer.Option(help="cpu or cuda.")]
ThreadsOption = Annotated[int, typer.Option(min=1, help="Threads of each framework.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder for the result. Default: a new one in isograd-runs.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
IdiomaticOption = Annotated[
    bool,
    typer.Option(
        "--idiomatic",
        help="Each framework's own optimizers and layers; differences become declared ones.",
    ),
]
InputLayoutOption = Annotated[
    str | None,
    typer.Option(
        help="How images go in and out: channels-first or channels-last. Default: as the framework "
        "prefers it."
    ),
]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter("must be a number of seconds.")
    return value


TimeoutOption = Annotated[
    float,
    typer.Option(
        "--timeout", min=1.0, callback=_finite, help="Seconds a worker may take for one answer."
    ),
]

BELOW_ONE = ("momentum", "beta_1", "beta_2", "rho")
"""Hyper-parameters that weigh the past; the others may be any finite number from 0 on."""


def training_recipe(
    loss: str | None,
    optimizer: str,
    learning_rate: float | None,
    hyper: list[str] | None,
    batch: int,
) -> Callable[[str], Recipe]:
    """A network's usual loss to its training specification, from the options' values. Raises
    `UsageError` for a bad one: at once, for reading a network takes seconds."""
    from isograd.training import LOSSES, OPTIMIZERS, Recipe

    if loss is not None and loss not in LOSSES:
        raise unknown("loss", loss, LOSSES)
    if optimizer not in OPTIMIZERS:
        raise unknown("optimizer", optimizer, OPTIMIZERS)
    definition = OPTIMIZERS[optimizer]
    defaults = definition().to_dict()
    values: dict[str, Any] = {} if learning_rate is None else {"learning_rate": learning_rate}
    for item in hyper or []:
        name, equals, text = item.partition("=")
        if name not in defaults or name == "name":
            raise unknown(f"hyper-parameter of {optimizer}", name, set(defaults) - {"name"})
        if not equals:
            raise UsageError(f"--set {item} lacks a value.", hint=f"Write --set {item}=VALUE.")
        values[name] = _number(name, text, defaults[name])
    for name, value in values.items():
        _check_range(name, value)
    return lambda usual: Recipe(loss or usual, definition(**values), batch_size=batch)


def _number(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise UsageError(f"{name} is true or false, not {text!r}.")
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name} needs a number, not {text!r}.") from None


def _check_range(name: str, value: float) -> None:
    """Refuses what is no optimizer; some frameworks would compute nonsense with it in silence."""
    limit = 1.0 if name in BELOW_ONE else math.inf
    if not 0.0 <= value < limit:
        bounds = "at least 0 and below 1" if name in BELOW_ONE else "finite and at least 0"
        raise UsageError(f"{name} must be {bounds}, not {value}.")


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds in each unit of a duration."""


def duration(option: str, text: str) -> float:
    """Seconds from ``90s``, ``10m`` or ``1.5h``. Raises `UsageError` for anything else."""
    number, unit = text[:-1], text[-1:].lower()
    try:
        seconds = float(number) * UNITS[unit]
    except (ValueError, KeyError):
        seconds = math.nan
    if not 0.0 < seconds < math.inf:
        raise UsageError(
            f"{option} {text!r} is no duration.", hint=f"Write {option} 90s, 10m or 1h."
        )
    return seconds


def numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers from ``1,8,64``, each once. Raises `UsageError` for anything else."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise UsageError(f"{option} {text!r} are no sizes.", hint=f"Write {option} 1,8,64.")
    return tuple(dict.fromkeys(map(int, words)))


def check_device(device: str) -> None:
    """Raises `UsageError` for a device that isograd does not know."""
    if device not in ("cpu", "cuda"):
        raise unknown("device", device, ("cpu", "cuda"))
