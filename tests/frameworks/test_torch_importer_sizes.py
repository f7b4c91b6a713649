"""Open sizes stay open, and inputs are checked before anything is computed."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from originals import Network, assert_same, imported, ops_of
from torch import Tensor, nn

from isograd.errors import UsageError
from isograd.frameworks.torch.importer import import_exported, import_module
from isograd.ir.inputs import parse_input


def _causal(m, x):
    length = x.shape[1]
    later = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
    return (x @ x.mT).masked_fill(later, -torch.inf).softmax(-1) @ x


def _positions(m, x):
    places = torch.arange(x.shape[1])[:, None] * torch.exp(torch.arange(0, 6, 2) * -0.5)[None]
    return x + torch.cat([places.sin(), places.cos()], -1)


def _merged(m, x):
    n, t, d = x.shape
    return x.view(n * t, d).view(n, t * 2, 3).transpose(1, 2).reshape(3 * n, -1)


def _last(m, x):
    return x[:, -1] + x[:, : x.shape[1] - 1].sum(1) / x.shape[1]


def _places(x):
    return torch.arange(x.shape[0])[:, None], torch.arange(x.shape[1])


def _whole(m, x):
    return x[_places(x)]


def _before(m, x):
    batch, time = _places(x)
    return x[batch, time - 1] + x[batch.flip(0), time]


def _repeated(m, x):
    return x.repeat(1, x.shape[1], 2)


FUNCTIONS = [_causal, _positions, _merged, _last, _whole, _before, _repeated]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_open_length_stays_open(function):
    found = assert_same(Network(function), "x=float32[N,T,6]")
    assert found.graph.inputs["x"].shape == ("N", "T", 6)


def test_a_value_indexed_by_all_of_its_places_is_itself():
    found = assert_same(Network(_whole), "x=float32[N,T,6]")
    assert "Take" not in ops_of(found)


def test_an_index_that_cannot_be_negative_is_used_as_it_is():
    table = lambda m, x, i: m.fc(x) + m.table[i]

    class Lookup(Network):
        def forward(self, x: Tensor, i: Tensor) -> object:
            return table(self, x, i)

    bounded = assert_same(Lookup(table), "x=float32[N,6]", "i=int64[N]<6")
    free = imported(Lookup(table), "x=float32[N,6]", "i=int64[N]")
    assert "Where" not in ops_of(bounded)
    assert "Where" in ops_of(free)


def test_a_padded_convolution_may_change_an_open_length():
    class Causal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(3, 3, 3, padding=4, dilation=2)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x)[..., :-4]

    assert_same(Causal(), "x=float32[N,3,T]")


def test_a_size_that_the_network_fixes_cannot_be_left_open():
    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.zeros(7, 6))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.table

    with pytest.raises(UsageError, match="'T' of input 'x' cannot be left open"):
        imported(Fixed(), "x=float32[N,T,6]")


def test_sizes_that_must_be_equal_need_one_name():
    class Sum(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a + b

    with pytest.raises(UsageError):
        imported(Sum(), "a=float32[N,S]", "b=float32[N,T]")
    assert_same(Sum(), "a=float32[N,T]", "b=float32[N,T]")


def test_a_size_that_is_divided_by_its_own_factor_is_a_polynomial():
    def square(m, x):
        return F.linear(x[:, None] * x, torch.ones(6, 6))  # [N, (N * N) // N, 6]

    found = imported(Network(square), "x=float32[N,6]")
    assert found.graph.type_of(found.graph.outputs[0]).shape == ("N", "N", 6)


def test_a_size_that_is_no_polynomial_is_refused():
    with pytest.raises(UsageError) as caught:
        imported(Network(lambda m, x: x[:, ::2]), "x=float32[N,T,6]")
    assert "T" in str(caught.value)


def test_a_number_computed_from_an_open_size_is_refused_and_never_a_constant():
    with pytest.raises(UsageError, match="left open"):
        imported(Network(lambda m, x: x * x.shape[1] ** -0.5), "x=float32[N,T,6]")


def test_a_branch_on_values_is_refused_with_its_line(capsys):
    def function(m, x):
        if x.sum() > 0:
            return x
        return -x

    with pytest.raises(UsageError, match="values of its inputs") as caught:
        imported(Network(function))
    assert "test_torch_importer_sizes.py:" in str(caught.value)
    assert capsys.readouterr().err == ""


def test_a_misspelt_layer_is_no_matter_of_the_inputs():
    with pytest.raises(UsageError, match=r"forward raised AttributeError: .*'fcc'") as caught:
        imported(Network(lambda m, x: m.fcc(x)))
    assert "test_torch_importer_sizes.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (("y=float32[N,4,6]", "z=float32[N]"), "takes x"),
        ((), '--input "x=float32'),
        (("x=float32[N,4,5]",), "cannot be called"),
        (("x=int64[N,4,6]",), "floating-point"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, words):
    specs = {spec.name: spec for spec in map(parse_input, inputs)}
    with pytest.raises(UsageError, match=words):
        import_module(Network(lambda m, x: x), specs)


def test_an_optional_input_in_the_middle_cannot_be_left_out():
    class Optional(nn.Module):
        def forward(self, a: Tensor, b: Tensor | None = None, c: Tensor | None = None) -> Tensor:
            return a if c is None else a + c

    imported(Optional(), "a=float32[N,4]")
    with pytest.raises(UsageError, match="'b' is left out"):
        imported(Optional(), "a=float32[N,4]", "c=float32[N,4]")


def test_the_name_of_a_single_input_is_free():
    found = assert_same(nn.Sequential(nn.Linear(6, 2)), "rows=float32[N,6]")
    assert list(found.graph.inputs) == ["rows"]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (torch.zeros(2), "not an nn.Module"),
        (nn.LazyLinear(3), "not initialised"),
        (nn.Linear(6, 2).double(), "float64"),
        (nn.Linear(6, 2).half(), "float16"),
        (nn.BatchNorm1d(4, momentum=None), "momentum"),
    ],
)
def test_a_module_that_cannot_be_held_is_refused(module, words):
    with pytest.raises(UsageError, match=words):
        imported(module)


def test_an_unknown_op_is_refused_with_the_way_to_add_it():
    with pytest.raises(UsageError, match=r"aten\.topk") as caught:
        imported(Network(lambda m, x: x.topk(2)[0]))
    assert "CONTRIBUTING.md" in str(caught.value)
    assert "originals.py:" in str(caught.value)


def test_a_stored_program_is_read_without_its_code(tmp_path):
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
    batch = torch.export.Dim("batch", min=2)
    program = torch.export.export(
        module.eval(), (torch.zeros(3, 3, 5, 5),), dynamic_shapes=({0: batch},)
    )
    path = tmp_path / "net.pt2"
    torch.export.save(program, path)
    found = import_exported(path)
    (kind,) = found.graph.inputs.values()
    assert kind.shape == ("N", 3, 5, 5)
    assert [type(node.op).__name__ for node in found.graph.nodes] == [
        "Conv",
        "BatchNorm",
        "ReLU",
        "Flatten",
    ]


def test_a_file_that_is_no_program_is_refused(tmp_path):
    path = tmp_path / "net.pt2"
    path.write_bytes(b"nothing")
    with pytest.raises(UsageError, match="no exported program"):
        import_exported(path)


def test_float64_tables_are_constants_of_the_precision_in_which_the_network_runs():
    def function(m, x):
        angles = torch.outer(torch.arange(x.shape[1], dtype=m.rates.dtype), m.rates)
        return x * angles.cos().to(x.dtype)

    module = Network(function)
    module.register_buffer("rates", 10000.0 ** -(torch.arange(6, dtype=torch.float64) / 6))
    found = assert_same(module, "x=float32[N,T,6]")
    assert found.weights["rates"].dtype == "float64"


def test_padding_of_an_open_length_adds_to_it():
    found = assert_same(Network(lambda m, x: F.pad(x, (0, 0, 2, 1))), "x=float32[N,T,6]")
    assert found.graph.type_of(found.graph.outputs[0]).shape == ("N", "T+3", 6)
