"""Several workers, really: faults are seen, a worker that is killed costs nothing but time, and two
hosts are two hosts. Hosts are network namespaces, which takes root.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from isograd.run.scale import prepare, scale
from isograd.scaling.job import read_lines, read_trained
from isograd.scaling.launch import Launch, run
from isograd.scaling.record import Scaling
from isograd.scaling.request import Request
from isograd.scaling.trajectories import hold, verdict
from isograd.training import SGD, Adam, Recipe
from links import two_hosts, why_not

sys.path.insert(0, str(Path(__file__).parent.parent / "scaling"))
from jobs import FRAMEWORKS, Bench, bench

SMALL = Recipe("binary_cross_entropy", SGD(), batch_size=15)

FAULTS = {
    ("ddp", "summed instead of averaged"): (
        "self.targets[rows]) * weight",
        "self.targets[rows]) * weight * self.workers",
    ),
    ("multiworker", "summed instead of averaged"): (
        "tf.gather(self.targets, rows)) * weight",
        "tf.gather(self.targets, rows)) * weight * self.workers",
    ),
    ("ddp", "the same share for all"): ("batch[self.rank ::", "batch[0 ::"),
    ("multiworker", "the same share for all"): (
        "batch[context.replica_id_in_sync_group ::",
        "batch[0 ::",
    ),
    ("ddp", "unequal shares that count alike"): ("len(rows) * self.workers / whole", "1.0"),
}


@pytest.mark.parametrize("engine", ["ddp", "fsdp", "multiworker", "mirrored"])
def test_two_workers_train_as_one_and_the_record_says_so(tmp_path, engine):
    recipe = Recipe("binary_cross_entropy", Adam(), batch_size=15)
    request = Request(recipe, "breast-cancer", engines=(engine,), steps=6, rounds=2, round_s=0.01)
    found, folder = scale("bce-mlp", request, out=tmp_path / "run")
    (result,) = found.engines
    assert result.reason == ""
    held = result.runs[1].trajectory
    assert held is not None
    assert held.verdict == "equivalent", held.stages
    assert result.runs[1].communication is not None
    assert found.exit_code == 0
    assert Scaling.read(folder / "scaling.json") == found


@pytest.mark.parametrize("engine", ["ddp", "fsdp", "multiworker", "mirrored"])
def test_four_workers_have_a_whole_batch_each_where_that_is_asked_for(tmp_path, engine):
    request = Request(
        SMALL,
        "breast-cancer",
        workers=(1, 2, 4),
        engines=(engine,),
        steps=2,  # fewer examples than one timed step of four workers has
        weak=True,
        rounds=2,
        round_s=0.01,
    )
    found, _ = scale("bce-mlp", request, out=tmp_path / "run")
    (result,) = found.engines
    assert result.reason == ""
    assert [run.batch for run in result.runs] == [15, 30, 60]
    assert all(run.step_us and run.examples_per_s for run in result.runs)
    assert bool(result.unpredicted) == (result.forecast is None)
    assert found.exit_code == 0


@pytest.mark.parametrize(("engine", "fault"), FAULTS)
def test_a_fault_is_seen(tmp_path, engine, fault):
    planted = bench(engine, tmp_path)
    reference, disturbed = planted.reference(tmp_path / "one")
    planted.change(*FAULTS[engine, fault])
    found = planted.train(2, tmp_path / "two")
    assert verdict(hold(found, reference, disturbed)) == "different"


@pytest.mark.parametrize("engine", ["ddp", "multiworker"])
def test_statistics_of_each_worker_are_named_and_mended(tmp_path, engine):
    recipe = Recipe("cross_entropy", SGD(), batch_size=16)
    request = Request(recipe, "digits", engines=(engine,), steps=5, rounds=2, round_s=0.01)
    found, _ = scale("cnn-bn", request, out=tmp_path / "run")
    held = found.engines[0].runs[1].trajectory
    assert held is not None, found.engines
    assert (held.verdict, held.mended) == ("different", "equivalent")
    assert held.reasons[0].startswith("Batch normalisation")
    assert found.exit_code == 1


@pytest.mark.parametrize("engine", ["ddp", "fsdp", "multiworker", "mirrored"])
@pytest.mark.parametrize("rule", [SGD(), Adam()], ids=["sgd", "adam"])
def test_a_killed_worker_costs_time_alone(tmp_path, engine, rule):
    job = bench(engine, tmp_path, steps=800, rule=rule)
    whole = job.train(2, tmp_path / "whole")
    broken = tmp_path / "broken"
    checkpoints = ("--checkpoint-every", "20")
    _kill_one(job, broken, checkpoints)
    if FRAMEWORKS[engine] != "torch":  # torchrun has started the workers again by itself
        run(job.commands(2, broken, *checkpoints), broken / "logs", timeout_s=300)
    found = read_trained(job.job, broken)
    assert len(found.starts) == 2
    assert found.starts[1] > 0
    assert found.starts[1] % 20 == 0
    assert found.losses == whole.losses
    for name, array in whole.weights.items():
        assert (array == found.weights[name]).all()


def _kill_one(job: Bench, out: Path, arguments: tuple[str, ...]) -> None:
    """Kills the last worker once there is a checkpoint."""
    launch = Launch(job.commands(2, out, *arguments, restarts=1), out / "logs").start()
    end = time.monotonic() + 200
    while len(read_lines(out / "losses.jsonl")) < 45 and time.monotonic() < end:
        time.sleep(0.01)
    starters = [psutil.Process(process.pid) for process in launch.processes]
    every = [child for s in starters for child in (s, *s.children(recursive=True))]
    workers = [one for one in every if any(w.endswith("train.py") for w in one.cmdline()[:3])]
    os.kill(workers[-1].pid, signal.SIGKILL)
    if FRAMEWORKS[job.engine] == "torch":
        launch.wait(200)
    else:
        with pytest.raises(Exception, match=r"was killed \(SIGKILL\)"):
            launch.wait(200)


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize("engine", ["ddp", "multiworker"])
def test_two_hosts_train_as_one_worker_does(tmp_path, engine):
    here = bench(engine, tmp_path)
    reference, disturbed = here.reference(tmp_path / "one")
    with two_hosts() as hosts:
        request = Request(SMALL, "breast-cancer", engines=(engine,), steps=6)
        plans, folder = prepare(
            "bce-mlp", request, hosts.addresses, out=tmp_path / "two", interface=hosts.interface
        )
        commands = [
            type(c)((*c.words, "--dtype", "float64"), c.environment, c.host)
            for c in plans[engine].commands
        ]
        run(commands, folder / "logs", timeout_s=300, prefix=hosts.prefix)
        found = read_trained(here.job, folder / "runs" / f"{engine}-2")
    assert verdict(hold(found, reference, disturbed)) == "equivalent"


def test_the_printed_command_does_it_again(tmp_path):
    job = bench("multiworker", tmp_path)
    from isograd.scaling.engine import shell_script

    script = shell_script(job.commands(2, tmp_path / "again"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", script], check=True, env={**os.environ, "PATH": path}, timeout=300)
    assert len(read_trained(job.job, tmp_path / "again").losses) == 6
