"""What inductor makes of the whole training step: the kernels that it launches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from unittest import mock

import torch
from torch import Tensor, fx

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.modes import CompiledExecutor
from isograd.frameworks.torch.views.failing import need
from isograd.frameworks.torch.views.flows import Holdings
from isograd.frameworks.torch.views.functions import remembering
from isograd.frameworks.torch.views.fx import kind_of
from isograd.frameworks.torch.views.launches import Launch, Program, read_program
from isograd.frameworks.torch.views.located import Locator, Place, traced_frames
from isograd.frameworks.torch.views.names import Names
from isograd.frameworks.torch.views.subjects import filled, rows
from isograd.frameworks.torch.views.tensors import Held, dtype_name, held
from isograd.views import Operation, Value, View

TITLE = "Inductor's kernels"
ABOUT = (
    "The kernels that the compiled step launches, in order: forward pass, loss, backward pass and "
    "update are one graph for torch.compile. Read from the program that inductor generates."
)

COUNTED = ("generated_kernel_count", "ir_nodes_pre_fusion")
"""What is taken from inductor's own metrics."""


def show(subject: Subject) -> View:
    """Figures: ``kernels`` launched per step, of which ``fused_kernels`` are generated and
    ``extern_kernels`` are called; ``fused_nodes``, operators of the graph that the kernels compute;
    ``generated_kernels``, inductor's own count of loop nests; ``ir_nodes``, its nodes before
    fusion; ``graph_breaks``."""
    generated = generating(subject).generate(rows(subject).reshape(1, -1))
    return described(generated, Locator(subject))


def generating(subject: Subject) -> Generating:
    """The compiled step of the subject."""
    executor = Generating(replace(subject.plan, mode="compile"))
    filled(executor, subject)
    return executor


def described(generated: Generated, locator: Locator) -> View:
    """A generated program as a view."""
    program = read_program(generated.code)
    view = View("torch", "inductor", TITLE, ABOUT)
    kernels = _Kernels(program, generated, locator)
    view.operations = kernels.operations()
    view.figures = {
        "kernels": len(program.launches),
        "fused_kernels": sum(launch.generated for launch in program.launches),
        "extern_kernels": sum(not launch.generated for launch in program.launches),
        "fused_nodes": len(kernels.fused),
        "generated_kernels": generated.metrics["generated_kernel_count"],
        "ir_nodes": generated.metrics["ir_nodes_pre_fusion"],
        "graph_breaks": generated.metrics["graph_breaks"],
    }
    return view


@dataclass
class Generated:
    """A program, and inductor's notes on it: ``graph`` holds the operators before they are
    lowered, ``origins`` which of them each launch computes, ``values`` what buffers hold,
    ``metrics`` what it counted."""

    code: str
    graph: fx.Graph
    origins: dict[str, list[str]]
    values: dict[str, Value]
    metrics: dict[str, int]
    inputs: list[Held | None] = field(default_factory=list)


class _Done(Exception):
    """Stops the compiler when the program is there: building its kernels takes long."""


