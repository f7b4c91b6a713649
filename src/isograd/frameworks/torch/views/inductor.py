"""What inductor makes of the whole training step: the kernels that it launches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from torch import fx

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.views.fx import kind_of
from isograd.frameworks.torch.views.generating import Generated, generate
from isograd.frameworks.torch.views.launches import Launch, Program, read_program
from isograd.frameworks.torch.views.located import Locator, Place, traced_frames
from isograd.frameworks.torch.views.names import Names
from isograd.views import Operation, Value, View

TITLE = "Inductor's kernels"
ABOUT = (
    "The kernels that the compiled step launches, in order: forward pass, loss, backward pass and "
    "update are one graph for torch.compile. Read from the program that inductor generates."
)


def show(subject: Subject) -> View:
    """Figures: ``kernels`` launched per step, of which ``fused_kernels`` are generated and
    ``extern_kernels`` are called; ``fused_nodes``, operators of the graph that the kernels compute;
    ``generated_kernels``, inductor's own count of loop nests; ``ir_nodes``, its nodes before
    fusion; ``graph_breaks``."""
    return described(generate(subject), Locator(subject))


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
            if self._root(buffer) in self._ports:  # a size is none
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
