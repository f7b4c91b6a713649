"""MNIST from a folder, from a mirror, and what is said when neither works."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest
from numpy.typing import NDArray
from small_mnist import TEST, TRAIN, idx_bytes, small_mnist

from isograd.data import load as load_named
from isograd.data.mnist import MD5, load
from isograd.errors import UsageError

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = MD5
NOBODY = "http://127.0.0.1:9/"
"""The discard port: a connection is refused at once."""

Arrays = dict[str, NDArray[np.uint8]]


@pytest.fixture
def arrays() -> dict[str, NDArray[np.uint8]]:
    return small_mnist()


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, NDArray[np.uint8]]) -> Path:
    found = tmp_path / "mnist"
    found.mkdir()
    for name, array in arrays.items():
        (found / name).write_bytes(gzip.compress(idx_bytes(array)))
    return found


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def mirror(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksums of the small files take the place of the published ones."""
    for name in MD5:
        digest = hashlib.md5((folder / name).read_bytes()).hexdigest()
        monkeypatch.setitem(MD5, name, digest)


def replace(folder: Path, name: str, array: NDArray[np.uint8]) -> Path:
    (folder / name).write_bytes(gzip.compress(idx_bytes(array)))
    return folder / name


def test_a_folder_of_compressed_files_is_read(folder: Path, arrays: Arrays) -> None:
    data = load(folder)
    assert data.train_inputs.shape == (TRAIN, 28, 28)
    assert data.test_inputs.shape == (TEST, 28, 28)
    assert data.train_inputs.dtype == np.float32
    assert data.train_targets.dtype == np.int64
    np.testing.assert_array_equal(data.train_targets, arrays[TRAIN_LABELS])
    np.testing.assert_array_equal(data.test_targets, arrays[TEST_LABELS])


def test_bytes_become_fractions_of_255(folder: Path, arrays: Arrays) -> None:
    data = load(folder)
    np.testing.assert_allclose(data.train_inputs, arrays[TRAIN_IMAGES] / 255.0, rtol=1e-7)


def test_plain_files_give_the_same_data_as_compressed_ones(folder: Path, arrays: Arrays) -> None:
    compressed = load(folder).sha256
    for name, array in arrays.items():
        (folder / name).unlink()
        (folder / name.removesuffix(".gz")).write_bytes(idx_bytes(array))
    assert load(folder).sha256 == compressed


def test_the_data_set_is_found_by_its_name(folder: Path) -> None:
    assert load_named("mnist", folder).sha256 == load(folder).sha256


def test_the_folder_is_part_of_the_source(folder: Path) -> None:
    assert str(folder) in load(folder).source


def test_a_home_directory_in_the_source_is_not_given_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder.parent))
    assert load(folder).source.endswith("from ~/mnist")


def test_a_missing_folder_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder") as caught:
        load(tmp_path / "nowhere")
    assert caught.value.where == str(tmp_path / "nowhere")
    assert TRAIN_IMAGES in (caught.value.hint or "")


@pytest.mark.parametrize("name", MD5)
def test_a_missing_file_is_named_with_the_folder(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"no {name}") as caught:
        load(folder)
    assert caught.value.where == str(folder)


def test_a_damaged_file_in_the_folder_is_reported_with_its_path(folder: Path) -> None:
    path = folder / TEST_LABELS
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UsageError, match="damaged") as caught:
        load(folder)
    assert caught.value.where == str(path)


def test_images_without_labels_are_refused(folder: Path, arrays: Arrays) -> None:
    replace(folder, TRAIN_LABELS, arrays[TRAIN_LABELS][:-2])
    with pytest.raises(UsageError, match=rf"12 images, but 10 labels in {TRAIN_LABELS}") as caught:
        load(folder)
    assert caught.value.where == str(folder / TRAIN_IMAGES)


def test_a_label_above_9_is_refused(folder: Path) -> None:
    path = replace(folder, TEST_LABELS, np.array([0, 9, 10, 1, 2], np.uint8))
    with pytest.raises(UsageError, match="a label 10") as caught:
        load(folder)
    assert caught.value.where == str(path)


def test_images_of_another_size_are_refused(folder: Path) -> None:
    path = replace(folder, TRAIN_IMAGES, np.zeros((TRAIN, 28, 27), np.uint8))
    with pytest.raises(UsageError, match="28x27") as caught:
        load(folder)
    assert caught.value.where == str(path)


def test_without_a_network_the_way_out_is_named(cache: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be downloaded .*ConnectionError") as caught:
        load(None, mirrors=(NOBODY,))
    hint = caught.value.hint or ""
    assert "--data-dir" in hint
    assert all(name in hint for name in MD5)


def test_only_a_wrong_checksum_is_called_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, "http://")
    with pytest.raises(UsageError, match="InvalidProxyURL") as caught:
        load(None, mirrors=("http://mirror.invalid/",))
    assert "checksum" not in caught.value.what


def test_a_cache_that_cannot_be_made_is_not_blamed_on_a_mirror(cache: Path) -> None:
    cache.write_text("a file where the folder would be")
    with pytest.raises(UsageError, match="cannot be kept here: Not a directory") as caught:
        load(None, mirrors=(NOBODY,))
    assert caught.value.where == str(cache / "isograd" / "mnist")
    assert NOBODY not in str(caught.value)
    assert "--data-dir" in (caught.value.hint or "")


def test_a_cache_that_cannot_be_written_is_not_blamed_on_a_mirror(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    with pytest.raises(UsageError, match="cannot be kept here: Permission denied") as caught:
        load(None, mirrors=(NOBODY,))
    assert caught.value.where == str(cache / "isograd" / "mnist")


@pytest.mark.usefixtures("published")
def test_a_download_gives_the_same_data_as_the_files(
    folder: Path, mirror: str, cache: Path
) -> None:
    assert load(None, mirrors=(mirror,)).sha256 == load(folder).sha256


@pytest.mark.usefixtures("published")
def test_a_download_is_kept(folder: Path, mirror: str, cache: Path) -> None:
    first = load(None, mirrors=(mirror,))
    assert load(None, mirrors=(NOBODY,)).sha256 == first.sha256


@pytest.mark.usefixtures("published")
def test_the_second_mirror_is_asked_when_the_first_fails(
    folder: Path, mirror: str, cache: Path
) -> None:
    assert load(None, mirrors=(NOBODY, mirror)).sha256 == load(folder).sha256


@pytest.mark.usefixtures("published")
def test_a_download_with_a_wrong_checksum_is_refused_and_not_kept(
    folder: Path, mirror: str, cache: Path
) -> None:
    path = folder / TRAIN_IMAGES
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(UsageError, match=f"{TRAIN_IMAGES} has a wrong checksum"):
        load(None, mirrors=(mirror,))
    assert not list(cache.rglob("*ubyte*"))


@pytest.mark.usefixtures("published")
def test_a_damaged_file_in_the_cache_is_fetched_again(
    folder: Path, mirror: str, cache: Path
) -> None:
    load(None, mirrors=(mirror,))
    (kept,) = cache.rglob(TRAIN_LABELS)
    kept.write_bytes(b"damaged")
    assert load(None, mirrors=(mirror,)).sha256 == load(folder).sha256
