"""The command line: answers, messages and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

QUICK = ["-m", "torch/eager", "-m", "tensorflow/session"]


def isograd(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from isograd.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload]


def test_help_imports_no_framework_and_no_numerics() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['isograd', '--help']\n"
        "from isograd.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'tensorflow', 'keras', 'numpy', 'scipy', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "compare" in done.stdout


def test_the_version_is_that_of_the_package() -> None:
    assert isograd("--version").stdout.strip() == f"isograd {version('isograd')}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prove", "mnist-mlp", "--timeout", "nan"], "--timeout"),
        (["prove", "mnist-mlp", "--timeout", "inf"], "--timeout"),
        (["compare", "mnist-mpl"], "Did you mean 'mnist-mlp'"),
        (["report", "/nowhere/result.json"], "/nowhere"),
    ],
)
def test_bad_input_gets_one_clear_message(arguments: list[str], words: str) -> None:
    done = isograd(*arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_debug_shows_where_an_error_came_from() -> None:
    assert "Traceback" in isograd("prove", "lenett", "--debug").stderr


def test_the_zoo_is_listed() -> None:
    done = isograd("zoo")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("mnist-mlp", "lenet", "cnn-bn", "bce-mlp"))


def test_prove_prints_one_json_object() -> None:
    done = isograd("prove", "bce-mlp", "--json", "-m", "torch/eager", "-m", "torch/jit")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "equivalent"
    assert found["parameters"] == 30 * 16 + 16 + 16 + 1
    for stage in found["stages"]:
        assert {"name", "verdict", "max_abs", "max_rel", "envelope"} <= stage.keys()


def test_idiomatic_optimizers_are_different_and_say_so() -> None:
    done = isograd("prove", "bce-mlp", "--idiomatic", *QUICK)
    assert done.returncode == 1
    assert "declared difference  adam-epsilon-form" in done.stdout


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "first"
    settings = ["--epochs", "3", "--seeds", "2", "--measure", "0", "--out", str(out)]
    done = isograd("compare", "bce-mlp", *QUICK, *settings)
    assert done.returncode == 0, done.stderr
    assert "quivalent" in done.stdout
    return out


def test_compare_writes_its_result_and_pages(compared: Path) -> None:
    result = json.loads((compared / "result.json").read_text())
    assert result["schema"] == "isograd/result/1"
    assert result["status"] == "complete"
    assert [mode["status"] for mode in result["modes"]] == ["ok", "ok"]
    for mode in result["modes"]:
        assert mode["step_us"]["low"] <= mode["step_us"]["median"] <= mode["step_us"]["high"]
        assert mode["samples"]
        assert len(mode["curves"]) == 2
        assert mode["peak_memory_mb"] > 50
        assert mode["first_call_s"] > 0
        assert mode["import_s"] > 0
    assert result["noise_floor"]["pairs"]
    assert {"a", "b", "ratio", "low", "high", "verdict"} <= result["comparisons"][0].keys()
    assert all(one["verdict"] == "equivalent" for one in result["agreement"])
    assert {row["tensor"] for row in result["derivatives"]} >= {"outputs", "fc1.weight"}
    assert "<html" in (compared / "report.html").read_text()
    assert (compared / "report.md").exists()
    assert (compared / "tensorflow" / "model.py").exists()


def test_an_existing_result_is_never_overwritten(compared: Path) -> None:
    before = (compared / "result.json").read_bytes()
    done = isograd("compare", "bce-mlp", *QUICK, "--out", str(compared))
    assert done.returncode == 2
    assert "not overwritten" in done.stderr
    assert (compared / "result.json").read_bytes() == before


def test_a_result_is_rendered_again(compared: Path, tmp_path: Path) -> None:
    done = isograd("report", str(compared), "--out", str(tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    assert "session" in done.stdout
    assert (tmp_path / "again" / "report.html").exists()


def test_a_foreign_file_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"schema": "other/1"}')
    done = isograd("report", str(tmp_path))
    assert done.returncode == 2
    assert "schema" in done.stderr


def test_emitted_source_and_weights_run_without_isograd(tmp_path: Path) -> None:
    for framework in ("torch", "tensorflow"):
        done = isograd("emit", "lenet", "--to", framework, "--out", str(tmp_path / framework))
        assert done.returncode == 0, done.stderr
    script = (
        "import sys; sys.modules['isograd'] = None\n"
        "import importlib.util, numpy as np, torch, keras\n"
        "from operator import attrgetter\n"
        "from safetensors.numpy import load_file as arrays\n"
        "from safetensors.torch import load_file as tensors\n"
        "def module(path):\n"
        "    spec = importlib.util.spec_from_file_location('m', path)\n"
        "    m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m); return m\n"
        "a = module('torch/model.py').Lenet(); b = module('tensorflow/model.py').Lenet()\n"
        "a.load_state_dict(tensors('torch/weights.safetensors'))\n"
        "b(keras.ops.zeros((1, 28, 28, 1)))\n"
        "for name, array in arrays('tensorflow/weights.safetensors').items():\n"
        "    attrgetter(name)(b).assign(array)\n"
        "x = np.random.default_rng(0).normal(size=(3, 1, 28, 28)).astype('float32')\n"
        "y = a.eval()(torch.from_numpy(x)).detach().numpy()\n"
        "z = np.asarray(b(x.transpose(0, 2, 3, 1)))\n"
        "assert np.abs(y - z).max() < 1e-5, np.abs(y - z).max()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_emit_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("mine")
    done = isograd("emit", "lenet", "--to", "torch", "--out", str(tmp_path))
    assert done.returncode == 2
    assert (tmp_path / "model.py").read_text() == "mine"
