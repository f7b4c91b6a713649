"""Bad input ends with 2 and one message that says what to do, before any worker starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isograd.cli import app, main
from isograd.result import Result

DIFFERENT, BAD_INPUT, FAILED = 1, 2, 4


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr("isograd.bench.workbench.WorkerProcess", refuse)


class Ended:
    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, " ".join(err.split())


@pytest.fixture
def isograd(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["isograd", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(ended.value.code, *capsys.readouterr())

    return call


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("prove lenet --lr nan", "learning_rate must be finite and at least 0"),
        ("prove lenet --lr -1", "learning_rate must be finite and at least 0"),
        ("prove lenet --set beta_1=2", "beta_1 must be at least 0 and below 1"),
        ("prove lenet --set beta_1", "Write --set beta_1=VALUE."),
        ("prove lenet --optimizer sgd --set nesterov=1", "true or false"),
        ("prove lenet --batch-size 100000", "larger than the data set"),
        ("prove lenet --data breast-cancer", "examples of shape [30]"),
        ("prove lenet --loss mean_squared_error", "Say --loss cross_entropy."),
        ("prove bce-mlp --loss cross_entropy", "Say --loss binary_cross_entropy or"),
        ("prove lenet --data digit", "Did you mean 'digits'"),
        ("prove lenet --seed -1", "--seed"),
        ("prove lenett", "Did you mean 'lenet'"),
        ("prove lenet --mode torch/compil", "Did you mean 'torch/compile'"),
        ("prove lenet --optimizer adamm", "Did you mean 'adam"),
        ("prove lenet --set epsilo=1", "Did you mean 'epsilon'"),
        ("prove lenet --set epsilon=small", "needs a number"),
        ("prove lenet --loss crossentropy", "Did you mean 'cross_entropy'"),
        ("prove lenet --device cudaa", "Did you mean 'cuda'"),
        ("compare --data mnist --data-dir /nowhere", "/nowhere"),
        ("compare --data digits --data-dir /nowhere", "takes no --data-dir"),
        ("compare --data breast-cancer", "examples of shape"),
        ("compare --batch-size 100000", "larger than the data set"),
        ("compare --epochs 0", "--epochs"),
        ("compare --seeds 0", "--seeds"),
        ("compare --threads 0", "--threads"),
        ("compare --batch-size 0", "--batch-size"),
        ("compare --mode tensorflow/sesion", "Did you mean 'tensorflow/session'"),
        ("compare --device gpu", "Known: cpu, cuda"),
        ("compare ./net.py", "no such file"),
        ("compare net.pt2", "no such file"),
        ("emit lenet --to torch --seed -1", "--seed"),
        ("emit lenet", "--to"),
        ("emit lenet --to tensorflw", "Did you mean 'tensorflow'"),
        ("emit lenett --to torch", "Did you mean 'lenet'"),
        ("optimize", "Which network?"),
        ("optimize lenett", "Did you mean 'lenet'"),
        ("optimize lenet --budget 10", "is no duration"),
        ("optimize lenet --batch 8,0", "are no sizes"),
        ("optimize lenet --only torch/eagr", "Did you mean 'torch/eager'"),
        ("optimize lenet --only structured-50/torch/eagr", "structured-50/torch/eager"),
        ("optimize lenet --variant foldet", "Did you mean 'folded'"),
        ("optimize lenet --target latency<1", "latency needs a unit"),
        ("optimize lenet --data breast-cancer", "examples of shape [30]"),
        ("optimize --resume nowhere", "Cannot read"),
        ("pretrain --kind gtp", "'gtp' is not one of"),
        ("pretrain --text nowhere.txt", "Cannot read the text"),
        ("pretrain --width 10 --heads 4", "does not divide into 4 heads"),
        ("pretrain --vocabulary 100", "A vocabulary of 100 is too small"),
        ("finetune nowhere", "config.json"),
        (
            "transfer a.pt --from a.py:A --to b.py:B --out c.safetensors",
            "no such checkpoint. at a.pt",
        ),
        ("pretrain --mode torch/egaer", "Did you mean 'torch/eager'"),
        ("data digits --model lenet --mode torch/egaer", "Did you mean 'torch/eager'"),
        ("study lenet --data digit", "Did you mean 'digits'"),
        ("study lenet --loss crossentropy", "Did you mean 'cross_entropy'"),
        ("study lenet --part comprae", "Did you mean 'compare'"),
        ("comprae", "Did you mean 'compare'"),
    ],
)
def test_bad_input_is_refused_at_once(isograd, tmp_path: Path, line: str, words: str) -> None:
    ended = isograd(*line.split())
    assert ended.code == BAD_INPUT
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert not [*tmp_path.iterdir()]


def test_a_file_is_no_stored_graph(isograd, tmp_path: Path) -> None:
    (tmp_path / "lenet").write_text("")
    ended = isograd("prove", "lenet")
    assert ended.code == BAD_INPUT
    assert "There is no network in it" in ended.err


def test_a_folder_without_a_graph_is_named(isograd, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    ended = isograd("prove", "mine")
    assert ended.code == BAD_INPUT
    assert "at mine next A stored graph's folder has graph.json" in ended.err


def test_a_data_folder_without_the_files_is_named(isograd, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    ended = isograd("compare", "--data", "mnist", "--data-dir", "data")
    assert ended.code == BAD_INPUT
    assert "train-images-idx3-ubyte.gz" in ended.err
    assert "at data next" in ended.err


def test_a_corrupt_data_file_is_named(isograd, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "data" / f"{part}-ubyte.gz").write_bytes(b"not gzip")
    ended = isograd("compare", "--data", "mnist", "--data-dir", "data")
    assert ended.code == BAD_INPUT
    assert "damaged" in ended.err
    assert "data/train-images-idx3-ubyte.gz" in ended.err


def test_without_a_network_the_data_folder_is_suggested(
    isograd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise ConnectionError("no route to host")

    monkeypatch.setattr("pooch.retrieve", unreachable)
    ended = isograd("compare", "--data", "mnist")
    assert ended.code == BAD_INPUT
    assert "Use --data-dir DIR" in ended.err


def test_a_refused_folder_is_left_as_it_was(isograd, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("mine")
    ended = isograd("compare", "--out", ".")
    assert ended.code == BAD_INPUT
    assert "already holds a result" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert (tmp_path / "result.json").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_refused(isograd, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = isograd("compare", "--out", "file/run")
    assert ended.code == BAD_INPUT
    assert "file/run" in ended.err


def test_a_mistake_in_isograd_is_not_taken_for_a_difference(
    isograd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("isograd.run.prove.prove", stumble)
    ended = isograd("prove", "bce-mlp")
    assert ended.code == FAILED
    assert ended.code != DIFFERENT
    assert "ZeroDivisionError: division by zero" in ended.err
    assert "--debug" in ended.err
    assert "Traceback" not in ended.err


def test_debug_keeps_the_exit_code(isograd) -> None:
    ended = isograd("prove", "lenett", "--debug")
    assert ended.code == BAD_INPUT
    assert "Traceback" in ended.err
    assert "UsageError" in ended.err


def saved(directory: Path, command: str = "isograd compare") -> Result:
    result = Result(command, "2030-01-01", {"name": "net"}, {}, {}, {}, {}, "torch/eager")
    directory.mkdir()
    (directory / "result.json").write_text(result.to_json())
    return result


@pytest.mark.parametrize("text", ["", "[]", '"text"', "{", '{"schema": "isograd/result/1"}'])
def test_a_damaged_result_is_refused(isograd, tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)
    ended = isograd("report", "result.json")
    assert ended.code == BAD_INPUT
    assert "result.json" in ended.err
    assert "Traceback" not in ended.err


def test_a_report_is_never_written_over_another_result(isograd, tmp_path: Path) -> None:
    saved(tmp_path / "mine")
    other = saved(tmp_path / "other", "isograd compare lenet")
    ended = isograd("report", "mine", "--out", "other")
    assert ended.code == BAD_INPUT
    assert "nothing was overwritten" in ended.err
    assert (tmp_path / "other" / "result.json").read_text() == other.to_json()


def test_the_pages_of_the_same_result_are_written_anew(isograd, tmp_path: Path) -> None:
    saved(tmp_path / "mine")
    (tmp_path / "mine" / "report.html").write_text("old")
    assert CliRunner().invoke(app, ["report", "mine", "--out", "mine"]).exit_code == 0
    assert "<html" in (tmp_path / "mine" / "report.html").read_text()
