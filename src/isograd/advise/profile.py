"""The user's situation: what the network is for, on what, with which limits, by whom."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import cattrs

from isograd.errors import UsageError, unknown

Target = Literal["server", "phone", "browser", "microcontroller", "research"]
"""Where the trained network is used; ``research`` ships nothing."""

Hardware = Literal["cpu", "gpu", "tpu"]

Side = Literal["torch", "tensorflow", "both", "none"]

Amount = Literal["low", "some", "high"]


@dataclass(frozen=True)
class Weights:
    """What one point is worth. A point is a factor of two: something that is twice as fast is one
    point better in that respect, times the respect's weight.

    ``run`` is the time of a training with its first call, ``latency`` and ``size`` are of what is
    shipped. ``debugging`` is what a mode loses in which no debugging question is answered with yes,
    ``team`` what a framework gains that the team knows, ``code`` one that the code is written in,
    ``two`` what it costs to train in one framework and to ship from the other, and ``scaling`` is
    for the efficiency of many workers.
    """

    run: float = 0.5
    latency: float = 1.0
    size: float = 0.1
    debugging: float = 1.0
    team: float = 1.0
    code: float = 0.5
    two: float = 0.5
    scaling: float = 1.0


BY_TARGET: dict[Target, Weights] = {
    "server": Weights(),
    "phone": Weights(size=0.5),
    "browser": Weights(size=0.7),
    "microcontroller": Weights(size=1.0),
    "research": Weights(run=1.0, latency=0.0, size=0.0, debugging=2.0, two=0.0),
}
"""A judgement, not a measurement: change them under ``[weights]`` where yours is another one."""


USUAL_LIMITS = "lost<=0.5"
"""Half a point of accuracy is what making it smaller or faster may cost."""


@dataclass(frozen=True)
class Profile:
    """What is asked for. ``limits`` are those of what is shipped, written as for ``isograd optimize
    --target``: ``latency<1ms, size<500kB, memory<100MB, lost<=0.5``. ``batch`` is how many examples
    a call has. ``steps`` is how long a training is, ``workers`` how many machines or devices it
    has. ``team`` is what people know, ``code`` what the network is written in, ``debugging`` how
    much of it is to be expected. ``weights`` override those of the target.
    """

    target: Target = "server"
    hardware: Hardware = "cpu"
    limits: str = USUAL_LIMITS
    batch: int = 1
    steps: int = 10_000
    workers: int = 1
    team: Side = "both"
    code: Side = "none"
    debugging: Amount = "some"
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def weighing(self) -> Weights:
        """The target's weights, with the profile's own."""
        return replace(BY_TARGET[self.target], **self.weights)

    @property
    def ships(self) -> bool:
        """Whether anything is shipped."""
        return self.target != "research"

    def but(self, **changes: Any) -> Profile:
        """The same with other answers. Raises `UsageError` as `check` does."""
        return check(replace(self, **changes))

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as TOML would have it."""
        mine, usual = asdict(self), asdict(Profile())
        return {name: value for name, value in mine.items() if value != usual[name]}


def read_profile(path: Path) -> Profile:
    """A profile in TOML: keys are the fields of `Profile`. Raises `UsageError` with file and line
    for what is none."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"Cannot read the profile: {error.strerror}.", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"This is no TOML: {error}.", where=str(path)) from None
    try:
        return profile_of(table)
    except UsageError as error:
        where = f"{path}:{_line(text, str(error.where))}" if error.where else str(path)
        raise UsageError(error.what, where=where, hint=error.hint) from None


def profile_of(table: dict[str, Any]) -> Profile:
    """A profile of plain values. Raises `UsageError`, with the key in ``where``."""
    known = {one.name for one in fields(Profile)}
    for key in table:
        if key not in known:
            raise _at(key, unknown("key of a profile", key, known))
    hints = get_type_hints(Profile)
    values = {key: _value(key, value, hints[key]) for key, value in table.items()}
    return check(Profile(**values))


def check(profile: Profile) -> Profile:
    """The profile itself. Raises `UsageError`, with the key in ``where``, for answers that are
    none."""
    hints = get_type_hints(Profile)
    for name in ("target", "hardware", "team", "code", "debugging"):
        given = getattr(profile, name)
        if given not in get_args(hints[name]):
            raise _at(name, unknown(name, str(given), get_args(hints[name])))
    if profile.target == "microcontroller" and profile.hardware != "cpu":
        raise UsageError(
            f"A microcontroller has no {profile.hardware}.", where="hardware", hint="Say cpu."
        )
    for name in ("batch", "steps", "workers"):
        if getattr(profile, name) < 1:
            raise UsageError(f"{name} is {getattr(profile, name)}.", where=name, hint="1 or more.")
    respects = {one.name for one in fields(Weights)}
    for name, weight in profile.weights.items():
        if name not in respects:
            raise _at(name, unknown("weight", name, respects))
        if not 0 <= weight <= 100:
            raise UsageError(f"The weight of {name} is {weight}.", where=name, hint="0 to 100.")
    return profile


def _value(key: str, value: Any, kind: Any) -> Any:
    if isinstance(value, bool):
        raise UsageError(f"{key} is {value}.", where=key, hint=f"It is {_words(kind)}.")
    if kind is str or (get_args(kind) and isinstance(get_args(kind)[0], str)):
        return str(value)  # `check` says what it may be
    try:
        if isinstance(value, str):
            raise ValueError
        return cattrs.structure(value, kind)
    except Exception:
        raise UsageError(f"{key} is {value!r}.", where=key, hint=f"It is {_words(kind)}.") from None


def _words(kind: Any) -> str:
    return "a table of numbers" if "dict" in str(kind) else "a number"


def _at(key: str, error: UsageError) -> UsageError:
    return UsageError(error.what, where=key, hint=error.hint)


def _line(text: str, key: str) -> int:
    """Where a key stands; TOML's own reader does not say."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.split("=")[0].strip().strip("\"'") == key:
            return number
    return 1
