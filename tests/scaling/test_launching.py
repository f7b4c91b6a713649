"""Processes of a job: how they are started, and what is said when one dies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from isograd.errors import UsageError, WorkerError
from isograd.frameworks import ENGINES, part
from isograd.run.scale import chosen
from isograd.scaling.engine import Command, Task, shell_script
from isograd.scaling.job import read_lines
from isograd.scaling.launch import run

JOB = Path("/job")


def python(source: str, **environment: str) -> Command:
    return Command((sys.executable, "-c", source), environment)


def test_all_have_to_end_well(tmp_path):
    run([python("pass"), python("print('done')")], tmp_path, timeout_s=30)
    assert "done" in (tmp_path / "process-1.log").read_text()


def test_one_that_fails_is_named_with_its_own_words_and_the_others_are_ended(tmp_path):
    waiting = python("import time; time.sleep(60)")
    failing = python("raise ValueError('no such shape')")
    with pytest.raises(WorkerError, match=r"Worker 1 ended with code 1: ValueError: no such shape"):
        run([waiting, failing], tmp_path, timeout_s=30)


def test_one_that_is_killed_is_named_with_the_signal(tmp_path):
    killed = python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(WorkerError, match=r"Worker 0 was killed \(SIGKILL\)"):
        run([killed, python("import time; time.sleep(60)")], tmp_path, timeout_s=30)


def test_all_are_started_again_as_often_as_is_allowed(tmp_path):
    source = f"""
from pathlib import Path
mark = Path({str(tmp_path / "tried")!r})
tried = int(mark.read_text()) if mark.exists() else 0
mark.write_text(str(tried + 1))
raise SystemExit(tried < 2)
"""
    failures: list[WorkerError] = []
    run([python(source)], tmp_path, timeout_s=30, restarts=2, on_failure=failures.append)
    assert len(failures) == 2
    (tmp_path / "tried").unlink()
    with pytest.raises(WorkerError):
        run([python(source)], tmp_path, timeout_s=30, restarts=1)


def test_what_takes_too_long_is_ended(tmp_path):
    with pytest.raises(WorkerError, match=r"longer than 0\.3 s"):
        run([python("import time; time.sleep(60)")], tmp_path, timeout_s=0.3)


def test_torchrun_starts_the_workers_of_one_machine():
    (command,) = part("torch", "scale").commands(Task("ddp", 4, JOB, "train.py", restarts=2))
    assert str(command).startswith("OMP_NUM_THREADS=1 ")
    assert " GLOO_SOCKET_IFNAME=lo torchrun --standalone " in str(command)
    assert "--nproc-per-node 4 --max-restarts 2 /job/train.py --engine ddp" in str(command)


def test_torchrun_meets_at_the_first_of_several_hosts():
    commands = part("torch", "scale").commands(Task("ddp", 2, JOB, "train.py", hosts=("a", "b")))
    assert [command.host for command in commands] == ["a", "b"]
    assert all("--rdzv-endpoint a:29400" in str(command) for command in commands)
    assert ["is_host=1" in str(command) for command in commands] == [True, False]


def test_every_worker_of_tensorflow_knows_all_and_its_own_place():
    task = Task("multiworker", 2, JOB, "train.py", hosts=("a", "b"), port=2222)
    for index, command in enumerate(part("tensorflow", "scale").commands(task)):
        config = json.loads(command.environment["TF_CONFIG"])
        assert config["cluster"] == {"worker": ["a:2222", "b:2222"]}
        assert config["task"] == {"type": "worker", "index": index}


def test_replicas_of_one_process_take_one_command():
    (command,) = part("tensorflow", "scale").commands(Task("mirrored", 3, JOB, "train.py"))
    assert "--engine mirrored --workers 3" in str(command)


def test_a_script_for_one_machine_waits_for_all():
    assert shell_script([python("a")]).count("&") == 0
    assert shell_script([python("a"), python("b")]).endswith("&\nwait\n")


@pytest.mark.parametrize("framework", ENGINES)
def test_the_engines_of_the_registry_are_those_of_the_frameworks(framework):
    assert tuple(one.name for one in part(framework, "scale").ENGINES) == ENGINES[framework]


def test_an_unknown_engine_is_refused_with_a_name_that_is_near():
    with pytest.raises(UsageError, match="Unknown engine 'multiworkers'") as raised:
        chosen(["multiworkers"])
    assert "multiworker" in str(raised.value)


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path):
    (tmp_path / "losses.jsonl").write_text('{"step": 0}\n{"step": 1}\n{"st')
    assert read_lines(tmp_path / "losses.jsonl") == [{"step": 0}, {"step": 1}]


@pytest.mark.parametrize(
    ("framework", "engine", "said"),
    [
        (
            "tensorflow",
            "multiworker",
            '{"cluster": {"worker": ["node1:29400","node2:29400"]}, '
            '  "task": {"type": "worker", "index": 1}}',
        ),
        ("torch", "ddp", "--rdzv-id 7 --rdzv-endpoint node1:29400"),
    ],
)
def test_slurms_script_tells_every_node_its_place(tmp_path, framework, engine, said):
    """Slurm's own programs are replaced by scripts that do what they would on the second node."""
    task = Task(engine, 2, JOB, "train.py", ("--out", "/job/out"))
    programs = {
        "scontrol": "printf 'node1\\nnode2\\n'",
        "srun": 'exec "$@"',
        "python": 'echo "$TF_CONFIG" "$@"',
        "torchrun": 'echo "$@"',
    }
    for name, source in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{source}\n")
        (tmp_path / name).chmod(0o755)
    slurm = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_PROCID": "1", "SLURM_JOB_ID": "7"}
    done = subprocess.run(
        ["bash", "-c", part(framework, "scale").slurm(task)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **slurm},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said in done.stdout
    assert f"/job/train.py --engine {engine} --out /job/out" in done.stdout
