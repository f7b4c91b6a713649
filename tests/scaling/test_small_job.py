"""Two workers really train. Everything that takes longer is in tests/sweeps."""

from __future__ import annotations

from jobs import bench, without_torchrun

from isograd.scaling.job import read_trained
from isograd.scaling.launch import run
from isograd.scaling.trajectories import hold, verdict


def test_two_workers_with_unequal_shares_train_as_one_does(tmp_path):
    ddp = bench("ddp", tmp_path)
    starts = ("--weights", *map(str, ddp.starts()))
    alone = without_torchrun(ddp.commands(1, tmp_path / "one", *starts), 1)
    together = without_torchrun(ddp.commands(2, tmp_path / "two"), 2)
    run(alone, tmp_path / "one", timeout_s=300)
    run(together, tmp_path / "two", timeout_s=300)
    reference, *disturbed = (
        read_trained(ddp.job, tmp_path / "one" / path.stem) for path in ddp.starts()
    )
    stages = hold(read_trained(ddp.job, tmp_path / "two"), reference, disturbed)
    assert verdict(stages) == "equivalent", stages
