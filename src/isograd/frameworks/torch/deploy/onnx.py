"""The network in ONNX's format, in float32 and quantised by ONNX Runtime."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from isograd.deploy.artefact import Artefact, Order
from isograd.frameworks.torch.deploy.exported import exported
from isograd.frameworks.torch.deploy.network import Network, network, refused
from isograd.measure.environment import environment

FILE = "model.onnx"

CALIBRATION_BATCH = 32

NARROW = (
    "The processor that built it has no VNNI instructions: weights are of 7 bits, because products "
    "of 8 bits would overflow on it."
)


def build(order: Order) -> Artefact:
    """``model.onnx``, weights inside."""
    with TemporaryDirectory() as name, _quiet():
        scratch = Path(name)
        made = network(order, scratch)
        exact = scratch / FILE
        notes = _export(made, exact)
        notes += FORMS[order.candidate](made, exact, order.folder / FILE)
    return Artefact((FILE,), "onnx_runtime", made.emitted, notes=notes)


def _export(made: Network, path: Path) -> tuple[str, ...]:
    program, notes = exported(made)
    try:
        converted = torch.onnx.export(program, dynamo=True, verbose=False)
        assert converted is not None
        converted.save(str(path), external_data=False)
    except Exception as error:
        raise refused("torch.onnx.export", error) from error
    return notes


def _exact(made: Network, exact: Path, target: Path) -> tuple[str, ...]:
    target.write_bytes(exact.read_bytes())
    return ()


def _dynamic(made: Network, exact: Path, target: Path) -> tuple[str, ...]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    narrow = _narrow()
    with _refusing("quantize_dynamic"):
        quantize_dynamic(
            _prepared(exact),
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=narrow,
        )
    return (NARROW,) if narrow else ()


def _static(made: Network, exact: Path, target: Path) -> tuple[str, ...]:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    narrow = _narrow()
    with _refusing("quantize_static"):
        quantize_static(
            _prepared(exact),
            target,
            _Calibration(made, exact),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=narrow,
        )
    return (NARROW,) if narrow else ()


FORMS = {
    "torch/onnx": _exact,
    "torch/onnx-int8-dynamic": _dynamic,
    "torch/onnx-int8-static": _static,
}


class _Calibration:
    """Calibration inputs, batch by batch, as ONNX Runtime asks for them."""

    def __init__(self, made: Network, model: Path) -> None:
        import onnx

        names = [value.name for value in onnx.load(model).graph.input]
        pieces = (tensor.split(CALIBRATION_BATCH) for tensor in made.calibration)
        self._batches = (
            {name: part.numpy() for name, part in zip(names, parts, strict=True)}
            for parts in zip(*pieces, strict=True)
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._batches, None)


def _prepared(model: Path) -> Path:
    """With constants folded and shapes inferred, which the quantisers ask for."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = model.with_name("prepared.onnx")
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    return prepared


def _narrow() -> bool:
    """Whether products of 8 bits overflow: without VNNI, two of them are added in 16 bits.

    Source: ONNX Runtime's documentation, "Quantize ONNX models", when to use ``reduce_range``.
    """
    instructions = environment()["instructions"]
    return "avx2" in instructions and not {"avx_vnni", "avx512_vnni"} & set(instructions)


@contextlib.contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise refused(f"ONNX Runtime's {what}", error) from error


@contextlib.contextmanager
def _quiet() -> Iterator[Any]:
    """Exporter and quantisers print what they do; what goes wrong is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
