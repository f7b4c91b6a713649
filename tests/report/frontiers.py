"""A frontier as `isograd optimize mnist-mlp` writes it, and variants of it."""

from __future__ import annotations

import json
import math
import random

from pages import poisoned

from isograd.deploy.candidates import CANDIDATES, Candidate
from isograd.frontier import Frontier, Latency, Point, Training, Variant
from isograd.result import Comparison, NoiseFloor

BASELINE = "dense/torch/eager"
BATCHES = [1, 8, 64]
DENSE_SIZE = 407_000

# candidate: time of a call over the baseline's with each batch size, size in bytes, points lost
MEASURED = {
    "torch/eager": ((1.0, 1.0, 1.0), DENSE_SIZE, 0.0),
    "torch/grad": ((1.21, 1.18, 1.1), DENSE_SIZE, 0.0),
    "torch/inference-mode": ((0.95, 0.96, 0.98), DENSE_SIZE, 0.0),
    "torch/compile": ((0.74, 0.62, 0.55), 431_000, 0.0),
    "torch/torchscript": ((0.66, 0.71, 0.83), 415_000, 0.0),
    "torch/torchscript-optimized": ((0.61, 0.66, 0.78), 416_000, 0.0),
    "torch/exported-program": ((2.7, 2.3, 1.6), 422_000, 0.0),
    "torch/aot-inductor": ((0.22, 0.31, 0.41), 1_410_000, 0.0),
    "torch/bfloat16": ((1.9, 1.6, 1.2), DENSE_SIZE, 0.03),
    "torch/int8-dynamic": ((5.2, 4.1, 2.4), 109_000, 0.05),
    "torch/int8-static": ((1.3, 1.0, 0.72), 112_000, 0.12),
    "torch/onnx": ((0.16, 0.24, 0.36), 408_500, 0.0),
    "torch/onnx-int8-dynamic": ((0.21, 0.2, 0.22), 107_400, 0.06),
    "torch/onnx-int8-static": ((0.13, 0.15, 0.19), 107_900, 0.18),
    "tensorflow/eager": ((9.6, 7.7, 4.2), 415_000, 0.0),
    "tensorflow/function": ((3.1, 2.6, 1.9), 415_000, 0.0),
    "tensorflow/function-plain": ((3.4, 2.8, 2.0), 415_000, 0.0),
    "tensorflow/xla": ((1.4, 1.2, 0.8), 415_000, 0.0),
    "tensorflow/saved-model": ((2.9, 2.5, 1.8), 497_000, 0.0),
    "tensorflow/keras-int8": ((4.1, 3.6, 3.2), 121_000, 0.09),
    "tensorflow/litert": ((0.14, 0.38, 0.9), 408_800, 0.0),
    "tensorflow/litert-int8-dynamic": ((0.12, 0.2, 0.5), 106_300, 0.07),
    "tensorflow/litert-int8-static": ((0.1, 0.16, 0.32), 105_900, 0.21),
}
COMBINED = {
    ("structured-50", "torch/eager"): (0.82, 0.51, 0.34),
    ("structured-50", "torch/onnx"): (0.11, 0.51, 0.39),
    ("structured-50", "torch/onnx-int8-static"): (0.09, 0.26, 0.52),
    ("structured-50", "tensorflow/litert-int8-static"): (0.07, 0.255, 0.49),
    ("unstructured-80", "torch/eager"): (1.01, 1.0, 0.14),
    ("unstructured-80", "torch/onnx"): (0.165, 1.0, 0.17),
    ("structured-75", "tensorflow/litert-int8-static"): (0.05, 0.13, 6.8),
}
"""Time of a call and size over the dense one's, and points lost."""

BECAUSE = {
    "torch/int8-dynamic": (
        "Activations are quantised in each call by four separate kernels; at this size they cost "
        "more than the multiplication saves."
    ),
    "torch/bfloat16": (
        "autocast converts the weights again in each call; without AMX a bfloat16 multiplication "
        "is no faster here."
    ),
    "tensorflow/eager": "Each Keras layer call costs about 40 µs of Python.",
}
FAILED = {
    "torch/int8-qat": (
        "not installed",
        "torchao is not installed. Run: pip install isograd[quantize]",
    ),
    "tensorflow/onnx": (
        "unsupported",
        "tf2onnx 1.17 knows no op StatelessRandomUniformV2 (line model.py:14).",
    ),
    "tensorflow/litert-int8-qat": ("timed out", "no answer within 600 s while fine-tuning"),
    "tensorflow/bfloat16": ("crashed", "The worker ended with signal 11 (SIGSEGV)."),
}


def compare(ratio: float, a: str, noise: float = 0.018) -> Comparison:
    low, high = ratio * 0.985, ratio * 1.016
    verdict = (
        "faster"
        if high < 1 - noise
        else "slower"
        if low > 1 + noise
        else "no measurable difference"
    )
    return Comparison(a, BASELINE, ratio, low, high, verdict)


def make_latencies(id: str, ratios: tuple[float, ...]) -> list[Latency]:
    found = []
    for batch, ratio in zip(BATCHES, ratios, strict=True):
        p50 = ratio * 0.052 * (1 + batch / 24)
        comparison = None if id == BASELINE else compare(ratio, id)
        found.append(Latency(batch, p50, p50 * 1.1, p50 * 1.6, batch / p50 * 1e3, comparison))
    return found


