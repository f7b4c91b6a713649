"""PyTorch with several workers: its engines, and the commands that start them.

Sources: the documentation of ``torch.distributed`` and of ``torchrun``.
"""

from __future__ import annotations

from pathlib import Path

from isograd.scaling.engine import Command, Engine, Task

SCRIPTS = Path(__file__).parent / "workers"

SETTINGS = {
    "OMP_NUM_THREADS": "1",
    # Workers that are started again must not find the addresses of those that are gone: with one
    # store for all attempts they do (PyTorch 2.13).
    "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
}

RECOVERY = (
    "torchrun notices a dead worker, ends the others and starts all of them again, up to "
    "--max-restarts times; the script goes on from its last checkpoint"
)

ENGINES = (
    Engine(
        "ddp",
        "DistributedDataParallel",
        RECOVERY,
        restarts_itself=True,
        crossings=2,  # gloo: the receiver says that it is ready, the sender sends
        statistics="every worker normalises by its own share; running statistics are the first "
        "worker's, which DistributedDataParallel hands to the others before each step",
    ),
    Engine(
        "fsdp",
        "FSDP2 (fully_shard)",
        RECOVERY,
        restarts_itself=True,
        unmodelled="It sums no gradients in one piece: the weights of each module are gathered for "
        "both passes, and its gradients are scattered.",
        statistics="every worker normalises by its own share, and keeps running statistics of its "
        "own; the first worker's are saved",
    ),
)


def commands(task: Task) -> list[Command]:
    """One for each host: torchrun starts the workers of its own."""
    script = [str(task.folder / task.script), "--engine", task.engine, *task.arguments]
    restarts = ["--max-restarts", str(task.restarts)]
    if not task.hosts:
        here = ["--standalone", "--nproc-per-node", str(task.workers), *restarts]
        return [Command(("torchrun", *here, *script), {**SETTINGS, "GLOO_SOCKET_IFNAME": "lo"})]
    interface = {"GLOO_SOCKET_IFNAME": task.interface} if task.interface else {}
    return [
        Command(
            (
                "torchrun",
                *("--nnodes", str(len(task.hosts)), "--nproc-per-node", "1"),
                *("--rdzv-backend", "c10d", "--rdzv-id", "isograd"),
                *("--rdzv-endpoint", f"{task.hosts[0]}:{task.port}"),
                # Said, not guessed: torchrun compares names, and a host may have several.
                *("--rdzv-conf", f"is_host={int(host == task.hosts[0])}", "--local-addr", host),
                *restarts,
                *script,
            ),
            {**SETTINGS, **interface},
            host,
        )
        for host in task.hosts
    ]


def slurm(task: Task) -> str:
    """A batch script: Slurm starts one torchrun on each node."""
    script = [str(task.folder / task.script), "--engine", task.engine, *task.arguments]
    return f"""#!/bin/bash
#SBATCH --nodes={task.workers}
#SBATCH --ntasks-per-node=1
export OMP_NUM_THREADS=1 TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun torchrun --nnodes {task.workers} --nproc-per-node 1 \\
  --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" --rdzv-endpoint "$first:{task.port}" \\
  --max-restarts {task.restarts} \\
  {" ".join(script)}
"""
