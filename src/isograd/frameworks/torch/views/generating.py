"""The program that inductor generates for a whole training step, with its own notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from unittest import mock

import torch
from torch import Tensor, fx

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.modes import CompiledExecutor
from isograd.frameworks.torch.views.failing import need
from isograd.frameworks.torch.views.flows import Holdings
from isograd.frameworks.torch.views.functions import remembering
from isograd.frameworks.torch.views.subjects import filled, rows
from isograd.frameworks.torch.views.tensors import Held, dtype_name, held
from isograd.views import Value

COUNTED = ("generated_kernel_count", "ir_nodes_pre_fusion")
"""What is taken from inductor's own metrics."""


def generate(subject: Subject) -> Generated:
    """The program of the subject's step."""
    executor = cast(Generating, filled(Generating(replace(subject.plan, mode="compile")), subject))
    return executor.generate(rows(subject).reshape(1, -1))


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
