"""What a network can be named by, and what is said about all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import IsogradError, UsageError
from isograd.reference_text import defined_names, parse_reference
from isograd.references import Reference, is_user_file, load_object, user_line

SOURCE = """\
import math

CONSTANT = 3
_hidden = 4


class Net:
    pass


def build():
    return Net()


def sized(width, depth=2):
    return Net()


def broken():
    return 1 / 0


class Outer:
    inner = Net
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(SOURCE)
    return path


def named(file: Path, symbol: str) -> Reference:
    return parse_reference(f"{file}:{symbol}")


def test_a_built_in_name_is_the_zoos():
    assert parse_reference("mnist-mlp") == Reference("zoo", "mnist-mlp")


def test_a_symbol_in_a_file_or_a_module_is_python():
    assert parse_reference("package.module:make").kind == "python"
    with pytest.raises(UsageError, match="neither a Python file nor the name of a module"):
        parse_reference("not a module:make")


@pytest.mark.parametrize(("suffix", "kind"), [("pt2", "pt2"), ("keras", "keras"), ("onnx", "onnx")])
def test_a_file_is_what_its_name_says(tmp_path, suffix, kind):
    path = tmp_path / f"net.{suffix}"
    with pytest.raises(UsageError, match="no such file"):
        parse_reference(str(path))
    path.touch()
    assert parse_reference(str(path)).kind == kind


def test_a_folder_is_what_lies_in_it(tmp_path):
    with pytest.raises(UsageError, match="holds no network"):
        parse_reference(str(tmp_path))
    (tmp_path / "saved_model.pb").touch()
    assert parse_reference(str(tmp_path)).kind == "savedmodel"


@pytest.mark.parametrize("suffix", ["pt", "safetensors", "h5"])
def test_a_checkpoint_is_told_from_a_network(tmp_path, suffix):
    path = tmp_path / f"weights.{suffix}"
    path.touch()
    with pytest.raises(UsageError, match="a checkpoint: it holds weights"):
        parse_reference(str(path))


def test_a_file_of_several_networks_suggests_its_names(file):
    with pytest.raises(UsageError, match=r"nets\.py:CONSTANT, .*nets\.py:Net") as found:
        parse_reference(str(file))
    assert "_hidden" not in str(found.value)


def test_a_name_that_is_nearly_one_is_suggested():
    with pytest.raises(IsogradError, match="Did you mean 'mnist-mlp'"):
        parse_reference("mnist-mpl")


@pytest.mark.parametrize("symbol", ["Net", "build", "Outer.inner"])
def test_classes_and_functions_are_called(file, symbol):
    assert type(load_object(named(file, symbol))).__name__ == "Net"


def test_an_instance_is_taken_as_it_is(file):
    assert load_object(named(file, "CONSTANT")) == 3


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("Nett", "Did you mean 'Net'"),
        ("sized", r"'sized' needs arguments: width\."),
        ("broken", r"Making the network raised ZeroDivisionError(.|\n)*nets\.py:20"),
        ("Outer.iner", "Unknown symbol"),
    ],
)
def test_what_cannot_be_made_is_said_with_the_users_line(file, symbol, words):
    with pytest.raises(UsageError, match=words):
        load_object(named(file, symbol))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import no_such_package\n", r"no module named 'no_such_package'(.|\n)*nets\.py:1"),
        ("\nx = (\n", r"SyntaxError(.|\n)*nets\.py:2"),
        ("raise RuntimeError('as it is')\n", r"RuntimeError: as it is(.|\n)*nets\.py:1"),
    ],
)
def test_a_file_that_does_not_run_is_said_with_its_line(file, source, words):
    file.write_text(source)
    with pytest.raises(UsageError, match=words):
        load_object(named(file, "Net"))


def test_names_are_read_without_running_the_file(file):
    file.write_text(f"{SOURCE}\nraise SystemExit\n")
    assert defined_names(file) == ["CONSTANT", "Net", "build", "sized", "broken", "Outer"]
    file.write_text("class (")
    assert defined_names(file) == []


def test_the_users_line_is_neither_this_packages_nor_a_librarys(file):
    assert is_user_file(str(file))
    assert not is_user_file(pytest.__file__)
    assert not is_user_file("<string>")
    try:
        Path("/nowhere/at/all").read_text()
    except OSError as error:
        line = user_line(error)
    assert line is not None
    assert "test_references.py" in line