class Generating(CompiledExecutor):
    """A compiled step whose program is generated, and neither built nor run."""

    def generate(self, batch: Tensor) -> Generated:
        """The program for batches of these rows."""
        self._found: list[Generated] = []
        self._given: list[Held | None] = []
        need("torch._inductor.metrics.reset")()
        _counters().clear()
        torch._dynamo.reset()
        try:
            with self._watched():
                self._step(batch)
        except Exception:
            if not self._found:
                raise
        finally:
            torch._dynamo.reset()
        self._found[0].inputs = self._given
        return self._found[0]

    @contextmanager
    def _watched(self) -> Iterator[None]:
        lowering = need("torch._inductor.graph.GraphLowering")
        inductor = {
            "fx_graph_cache": False,
            "fx_graph_remote_cache": False,
            "trace.provenance_tracking_level": 1,
        }
        with ExitStack() as stack:
            stack.enter_context(need("torch._inductor.config.patch")(inductor))
            stack.enter_context(need("torch._functorch.config.patch")(enable_autograd_cache=False))
            stack.enter_context(remembering())
            stack.enter_context(mock.patch.object(lowering, "save_output_code", self._keep))
            yield

    def backend(self, module: fx.GraphModule, examples: Sequence[Any]) -> Any:
        given = Holdings(held(self))
        for node in module.graph.nodes:
            if node.op == "placeholder":
                argument = node.meta["grapharg"].example
                self._given.append(_known(node.name, argument, given))
            elif node.target is torch.autograd.grad:
                node.target = _tied_gradients
        module.recompile()
        return need("torch._inductor.compile_fx.compile_fx")(module, examples)

    def _keep(self, code: str) -> None:
        lowered = need("torch._inductor.virtualized.V").graph
        origins = need("torch._inductor.debug._inductor_triton_kernel_to_post_grad_node_info")
        values = {
            name: value
            for name, buffer in lowered.name_to_buffer.items()
            if (value := _laid_out(buffer)) is not None
        }
        copied = {handle: list(names) for handle, names in origins.items()}
        metrics = need("torch._inductor.metrics")
        counted = {name: getattr(metrics, name) for name in COUNTED}
        counted["graph_breaks"] = sum(_counters()["graph_break"].values())
        self._found.append(Generated(code, lowered.graph, copied, values, counted))
        raise _Done


def _known(name: str, argument: Any, given: Holdings) -> Held | None:
    """What an argument of the step is; None for a size. Those that it makes for every call keep the
    name that dynamo gives them, such as ``l_rows_``."""
    if not isinstance(argument, Tensor):
        return None
    known = given.of(argument)
    own = Held(name.removeprefix("l_").strip("_"), "input", argument)
    return own if known.kind == "constant" else known


def _tied_gradients(outputs: Any, *args: Any, **kwargs: Any) -> Any:
    """`torch.autograd.grad`, while a graph is made of it: its operators have the stacks of the
    forward operators whose gradients they compute."""
    tie = need("torch._functorch._aot_autograd.logging_utils.setup_stacktrace_preservation_hooks")
    roots = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    tie([output.grad_fn for output in roots])
    return torch.autograd.grad(outputs, *args, **kwargs)


def _counters() -> Any:
    return need("torch._dynamo.utils.counters")


def _laid_out(buffer: Any) -> Value | None:
    try:
        sizes = [
            int(size) if getattr(size, "is_Integer", True) else None for size in buffer.get_size()
        ]
        return Value(dtype_name(buffer.get_dtype()), tuple(sizes))
    except (NotImplementedError, AttributeError):
        return None  # of several results, or of none


