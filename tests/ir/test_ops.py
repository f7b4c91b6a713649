"""What holds for all ops."""

from __future__ import annotations

import json

import pytest
from op_cases import CASES, Case

from isograd.ir.ops import Dropout, Op, ParameterSpec, ShapeError

case = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.op}")


def test_every_op_has_a_case():
    ours = {n for n, cls in Op.registry.items() if cls.__module__.startswith("isograd.")}
    assert ours == {type(case.op).__name__ for case in CASES}


@case
def test_the_output_has_the_expected_type(case: Case):
    case.op.check_arity(len(case.inputs))
    assert case.op.infer(*case.inputs) == case.output


@case
def test_the_parameters_have_the_expected_roles_and_shapes(case: Case):
    specs = case.op.parameters(*case.inputs)
    assert {role: spec.shape for role, spec in specs.items()} == case.parameters


@case
def test_attributes_travel_through_json(case: Case):
    attributes = json.loads(json.dumps(case.op.attributes()))
    assert type(case.op).from_attributes(attributes) == case.op


@case
def test_an_op_can_be_the_key_of_a_table(case: Case):
    assert {case.op: 1}[case.op] == 1


@case
def test_a_wrong_number_of_inputs_is_refused(case: Case):
    arity = case.op.arity
    most = arity[1] if isinstance(arity, tuple) else arity
    if getattr(case.op, "masked", False):
        most += 1
    with pytest.raises(ShapeError, match="input"):
        case.op.check_arity(0 if most is None else most + 1)


def test_a_parameter_by_itself_is_trained_and_a_buffer_is_not():
    assert spec("Parameter", "value").trainable
    buffer = spec("Buffer", "value")
    assert (buffer.trainable, buffer.dtype, buffer.init.value) == (False, "bool", 0.0)


def test_a_mask_has_size_one_along_shared_axes():
    assert Dropout(0.5, (1, -1)).mask_shape(("N", 8, 6, 6)) == ("N", 1, 6, 1)


def spec(case_op: str, role: str) -> ParameterSpec:
    found = next(c for c in CASES if type(c.op).__name__ == case_op and role in c.parameters)
    return found.op.parameters(*found.inputs)[role]


def test_running_statistics_are_not_trainable_and_start_at_zero_and_one():
    mean, var = spec("BatchNorm", "running_mean"), spec("BatchNorm", "running_var")
    assert not mean.trainable
    assert not var.trainable
    assert (mean.init.kind, mean.init.value) == ("constant", 0.0)
    assert (var.init.kind, var.init.value) == ("constant", 1.0)


@pytest.mark.parametrize("op", ["BatchNorm", "LayerNorm", "GroupNorm"])
def test_a_normalisation_starts_as_the_identity_and_is_trained(op: str):
    weight, bias = spec(op, "weight"), spec(op, "bias")
    assert weight.trainable
    assert bias.trainable
    assert (weight.init.value, bias.init.value) == (1.0, 0.0)


def test_a_convolution_starts_within_one_over_the_root_of_its_fan_in():
    # 3 input channels seen by a 7 x 7 kernel.
    weight = spec("Conv", "weight")
    assert weight.init.kind == "uniform"
    assert weight.init.value == pytest.approx(147**-0.5)


def test_a_linear_layer_starts_within_one_over_the_root_of_its_inputs():
    assert spec("Linear", "bias").init.value == pytest.approx(10**-0.5)
