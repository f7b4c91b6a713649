"""Views as frameworks give them: small ones, broken ones, and one of thousands of operations."""

from __future__ import annotations

from isograd.views import Event, Graphs, Operation, Value, View
from isograd.views.document import Change, Layer, Overlay

HOSTILE = "</script><img src=x onerror=alert(1)>\"' & </style>"


def value(*shape: int | None) -> tuple[Value, ...]:
    return (Value("float32", shape),)


def chain(blocks: int, framework: str = "torch") -> list[Operation]:
    """Blocks of three operations with a connection around them, then the loss and all gradients."""
    found = [Operation("x", "placeholder", values=value(8, 16), phase="input")]
    last = "x"
    for i in range(blocks):
        scope, line = f"blocks.{i}", f"net.py:{10 + i}"
        first, second, third = (f"b{i}_{name}" for name in ("fc", "relu", "add"))
        found += [
            Operation(f"w{i}", "parameter", (), value(16, 16), "input", first, f"{scope}.fc", line),
            Operation(
                first,
                "aten.linear.default",
                ((last, 0), (f"w{i}", 0)),
                value(8, 16),
                "forward",
                first,
                f"{scope}.fc",
                line,
            ),
            Operation(
                second, "aten.relu.default", ((first, 0),), value(8, 16), "forward", second, scope
            ),
            Operation(
                third,
                "aten.add.Tensor",
                ((second, 0), (last, 0)),
                value(8, 16),
                "forward",
                third,
                scope,
                line,
                group=f"fused_{i // 2}",
            ),
        ]
        last = third
    found.append(Operation("y", "placeholder", values=value(8), phase="input"))
    found.append(Operation("loss", "aten.cross_entropy", ((last, 0), ("y", 0)), value(), "loss"))
    gradient = "loss"
    for i in reversed(range(blocks)):
        scope, line = f"blocks.{i}", f"net.py:{10 + i}"
        first, second = f"b{i}_fc", f"b{i}_relu"
        found += [
            Operation(
                f"d{second}",
                "ReluBackward0",
                ((gradient, 0), (second, 0)),
                value(8, 16),
                "backward",
                second,
                scope,
            ),
            Operation(
                f"d{first}",
                "AddmmBackward0",
                ((f"d{second}", 0), (f"w{i}", 0)),
                value(8, 16) * 2,
                "backward",
                first,
                f"{scope}.fc",
                line,
            ),
            Operation(
                f"u{i}",
                "aten.add_.Tensor",
                ((f"w{i}", 0), (f"d{first}", 1)),
                value(16, 16),
                "update",
                first,
                f"{scope}.fc",
                line,
            ),
        ]
        gradient = f"d{first}"
    return found


def make_layers(blocks: int) -> list[Layer]:
    found = []
    for i in range(blocks):
        last = f"b{i - 1}_add" if i else "x"
        for name, op in (("fc", "Linear"), ("relu", "ReLU"), ("add", "Add")):
            scope = f"blocks.{i}.fc" if name == "fc" else f"blocks.{i}"
            found.append(
                Layer(
                    f"b{i}_{name}",
                    op,
                    scope,
                    f"net.py:{10 + i}",
                    [last],
                    "float32[N, 16]",
                    272 if name == "fc" else 0,
                    4096,
                    2048,
                )
            )
            last = f"b{i}_{name}"
    return found


