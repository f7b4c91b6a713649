"""Input specifications of the networks in the sweeps: `dtype[size,size,...]<limit`.

A size is a number or a name; the same name means the same size in every input of a network.
`int64[N,16]<100` holds integers from 0 to 99. `bool[N,16]` holds at least one true in each row.
"""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_SPEC = re.compile(r"(?P<dtype>\w+)\[(?P<sizes>[^\]]*)\](?:<(?P<limit>\d+))?")


def sample(
    inputs: Mapping[str, str], sizes: Mapping[str, int], seed: int = 0
) -> dict[str, NDArray[np.generic]]:
    """Draw one batch: standard normal floats, uniform integers below the limit, random truth.

    `sizes` gives a number for every named size. Floats come out as float64 whatever width the
    specification names, because the sweeps referee in float64.
    """
    rng = np.random.default_rng(seed)
    return {name: _array(spec, sizes, rng) for name, spec in inputs.items()}


def _array(spec: str, sizes: Mapping[str, int], rng: np.random.Generator) -> NDArray[np.generic]:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"{spec!r} is no input specification; write for example int64[N,16]<100")
    names = [size.strip() for size in match["sizes"].split(",")]
    shape = [int(size) if size.isdigit() else sizes[size] for size in names]
    dtype = np.dtype(match["dtype"])
    if dtype.kind == "f":
        return rng.standard_normal(shape)
    if dtype.kind == "b":
        truth = rng.random(shape) < 0.7
        # A row without any true value would mask a whole sequence, which no network defines.
        truth[..., 0] = True
        return truth
    if match["limit"] is None:
        raise ValueError(f"{spec!r} needs a limit, as in {spec}<100")
    return rng.integers(0, int(match["limit"]), shape, dtype=dtype)
