"""Inductor's kernels are read from the program that it generates for a whole training step."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from subjects import BATCH, NETWORKS, Looked, assert_whole, look

from isograd.frameworks.torch.views import capture
from isograd.frameworks.torch.views.generating import Generated, generate
from isograd.frameworks.torch.views.inductor import described
from isograd.frameworks.torch.views.launches import Launch, read_program
from isograd.frameworks.torch.views.located import Locator
from isograd.training import SGD
from isograd.views import View

PROGRAM = """
cpp_fused_relu_0 = async_compile.cpp_pybinding(['const float*', 'float*', 'float*'], r'''
extern "C"  void  kernel(const float* in_ptr0,
                       float* out_ptr0,
                       float* in_out_ptr0)
''')
triton_poi_fused_add_1 = async_compile.triton('triton_poi_fused_add_1', '''
@triton.jit
def triton_poi_fused_add_1(in_out_ptr0, in_ptr0, xnumel, XBLOCK : tl.constexpr):
    pass
''', device_str='cuda')

class Runner:
    def call(self, args):
        arg0_1, arg1_1, arg2_1 = args
        args.clear()
        assert_size_stride(arg0_1, (8, 4), (4, 1), 'input')
        with torch.cuda._DeviceGuard(0):
            buf0 = empty_strided_cpu((8, 4), (4, 1), torch.float32)
            # [Provenance debug handles] extern_kernels.mm:1
            extern_kernels.mm(arg0_1, reinterpret_tensor(arg1_1, (4, 4), (1, 4), 0), out=buf0)
            buf1 = buf0; del buf0  # reuse
            buf2 = empty_strided_cpu((8, 4), (4, 1), torch.float32)
            # [Provenance debug handles] cpp_fused_relu_0:2
            cpp_fused_relu_0(arg0_1, buf2, buf1)
            # [Provenance debug handles] torch.ops.aten.sort.default:3
            buf3 = torch.ops.aten.sort.default(buf2)
            buf4 = buf3[0]
            assert_size_stride(buf4, (8, 4), (4, 1), 'torch.ops.aten.sort.default')
            buf5 = buf3[1]
            triton_poi_fused_add_1.run(buf1, buf4, 32, stream=stream0)
            aten.index_put_(arg2_1, [buf5], buf1, True)
        return (buf1, buf5, )
