"""Trains the network in model.py with several workers, in PyTorch.

    torchrun --standalone --nproc-per-node 2 train.py --engine ddp --out trained

What is trained, and how, is in job.json, beside this file. Every worker takes its share of each
batch; gradients are averaged, so that N workers do what one would do with the whole batch. A
training that was cut off goes on from its last checkpoint in ``--out``.
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

HERE = Path(__file__).parent
WHOLE = StateDictOptions(full_state_dict=True)


def parser() -> argparse.ArgumentParser:
    """What `measure.py` takes as well."""
    found = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    found.add_argument("--engine", choices=["ddp", "fsdp"], default="ddp")
    found.add_argument("--out", type=Path, required=True, help="folder of the results")
    found.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    found.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    found.add_argument("--sync-batchnorm", action="store_true", help="statistics of all workers")
    found.add_argument("--no-dropout", action="store_true")
    return found


class Trainer:
    """One worker's part of a training."""

    def __init__(self, options: argparse.Namespace, weights: Path, *, alone: bool = False) -> None:
        """``alone``: without the other workers, which then do not know of it."""
        self.job: dict[str, Any] = json.loads((HERE / "job.json").read_text())
        self.rank, self.workers = dist.get_rank(), dist.get_world_size()
        self.device = _device(options.device)
        self.dtype = getattr(torch, options.dtype)
        torch.set_default_dtype(self.dtype)
        network = self._network(options, weights)
        self.model = network if alone else _distributed(network, options.engine, self.device)
        self.optimizer = OPTIMIZERS[self.job["optimizer"]["name"]](
            self.model.parameters(), self.job["optimizer"]
        )
        self.loss = LOSSES[self.job["loss"]]
        self._load_data()

    def _network(self, options: argparse.Namespace, weights: Path) -> nn.Module:
        network: nn.Module = getattr(importlib.import_module("model"), self.job["class"])()
        network.load_state_dict(load_file(weights))
        if options.sync_batchnorm:
            from synchronised import synchronise

            network = synchronise(network)
        for module in network.modules():
            if options.no_dropout and isinstance(module, nn.modules.dropout._DropoutNd):
                module.p = 0.0
        return network.to(self.device, self.dtype).train()

    def _load_data(self) -> None:
        data = load_file(HERE / "data.safetensors", device=str(self.device))
        inputs, targets = data["inputs"], data["targets"]
        self.inputs = inputs.to(self.dtype) if inputs.is_floating_point() else inputs
        self.targets = targets.to(self.dtype) if targets.is_floating_point() else targets
        self.order = data["order"]

    def share(self, batch: Tensor) -> Tensor:
        """The examples of a batch that are this worker's."""
        return batch[self.rank :: self.workers]

    def step(self, rows: Tensor, whole: int) -> Tensor:
        """One training step on these examples, out of a batch of ``whole``. Returns the loss of
        this worker, weighted so that the mean over all workers is the loss of the batch: shares
        need not be of one size."""
        weight = len(rows) * self.workers / whole
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(self.inputs[rows]), self.targets[rows]) * weight
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def train(self, out: Path, checkpoint_every: int) -> None:
        """All steps, from the last checkpoint on."""
        first = self.resume(out)
        if self.rank == 0:
            _append(out / "starts.jsonl", {"from": first, "workers": self.workers})
        for number in range(first, len(self.order)):
            # Drawn anew for each step, so that a training that is resumed drops the same values.
            torch.manual_seed(number * self.workers + self.rank)
            batch = self.order[number]
            loss = self.step(self.share(batch), len(batch))
            dist.all_reduce(loss)
            if self.rank == 0:
                value = loss.item() / self.workers
                _append(out / "losses.jsonl", {"step": number, "loss": value})
            if checkpoint_every and (number + 1) % checkpoint_every == 0:
                self.save(out / "checkpoint.safetensors", number + 1)
        self.save(out / "final.safetensors", len(self.order))

    def save(self, path: Path, step: int) -> None:
        """Weights and the optimizer's state; complete, or not there at all."""
        model, optimizer = self._state()
        if self.rank:
            return
        tensors = {f"model/{name}": tensor for name, tensor in model.items()}
        for name, state in optimizer["state"].items():
            tensors |= {f"optimizer/{slot}/{name}": value for slot, value in state.items()}
        unfinished = path.with_suffix(".unfinished")
        kept = {name: t.detach().clone().contiguous() for name, t in tensors.items()}
        save_file(kept, unfinished, {"step": str(step)})
        unfinished.replace(path)

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of the network and of the optimizer, whole, by the network's own names."""
        found: tuple[Any, Any] = get_state_dict(self.model, self.optimizer, options=WHOLE)
        return found

    def resume(self, out: Path) -> int:
        """Goes on where the last checkpoint was written. Returns how many steps are done."""
        path = out / "checkpoint.safetensors"
        if not path.exists():
            return 0
        network: dict[str, Any] = {}
        state: dict[str, dict[str, Tensor]] = {}
        for name, tensor in load_file(path).items():
            kind, _, rest = name.partition("/")
            slot, _, parameter = rest.partition("/")
            if kind == "model":
                network[rest] = tensor
            else:
                state.setdefault(parameter, {})[slot] = tensor
        set_model_state_dict(self.model, network, options=WHOLE)
        if state:  # there is none of plain gradient descent
            whole: Any = {"state": state, "param_groups": self._state()[1]["param_groups"]}
            set_optimizer_state_dict(self.model, self.optimizer, whole, options=WHOLE)
        with safe_open(path, "pt") as file:
            return int(file.metadata()["step"])