class _Kernels:
    """Launches as operations. A kernel that computes operators of several phases and nodes belongs
    to the one that most of its operators are of; all of them are among its attributes."""

    def __init__(self, program: Program, generated: Generated, locator: Locator) -> None:
        self.fused: set[str] = set()
        self._program = program
        self._generated = generated
        self._locator = locator
        self._nodes = {node.name: node for node in generated.graph.nodes}
        self._names = Names()
        self._ports: dict[str, tuple[str, int]] = {}
        self._values = dict(generated.values)
        self._found: list[Operation] = []

    def operations(self) -> list[Operation]:
        self._give()
        for launch in self._program.launches:
            self._found.append(self._kernel(launch))
        made = {operation.name: operation for operation in self._found}
        for number, buffer in enumerate(self._program.outputs):
            made[self._port(buffer)[0]].attributes["output"] = str(number)
        return self._found

    def _give(self) -> None:
        inputs = self._generated.inputs
        known = inputs if len(inputs) == len(self._program.inputs) else []
        for number, buffer in enumerate(self._program.inputs):
            given = known[number] if known else None
            if given is None:
                continue  # a size
            operation = given.operation(self._names.new(given.name))
            self._values[buffer] = operation.values[0]
            self._ports[buffer] = (operation.name, 0)
            self._found.append(operation)

    def _kernel(self, launch: Launch) -> Operation:
        fused = self._computed(launch)
        self.fused |= {node.name for node in fused}
        places = [self._place(node) for node in fused]
        reads = [self._port(b) for b in launch.reads if self._root(b) in self._ports]
        name = self._names.new(launch.kernel.removeprefix("extern_kernels."))
        parts = self._parts(launch)
        for buffer, number in [*zip(launch.writes, count()), *parts]:
            self._ports[self._root(buffer)] = (name, number)
        return Operation(
            name,
            launch.kernel if not launch.generated else _language(launch.kernel),
            tuple(dict.fromkeys(reads)),
            self._made(launch, parts),
            phase=_main([p.phase for p in places if p.phase != "other"], "other"),
            node=_main([place.node for place in places if place.node], None),
            source=next((place.source for place in places if place.source), None),
            group=launch.kernel if launch.generated else None,
            attributes=_fused(fused, places) | self._updated(launch),
        )

    def _updated(self, launch: Launch) -> dict[str, str]:
        written = dict(zip(self._program.inputs, self._generated.inputs, strict=False))
        found = [written.get(self._root(buffer)) for buffer in launch.writes]
        names = [given.name for given in found if given is not None and given.kind == "parameter"]
        return {"parameter": ", ".join(names)} if names else {}

    def _computed(self, launch: Launch) -> list[fx.Node]:
        """What a launch computes. Inductor notes for a kernel that it calls also what its inputs
        come from, which others compute."""
        names = self._generated.origins.get(launch.handle, ())
        nodes = [self._nodes[name] for name in names if name in self._nodes]
        if launch.generated:
            return nodes
        called = launch.kernel.split(".")
        return [node for node in nodes if _operator(node) in called] or nodes

    def _place(self, node: fx.Node) -> Place:
        place = self._locator.place(traced_frames(node.meta.get("stack_trace")))
        if node.meta.get("autograd_backward"):
            return Place(place.node, "backward", place.source)
        return place

    def _parts(self, launch: Launch) -> list[tuple[str, int]]:
        """The names of the results of a launch that has several, and their numbers."""
        parts = self._program.parts.items()
        return [(buffer, number) for buffer, (whole, number) in parts if whole in launch.writes]

    def _made(self, launch: Launch, parts: list[tuple[str, int]]) -> tuple[Value, ...]:
        if not parts:
            return tuple(self._value(buffer) for buffer in launch.writes)
        named = {number: buffer for buffer, number in parts}
        return tuple(
            self._value(named[number]) if number in named else Value("none")
            for number in range(max(named) + 1)
        )

    def _root(self, buffer: str) -> str:
        while buffer in self._program.aliases:
            buffer = self._program.aliases[buffer]
        return buffer

    def _port(self, buffer: str) -> tuple[str, int]:
        return self._ports[self._root(buffer)]

    def _value(self, buffer: str) -> Value:
        return self._values.get(buffer) or self._values.get(self._root(buffer)) or Value("buffer")


def _operator(node: fx.Node) -> str:
    """As in ``convolution_backward``."""
    return kind_of(node).split(".")[1] if "." in kind_of(node) else kind_of(node)


def _main(found: Sequence[Any], otherwise: Any) -> Any:
    return Counter(found).most_common(1)[0][0] if found else otherwise


def _fused(nodes: Sequence[fx.Node], places: Sequence[Place]) -> dict[str, str]:
    kinds = Counter(kind_of(node).removesuffix(".default") for node in nodes)
    texts = [kind if count == 1 else f"{kind} ×{count}" for kind, count in kinds.items()]
    found = {
        "fuses": ", ".join(texts),
        "nodes": ", ".join(dict.fromkeys(place.node for place in places if place.node)),
        "phases": ", ".join(dict.fromkeys(place.phase for place in places)),
    }
    return {name: text for name, text in found.items() if text}


def _language(kernel: str) -> str:
    return f"{kernel.split('_')[0]} kernel"