"""


@pytest.fixture(scope="module")
def mlp(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "mlp")


@pytest.fixture(scope="module", params=NETWORKS)
def network(
    request: pytest.FixtureRequest,
    looked: Callable[[str, str], Looked],
    tmp_path_factory: pytest.TempPathFactory,
) -> Looked:
    """The deep ones are trained by SGD: inductor takes long over the update of many parameters."""
    name = request.param
    if name == "mlp":
        return looked("torch", name)
    return look("torch", *NETWORKS[name], tmp_path_factory.mktemp(name), SGD())


@pytest.fixture(scope="module")
def generated(network: Looked) -> Generated:
    return generate(network.subject)


@pytest.fixture(scope="module")
def view(network: Looked, generated: Generated) -> View:
    return network.views.setdefault("inductor", described(generated, Locator(network.subject)))


of_the_mlp = pytest.mark.parametrize("network", ["mlp"], indirect=True)


def test_launches_are_read_with_what_they_read_and_write():
    program = read_program(PROGRAM)
    assert program.inputs == ("arg0_1", "arg1_1", "arg2_1")
    assert program.outputs == ("buf1", "buf5")
    assert program.launches == [
        Launch("extern_kernels.mm", "extern_kernels.mm:1", False, ("arg0_1", "arg1_1"), ("buf0",)),
        Launch(
            "cpp_fused_relu_0", "cpp_fused_relu_0:2", True, ("arg0_1", "buf1"), ("buf2", "buf1")
        ),
        Launch(
            "torch.ops.aten.sort.default",
            "torch.ops.aten.sort.default:3",
            False,
            ("buf2",),
            ("buf3",),
        ),
        Launch(
            "triton_poi_fused_add_1", "triton_poi_fused_add_1", True, ("buf1", "buf4"), ("buf1",)
        ),
        Launch(
            "aten.index_put_", "aten.index_put_", False, ("arg2_1", "buf5", "buf1"), ("arg2_1",)
        ),
    ]


def test_memory_that_is_used_again_and_one_of_several_results_have_other_names():
    program = read_program(PROGRAM)
    assert program.aliases == {"buf1": "buf0"}
    assert program.parts == {"buf4": ("buf3", 0), "buf5": ("buf3", 1)}


def test_a_program_without_a_call_is_none():
    with pytest.raises(ValueError, match="call"):
        read_program("x = 1")


def test_the_view_is_whole(network, view):
    assert view is network["inductor"]
    view.check()
    assert_whole(network, "inductor")


def test_every_kernel_that_the_program_launches_is_shown_in_its_order(generated, view):
    launched = re.findall(
        r"^ {8}(?:buf\d+ = )?((?:cpp_fused|extern_kernels\.|torch\.ops\.|aten\.)[\w.]+)\(",
        generated.code,
        re.MULTILINE,
    )
    shown = [o for o in view.operations if o.phase != "input"]
    assert [o.group or o.kind for o in shown] == launched
    figures = view.figures
    assert figures["kernels"] == len(launched) > 0
    assert figures["extern_kernels"] == sum("." in name for name in launched)
    fused = [name for name in launched if "." not in name]
    assert figures["fused_kernels"] == len(fused)
    assert len(set(fused)) == len(re.findall("async_compile.cpp_pybinding", generated.code))


def test_inductors_own_counts_are_kept(view, generated):
    assert view.figures["generated_kernels"] == generated.metrics["generated_kernel_count"] > 0
    assert view.figures["ir_nodes"] == generated.metrics["ir_nodes_pre_fusion"]
    assert view.figures["graph_breaks"] == 0


def test_every_operator_of_the_graph_is_in_a_kernel_or_moves_nothing(view, generated):
    """Views, and what is folded into constants, need no kernel."""
    fused = {name for names in generated.origins.values() for name in names}
    left = {
        node.name.rstrip("_0123456789")
        for node in generated.graph.nodes
        if node.op == "call_function" and node.name not in fused
    }
    views = {"getitem", "permute", "view", "unsqueeze", "squeeze", "unbind", "expand"}
    assert left <= views | {"full_default"}
    assert 0 < view.figures["fused_nodes"] <= len(fused)


@of_the_mlp
def test_matrix_products_belong_to_their_layers_in_both_directions(view):
    called = [o for o in view.operations if o.kind.startswith("extern_kernels.")]
    assert [(o.node, o.phase) for o in called if o.phase == "forward"] == [
        ("fc1", "forward"),
        ("fc2", "forward"),
    ]
    backward = sorted(o.node or "" for o in called if o.phase == "backward")
    assert backward == ["fc1", "fc2", "fc2"]  # the images need no gradient


@of_the_mlp
def test_a_fused_kernel_says_what_it_fuses_and_from_where(view):
    (kernel,) = (
        o
        for o in view.operations
        if "aten.where" in o.attributes.get("fuses", "")
        and "fc1.bias" in o.attributes.get("parameter", "")
    )
    assert "relu" in kernel.attributes["nodes"]
    assert set(kernel.attributes["phases"].split(", ")) >= {"backward", "update"}


def test_every_parameter_is_updated_by_a_kernel(view, network):
    updated = [
        name
        for operation in view.operations
        if operation.phase != "input"
        for name in operation.attributes.get("parameter", "").split(", ")
        if name
    ]
    assert sorted(updated) == sorted(network.subject.plan.trainable)


def test_kernels_read_what_was_made_before_them(view):
    made: set[str] = set()
    for operation in view.operations:
        assert {name for name, _ in operation.reads} <= made
        made.add(operation.name)


@of_the_mlp
def test_values_have_their_sizes(view):
    hidden = next(o for o in view.operations if o.kind == "extern_kernels.addmm")
    assert hidden.values[0].text == f"float32[{BATCH}, 128]"


def test_a_step_that_cannot_be_compiled_says_why(mlp):
    wrong = replace(mlp.subject, targets=mlp.subject.targets[:, None].repeat(3, 1).repeat(2, 0))
    view = capture("inductor", wrong)
    assert view.status == "partial"
    assert view.operations[-1].mark