def make_point(
    candidate: Candidate, ratios: tuple[float, ...], size: int, lost: float, variant: str = "dense"
) -> Point:
    id = f"{variant}/{candidate.id}"
    generator = random.Random(id)
    cold = {"torch": 1.5, "tensorflow": 4.1, "litert": 0.11, "onnxruntime": 0.19}[candidate.runtime]
    return Point(
        variant,
        candidate.id,
        candidate.technique,
        candidate.runtime,
        candidate.precision,
        f"isograd optimize mnist-mlp --data mnist --only {id}",
        status="ok",
        quality=0.9786 - lost / 100,
        lost=lost,
        agreement=1.0 - lost / 60,
        verdict="equivalent" if candidate.exact else None,
        max_abs=2e-6 if candidate.exact else 0.3,
        size=size,
        build_s=generator.uniform(0.1, 30),
        cold_start_s=cold * generator.uniform(0.9, 1.2),
        import_s=cold * 0.8,
        load_s=0.01,
        first_call_s=0.02,
        peak_memory_mb=90 + cold * 110 * generator.uniform(0.9, 1.1),
        latencies=make_latencies(id, ratios),
        because=BECAUSE.get(candidate.id, "") if variant == "dense" else "",
    )


def make_points() -> list[Point]:
    by = {candidate.id: candidate for candidate in CANDIDATES}
    points = [make_point(by[id], *MEASURED[id]) for id in MEASURED]
    for (variant, id), (speed, share, lost) in COMBINED.items():
        ratios, size, _ = MEASURED[id]
        factor = speed / ratios[0]
        scaled = tuple(ratio * factor for ratio in ratios)
        points.append(make_point(by[id], scaled, int(size * share), lost, variant))
    for id, (status, reason) in FAILED.items():
        one = by[id]
        command = f"isograd optimize mnist-mlp --data mnist --only dense/{id}"
        points.append(
            Point("dense", id, one.technique, one.runtime, one.precision, command, status, reason)
        )
    for id in (
        "dense/tensorflow/litert-int8-static",
        "dense/torch/onnx-int8-static",
        "dense/torch/onnx",
        "dense/tensorflow/litert",
        "structured-50/torch/onnx",
        "structured-50/tensorflow/litert-int8-static",
        "structured-50/torch/onnx-int8-static",
        "structured-75/tensorflow/litert-int8-static",
        "unstructured-80/torch/onnx",
    ):
        next(point for point in points if point.id == id).pareto = True
    return points


def make_trainings() -> list[Training]:
    found = []
    for framework, mode in (("torch", "compile"), ("tensorflow", "function")):
        for precision in ("float32", "bfloat16"):
            off = 0.004 * (precision == "bfloat16")
            generator = random.Random(precision + framework)
            curves = [
                [
                    2.1 * math.exp(-e / 2.2) + 0.07 + off + generator.uniform(0, 0.03)
                    for e in range(8)
                ]
                for _ in range(3)
            ]
            one = Training(
                framework, mode, precision, "ok", loss=curves, quality=[0.978, 0.976, 0.977]
            )
            one.seed_spread = 0.014
            if precision == "bfloat16":
                one.deviation, one.verdict = 0.0042, "equivalent"
                one.step = compare(1.34, f"{framework}/{mode}/bfloat16")
                one.because = (
                    "This processor multiplies bfloat16 by AVX512-BF16, which needs larger "
                    "matrices than these to pay for the conversions."
                )
            found.append(one)
    found.append(
        Training(
            "torch", "compile", "float16", "unsupported", "float16 training needs a CUDA device."
        )
    )
    return found


def make_frontier() -> Frontier:
    return Frontier(
        command="isograd optimize mnist-mlp --data mnist --data-dir data/mnist --batch 1,8,64",
        created="2026-11-25T07:40:02+00:00",
        model={"name": "mnist-mlp", "parameters": 101_770, "source": "zoo"},
        data={"name": "mnist", "train": 60_000, "test": 10_000, "shape": [28, 28]},
        training={"loss": "cross_entropy", "epochs": 5, "batch_size": 64},
        environment={
            "cpu": "Intel Xeon Platinum 8481C",
            "instructions": ["avx512_vnni", "avx512_bf16"],
            "packages": {"torch": "2.13.0", "tensorflow": "2.21.0", "onnxruntime": "1.32.0"},
        },
        baseline=BASELINE,
        batches=[*BATCHES],
        status="complete",
        noise={batch: NoiseFloor(0.018, []) for batch in BATCHES},
        variants=[
            Variant(
                "dense",
                "the network as it was trained",
                101_770,
                203_264,
                0.9786,
                "equivalent",
                4690,
            ),
            Variant(
                "folded",
                "BatchNorm worked into its neighbours, constants computed",
                101_770,
                203_264,
                0.9786,
                "equivalent",
                0,
                ["There was nothing to fold."],
            ),
            Variant(
                "structured-50",
                "half of the hidden channels removed by L2 norm, then trained on",
                50_890,
                101_632,
                0.9747,
                "equivalent",
                938,
            ),
            Variant(
                "structured-75",
                "three quarters of the hidden channels removed by L2 norm, then trained on",
                25_450,
                50_816,
                0.9106,
                "equivalent",
                938,
            ),
            Variant(
                "unstructured-80",
                "four fifths of the weights set to zero by magnitude, then trained on",
                20_430,
                203_264,
                0.9772,
                "inconclusive",
                938,
            ),
        ],
        points=make_points(),
        trainings=make_trainings(),
        findings=["unstructured-80 is no faster in any form: no runtime here skips zeros."],
        duration_s=1312.0,
    )


def make_hostile() -> Frontier:
    """Markup in every string; what ids refer to stays consistent."""
    found = make_frontier()
    raw = poisoned(json.loads(found.to_json()), free={"model", "data", "training", "environment"})
    poison = Frontier.from_json(json.dumps(raw))
    for point, original in zip(poison.points, found.points, strict=True):
        point.status = original.status
    poison.baseline = poison.points[0].id
    poison.target, poison.answer = raw["target"], poison.points[3].id
    return poison