def _distributed(network: nn.Module, engine: str, device: torch.device) -> nn.Module:
    if engine == "ddp":
        return DistributedDataParallel(network)
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    for module in network.children():
        if any(True for _ in module.parameters()):
            fully_shard(module, mesh=mesh)
    fully_shard(network, mesh=mesh)
    return network


def _device(kind: str) -> torch.device:
    return (
        torch.device(kind, int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device(kind)
    )


def _append(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """PyTorch's own wants the classes on axis 1, not on the last."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten())


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": nn.functional.binary_cross_entropy_with_logits,
    "mean_squared_error": nn.functional.mse_loss,
}

OPTIMIZERS: dict[str, Callable[[Any, dict[str, Any]], torch.optim.Optimizer]] = {
    "sgd": lambda parameters, of: torch.optim.SGD(
        parameters, lr=of["learning_rate"], momentum=of["momentum"], nesterov=of["nesterov"]
    ),
    "adam": lambda parameters, of: torch.optim.Adam(
        parameters, lr=of["learning_rate"], betas=(of["beta_1"], of["beta_2"]), eps=of["epsilon"]
    ),
    "adamw": lambda parameters, of: torch.optim.AdamW(
        parameters,
        lr=of["learning_rate"],
        betas=(of["beta_1"], of["beta_2"]),
        eps=of["epsilon"],
        weight_decay=of["weight_decay"],
    ),
    "rmsprop": lambda parameters, of: torch.optim.RMSprop(
        parameters,
        lr=of["learning_rate"],
        alpha=of["rho"],
        eps=of["epsilon"],
        momentum=of["momentum"],
    ),
}


@contextlib.contextmanager
def workers(device: str) -> Iterator[None]:
    """The process group of all workers, one thread each."""
    torch.set_num_threads(1)
    if device == "cuda":
        torch.cuda.set_device(_device(device))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield
    finally:
        gc.collect()  # networks must be gone before the group that they talk through is
        dist.destroy_process_group()


def main() -> None:
    arguments = parser()
    arguments.add_argument(
        "--weights", type=Path, nargs="+", default=[HERE / "weights.safetensors"]
    )
    arguments.add_argument("--checkpoint-every", type=int, default=0, metavar="STEPS")
    options = arguments.parse_args()
    with workers(options.device):
        for weights in options.weights:
            out = options.out if len(options.weights) == 1 else options.out / weights.stem
            Trainer(options, weights).train(out, options.checkpoint_every)


if __name__ == "__main__":
    main()
