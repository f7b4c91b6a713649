"""Every PyTorch network of the corpus runs, at any batch size, and trains all of its parameters."""

import pytest
import specs
import torch
from torch import Tensor

import torch_networks
from torch_networks import NETWORKS, TorchNetwork

PARAMETERS = [pytest.param(network, id=name) for name, network in NETWORKS.items()]

# nn.Transformer asks for nested tensors by default and then says that pre-norm has none.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")


def batch(network: TorchNetwork, rows: int) -> list[Tensor]:
    arrays = specs.sample(network.inputs, {"N": rows, "T": 12, "S": 9})
    return [torch.from_numpy(array) for array in arrays.values()]


def tensors(output: object) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    assert isinstance(output, tuple | dict)
    return list(output.values()) if isinstance(output, dict) else list(output)


def test_no_network_hides_another_of_the_same_name() -> None:
    names = [network.name for family in torch_networks._FAMILIES for network in family]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("network", PARAMETERS)
@pytest.mark.parametrize("rows", [1, 3])
def test_every_row_has_an_output_of_finite_numbers(network: TorchNetwork, rows: int) -> None:
    torch.manual_seed(0)
    module = network.build().double().eval()
    for output in tensors(module(*batch(network, rows))):
        assert output.shape[0] == rows
        assert output.dtype == torch.float64
        assert output.isfinite().all()


@pytest.mark.parametrize("network", PARAMETERS)
def test_every_parameter_has_a_gradient(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    module = network.build().double().eval()
    # The sum of squares: a plain sum has no gradient through a softmax or a last norm.
    sum(output.square().sum() for output in tensors(module(*batch(network, 3)))).backward()
    assert [name for name, p in module.named_parameters() if p.grad is None] == []
    # A bias before a norm, or of attention's keys, cancels out: its true gradient is zero.
    still = [name for name, p in module.named_parameters() if not p.grad.any()]
    assert [name for name in still if not name.endswith("bias")] == []


@pytest.mark.parametrize("network", PARAMETERS)
def test_a_training_step_in_training_mode_is_finite(network: TorchNetwork) -> None:
    torch.manual_seed(0)
    module = network.build().double().train()
    loss = sum(output.square().mean() for output in tensors(module(*batch(network, 3))))
    loss.backward()
    assert loss.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in module.parameters())
