"""A result as `isograd compare mnist-mlp` writes it."""

from __future__ import annotations

import math
import random

from isograd.result import (
    Agreement,
    Check,
    Comparison,
    Curve,
    DerivativeRow,
    Interval,
    Mode,
    NoiseFloor,
    Proof,
    Result,
    Stage,
)

STAGES = ("structure", "forward", "train-forward", "loss", "gradients", "optimizer", "float32")

# label: median step in µs, first call in s, peak memory in MiB, break-even steps
MEASURED = {
    "torch/eager": (612.0, 0.021, 412.0, None),
    "torch/jit": (548.0, 0.31, 431.0, 4516),
    "torch/compile": (391.0, 11.8, 698.0, 53299),
    "tensorflow/eager": (2310.0, 0.048, 655.0, None),
    "tensorflow/session": (352.0, 0.22, 602.0, 88),
    "tensorflow/function": (436.0, 0.41, 640.0, 194),
}


def make_proof(seed: int, parameters: int = 101_770) -> Proof:
    generator = random.Random(seed)
    stages = [Stage("structure", "equivalent", 0.0, 0.0, 0.0, 0.0, "", "4 tensors, one to one")]
    for name in STAGES[1:]:
        ratio = generator.uniform(0.2, 2.4)
        stages.append(
            Stage(
                name,
                "equivalent",
                max_abs=ratio * 2e-15,
                max_rel=ratio * 1e-15,
                envelope=2e-15,
                ratio=ratio,
                worst="fc1.weight",
                detail="4 tensors; finite differences agree to 3e-10",
            )
        )
    return Proof("equivalent", stages, parameters)


def make_curves(label: str, epochs: int = 10, seeds: int = 3) -> list[Curve]:
    step = MEASURED[label][0]
    curves = []
    for seed in range(seeds):
        wobble = random.Random(seed)
        loss, quality = [], []
        for epoch in range(1, epochs + 1):
            loss.append(2.1 * math.exp(-epoch / 2.6) + 0.06 + wobble.uniform(0, 0.03))
            quality.append(0.975 - 0.5 * math.exp(-epoch / 1.8) + wobble.uniform(-0.003, 0.003))
        each = 22 * step * 1e-6
        curves.append(Curve(seed, loss, quality, [each * (e + 1) for e in range(epochs)]))
    return curves


def make_mode(label: str) -> Mode:
    framework, mode = label.split("/")
    step, first, memory, pays = MEASURED[label]
    generator = random.Random(label)
    samples = [[step * generator.lognormvariate(0, 0.035) for _ in range(60)] for _ in range(6)]
    curves = make_curves(label)
    return Mode(
        framework,
        mode,
        status="ok",
        verdict="equivalent",
        speed="faster" if step < 612 else "slower" if step > 612 else None,
        proof=make_proof(len(label)),
        step_us=Interval(step, step * 0.994, step * 1.006),
        first_call_s=first,
        import_s=1.4 if framework == "torch" else 3.9,
        build_s=0.02,
        peak_memory_mb=memory,
        accuracy=sum(c.quality[-1] for c in curves) / len(curves),
        time_to_target_s=curves[0].seconds[4],
        break_even_steps=pays,
        compilations=0 if mode == "eager" else 1,
        samples=samples,
        curves=curves,
    )


def compare(a: str, b: str) -> Comparison:
    ratio = MEASURED[a][0] / MEASURED[b][0]
    low, high = ratio * 0.988, ratio * 1.012
    verdict = "faster" if high < 0.98 else "slower" if low > 1.02 else "no measurable difference"
    return Comparison(a, b, ratio, low, high, verdict)


def make_result() -> Result:
    crashed = Mode(
        "tensorflow",
        "xla",
        status="crashed",
        reason="The worker ended with signal 11 (SIGSEGV) while compiling the training step.",
    )
    labels = list(MEASURED)
    return Result(
        command="isograd compare mnist-mlp",
        created="2026-11-23T14:02:11+00:00",
        model={"name": "mnist-mlp", "parameters": 101_770, "nodes": 4, "source": "zoo"},
        data={"name": "digits", "train": 1437, "test": 360, "shape": [28, 28]},
        training={
            "loss": "cross_entropy",
            "optimizer": {"name": "adam", "learning_rate": 0.001, "betas": [0.9, 0.999]},
            "batch_size": 64,
            "epochs": 10,
            "seeds": [0, 1, 2],
        },
        policy={"threads": 1, "dtype": "float32", "rounds": 6, "order": "interleaved, reversed"},
        environment={
            "cpu": "AMD EPYC 9354 32-Core Processor",
            "cores": 2,
            "os": "Linux 6.1",
            "python": "3.11.4",
            "packages": {"torch": "2.13.0", "tensorflow": "2.21.0", "keras": "3.15.1"},
        },
        reference="torch/eager",
        status="complete",
        verdict="equivalent",
        modes=[*(make_mode(label) for label in labels), crashed],
        noise_floor=NoiseFloor(
            0.018,
            [
                Comparison(
                    "torch/eager", "torch/eager", 1.004, 0.991, 1.018, "no measurable difference"
                )
            ],
        ),
        comparisons=[compare(a, b) for i, a in enumerate(labels) for b in labels[:i]],
        fairness=[
            Check("parameters", True, "101,770 in every mode"),
            Check("batches", True, "the same order, by checksum"),
            Check("loss", True, "cross_entropy of logits, mean"),
            Check("threads", True, "1 in every worker, as read back"),
            Check("learned", True, "accuracy 97.5%, guessing gives 10.0%"),
        ],
        agreement=[
            Agreement(label, 3e-7 * (i + 1), 8e-7, 0.011, "equivalent")
            for i, label in enumerate(labels)
        ],
        derivatives=[
            DerivativeRow(
                f"fc{1 + i // 3}.weight",
                [i, 3 * i],
                0.0123456789012 * (i - 2.5),
                {"torch": 0.0123456789012 * (i - 2.5), "tensorflow": 0.0123456789011 * (i - 2.5)},
                0.0123456788 * (i - 2.5),
            )
            for i in range(6)
        ],
        findings=["torch/compile fused the whole forward pass into one kernel."],
        duration_s=214.0,
    )
