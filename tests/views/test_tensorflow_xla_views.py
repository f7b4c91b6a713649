"""XLA's programs are shown as TensorFlow tells them, before and after its optimiser."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from subjects import NETWORKS, Looked, assert_whole, keras_as_it_was, rewritten, see

from isograd.frameworks.tensorflow.views import compiling
from isograd.frameworks.tensorflow.views.compiling import NO_KERNEL
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, PARAMETER
from isograd.frameworks.tensorflow.views.tracing import trace_step

RELU = "x = ops.relu(x)"


@pytest.fixture
def mlp(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("tensorflow", "mlp")


@pytest.fixture(params=NETWORKS)
def network(
    request: pytest.FixtureRequest,
    looked: Callable[[str, str], Looked],
    programs: Callable[[str], dict[str, str]],
) -> Looked:
    programs(request.param)
    return looked("tensorflow", request.param)


@pytest.fixture(scope="module")
def programs(looked: Callable[[str, str], Looked]) -> Callable[[str], dict[str, str]]:
    """What TensorFlow says of XLA's programs of a network while they are viewed, by stage; the
    step is compiled once for both views."""

    @cache
    def texts(name: str) -> dict[str, str]:
        step, said, ask = looked("tensorflow", name), {}, compiling._text
        with pytest.MonkeyPatch.context() as patch:
            with keras_as_it_was():
                tracing = trace_step(step.subject, "xla")
            patch.setattr(compiling, "trace_step", lambda *_: tracing)
            for stage in ("hlo", "xla"):
                keep = lambda *asked, stage=stage: said.setdefault(stage, ask(*asked))
                patch.setattr(compiling, "_text", keep)
                step.views[stage] = see("tensorflow", stage, step.subject)
        return said

    return texts


def computation(text: str, name: str) -> list[str]:
    """The lines of one of the program's computations."""
    return text[text.index(f"\n{name}") :].split("\n}")[0].splitlines()[2:]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("stage", ["hlo", "xla"])
def test_xla_s_programs_have_every_instruction_of_their_text(
    looked: Callable[[str, str], Looked],
    programs: Callable[[str], dict[str, str]],
    name: str,
    stage: str,
) -> None:
    text, view = programs(name)[stage], looked("tensorflow", name)[stage]
    entry = computation(text, "ENTRY ")
    called = [
        found[1] for line in entry if (found := re.search(r" call\(.*to_apply=(%\S+),", line))
    ]
    lines = [*entry, *(line for name in called for line in computation(text, f"{name} "))]
    opcodes = [re.search(r"[\])}] ([a-z\-]+)\(", line.split(", metadata")[0]) for line in lines]
    ran = [found[1] for found in opcodes if found and found[1] not in NO_KERNEL | {"call"}]
    assert view.figures["instructions"] == len(re.findall(r"^ +\S.* = ", text, re.MULTILINE))
    if stage == "xla":
        assert view.figures["fusions"] == len(re.findall(r" fusion\(", text))
        assert view.figures["kernels"] == len(ran)
    assert len(view.operations) == len(lines)


@pytest.mark.parametrize("stage", ["hlo", "xla"])
def test_the_views_are_whole(network: Looked, stage: str) -> None:
    assert_whole(network, stage)


@pytest.mark.parametrize("stage", ["hlo", "xla"])
def test_what_the_compiler_left_is_tied(network: Looked, stage: str) -> None:
    for operation in network[stage].operations:
        assert operation.phase != "other"
        assert operation.phase != "forward" or operation.node
        assert operation.phase != "backward" or GRADIENT_OF in operation.attributes


def test_xla_s_parameters_are_called_what_they_hold(mlp: Looked) -> None:
    held = {
        o.attributes["holds"]: o.values[0].shape
        for o in mlp["xla"].operations
        if "holds" in o.attributes
    }
    for name, array in mlp.subject.state.items():
        assert held[name] == array.shape
        assert held[f"moment_1/{name}"] == array.shape


def test_the_optimizer_s_operations_say_which_parameter_they_change(mlp: Looked) -> None:
    found = {o.attributes.get(PARAMETER) for o in mlp["xla"].operations}
    assert found - {None} == set(mlp.subject.plan.trainable)


@pytest.mark.parametrize("stage", ["hlo", "xla"])
def test_a_step_that_fails_is_shown_up_to_there(mlp: Looked, stage: str, tmp_path: Path) -> None:
    """A batch of 4 times 128 has no product with itself."""
    product = lambda source: source.replace(RELU, "x = ops.matmul(x, x) if training else x")
    view = see("tensorflow", stage, rewritten(mlp.subject, tmp_path, product))
    *before, failed = view.operations
    assert view.status == "partial"
    assert "128" in view.reason
    assert [event.kind for event in view.events] == ["refused"]
    assert (failed.kind, failed.node, failed.mark) == ("MatMul", "relu", view.reason)
    assert {"flatten", "fc1"} <= {operation.node for operation in before}
    assert not any(operation.mark for operation in before)


def python_inside(source: str) -> str:
    """XLA compiles no Python."""
    call = "__import__('tensorflow').numpy_function(lambda v: v, [x], 'float32', stateful=False)"
    return source.replace(RELU, f"x = ops.reshape({call}, (-1, 128)) if training else x")


def test_what_xla_refuses_is_marked(mlp: Looked, tmp_path: Path) -> None:
    view = see("tensorflow", "xla", rewritten(mlp.subject, tmp_path, python_inside))
    assert view.status == "partial"
    assert view.operations[-1].mark
    assert view.operations[-1].kind == "PyFuncStateless"
    assert view.operations[-1].node == "relu"