def make_graphs(blocks: int = 4) -> Graphs:
    """A network of residual blocks in both frameworks, with one view that broke off, one that
    could not be had, changes, events and overlays."""
    layers = make_layers(blocks)
    partial = chain(1)[:4]
    partial[-1].mark = "No export: the value of a tensor decides a branch."
    return Graphs(
        model="residual",
        training="cross_entropy, adam",
        batch_size=8,
        parameters=272 * blocks,
        versions={"torch": "2.13.0", "tensorflow": "2.21.0"},
        views=[
            View(
                "torch",
                "dynamic",
                "Dynamic graph",
                "What ran, as TorchDispatchMode saw it.",
                chain(blocks),
                {"kernels": 5 * blocks},
                [Event("branch", "Python chose a branch while it ran.", "net.py:12")],
            ),
            View(
                "torch",
                "export",
                "torch.export",
                "What torch.export traced.",
                partial,
                status="partial",
                reason="torch.export stopped at net.py:10.",
                events=[Event("break", "A graph break.", "net.py:10", 2)],
            ),
            View(
                "tensorflow",
                "dynamic",
                "Dynamic graph",
                "What ran, op by op.",
                [replaced(one) for one in chain(blocks)],
            ),
            View(
                "tensorflow",
                "xla",
                "XLA",
                "HLO after optimisation.",
                status="skipped",
                reason="XLA's compiler is not in this build.",
            ),
        ],
        layers=layers,
        changes=[
            Change(
                "torch/dynamic",
                "torch/export",
                "fused",
                4,
                "Four additions went into two kernels.",
                ["b0_add", "b1_add"],
            )
        ],
        overlays=[
            Overlay(
                framework,
                quantity,
                unit,
                {layer.name: factor * (i + 1) for i, layer in enumerate(layers)},
                {"loss": 2.0},
                total,
                0.03 if total else None,
                f"The {quantity} of one step.",
            )
            for framework, factor in (("torch", 1.5), ("tensorflow", 2.5))
            for quantity, unit, total in (
                ("time", "us", 900.0),
                ("memory", "bytes", 8192.0),
                ("error", "envelopes", None),
            )
        ],
    )


def replaced(operation: Operation) -> Operation:
    """The same in TensorFlow's words."""
    kinds = {
        "aten.linear.default": "MatMul",
        "aten.relu.default": "Relu",
        "aten.add.Tensor": "AddV2",
        "ReluBackward0": "ReluGrad",
        "AddmmBackward0": "MatMul",
    }
    operation.kind = kinds.get(operation.kind, operation.kind)
    return operation


def make_large(operations: int = 3000) -> Graphs:
    """Both frameworks with so many operations each."""
    found = make_graphs(operations // 7 + 1)
    for view in found.views:
        assert view.status != "ok" or len(view.operations) >= operations
    return found


def make_hostile() -> Graphs:
    """Names, kinds, modules, lines and reasons that are markup."""
    names = {f"{letter}{HOSTILE}" for letter in "abc"}
    a, b, c = sorted(names)
    operations = [
        Operation(a, HOSTILE, (), value(2), "input", HOSTILE, HOSTILE, HOSTILE),
        Operation(
            b,
            HOSTILE,
            ((a, 0),),
            (Value(HOSTILE),),
            "forward",
            HOSTILE,
            HOSTILE,
            HOSTILE,
            group=HOSTILE,
            attributes={HOSTILE: HOSTILE},
            mark=HOSTILE,
        ),
        Operation(c, HOSTILE, ((b, 0),), value(2), "backward", HOSTILE, HOSTILE),
    ]
    views = [
        View(
            "torch",
            stage,
            HOSTILE,
            HOSTILE,
            operations,
            {HOSTILE: 1.0},
            [Event("break", HOSTILE, HOSTILE)],
            "partial",
            HOSTILE,
        )
        for stage in ("dynamic", HOSTILE)
    ]
    views.append(View("tensorflow", "xla", HOSTILE, HOSTILE, status="skipped", reason=HOSTILE))
    return Graphs(
        HOSTILE,
        HOSTILE,
        2,
        4,
        {HOSTILE: HOSTILE},
        views,
        [Layer(HOSTILE, HOSTILE, HOSTILE, HOSTILE, [HOSTILE], HOSTILE, 4)],
        [Change("torch/dynamic", "torch/" + HOSTILE, "fused", 1, HOSTILE, [b])],
        [Overlay("torch", "time", "us", {HOSTILE: 1.0}, {HOSTILE: 1.0}, 2.0, 0.1, HOSTILE)],
    )
