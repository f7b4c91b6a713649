"""TensorFlow with several workers: its engines, and the commands that start them.

Sources: the documentation of ``tf.distribute`` and of TF_CONFIG.
"""

from __future__ import annotations

import json
from pathlib import Path

from isograd.scaling.engine import Command, Engine, Task

SCRIPTS = Path(__file__).parent / "workers"

QUIET = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}

STATISTICS = (
    "every replica normalises by its own share, and keeps running statistics of its own; the first "
    "one's are saved"
)

ENGINES = (
    Engine(
        "multiworker",
        "MultiWorkerMirroredStrategy",
        "TensorFlow ends no worker when another one dies, and starts none again: isograd ends them "
        "and starts the job again, and the script goes on from its last checkpoint",
        crossings=2,  # gRPC: the receiver asks, the sender answers
        statistics=STATISTICS,
    ),
    Engine(
        "mirrored",
        "MirroredStrategy",
        "all replicas live in one process and die with it: isograd starts the job again, and the "
        "script goes on from its last checkpoint",
        hosts=False,
        unmodelled="Its replicas share one process and its memory: nothing goes around a ring, or "
        "over a link.",
        statistics=STATISTICS,
    ),
)


def commands(task: Task) -> list[Command]:
    """One for each worker, which finds the others through TF_CONFIG."""
    script = [task.python, str(task.folder / task.script), "--engine", task.engine]
    if task.engine == "mirrored":
        return [Command((*script, "--workers", str(task.workers), *task.arguments), QUIET)]
    words = (*script, *task.arguments)
    if task.workers == 1:
        return [Command(words, QUIET)]
    here = [f"127.0.0.1:{task.port + index}" for index in range(task.workers)]
    there = [f"{host}:{task.port}" for host in task.hosts]
    cluster = {"worker": there or here}
    return [
        Command(
            words,
            {
                **QUIET,
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": "worker", "index": index}}
                ),
            },
            task.hosts[index] if task.hosts else "",
        )
        for index in range(task.workers)
    ]


def slurm(task: Task) -> str:
    """A batch script: every node finds its place in TF_CONFIG from what Slurm tells it."""
    script = [str(task.folder / task.script), "--engine", task.engine, *task.arguments]
    return f"""#!/bin/bash
#SBATCH --nodes={task.workers}
#SBATCH --ntasks-per-node=1
export KERAS_BACKEND=tensorflow
workers=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed 's/.*/"&:{task.port}"/' | paste -sd,)
export workers
srun bash -c 'export TF_CONFIG="{{\\"cluster\\": {{\\"worker\\": [$workers]}}, \\
  \\"task\\": {{\\"type\\": \\"worker\\", \\"index\\": $SLURM_PROCID}}}}"; \\
  python {" ".join(script)}'
"""
