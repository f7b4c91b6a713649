"""A published checkpoint comes from one commit, checked file by file; the hub is the test's own."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from folders import GPT2, drawn, put, shapes_of_gpt2
from isograd.errors import UsageError
from isograd.models import load
from isograd.reference_text import parse_reference
from isograd.text.hub import fetch, git_checksum, parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves a folder as the hub's API does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked.append(self.path)
                status, body = hub.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, bytes]:
        if path.startswith("/api/models/me/small/revision/main"):
            siblings = [self.listed(file) for file in sorted(self.folder.iterdir())]
            return 200, json.dumps({"sha": COMMIT, "siblings": siblings}).encode()
        file = self.folder / path.rpartition("/")[2]
        inside = path.startswith(f"/me/small/resolve/{COMMIT}/") and file.is_file()
        return (200, file.read_bytes()) if inside else (404, b"")

    def listed(self, file: Path) -> dict[str, object]:
        entry: dict[str, object] = {"rfilename": file.name, "blobId": git_checksum(file)}
        if file.suffix == ".safetensors":
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            entry["lfs"] = {"sha256": digest, "size": file.stat().st_size}
        return entry


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = put(tmp_path / "served", GPT2, drawn(shapes_of_gpt2(GPT2)), shards=2)
    (folder / "pytorch_model.bin").write_bytes(b"code")
    hub = Hub(folder)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


def test_a_published_model_is_a_model_wherever_one_is_named(hub: Hub):
    model = load("hf:me/small")
    assert model.reference == "hf:me/small"
    own = drawn(shapes_of_gpt2(GPT2))["transformer.wte.weight"]
    np.testing.assert_array_equal(model.weights["transformer.wte.weight"], own)
    assert not any("pytorch_model" in path for path in hub.asked)


def test_what_is_there_is_not_downloaded_again_and_serves_without_a_network(hub, monkeypatch):
    first = fetch("hf:me/small")
    assert first.name == COMMIT
    count = len(hub.asked)
    assert fetch("hf:me/small") == first
    assert len(hub.asked) == count + 1  # which commit it is, and nothing else
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert fetch("hf:me/small") == first
    assert fetch(f"hf:me/small@{COMMIT}") == first
    with pytest.raises(UsageError, match="cannot be reached"):
        fetch("hf:me/other")


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors"])
def test_a_file_that_is_not_what_the_hub_lists_is_refused(hub, name, monkeypatch):
    listed = hub.listed
    spoilt = {"blobId": "0" * 40, "lfs": {"sha256": "0" * 64}}

    def other(file: Path) -> dict[str, object]:
        entry = listed(file)
        return {key: spoilt.get(key, entry[key]) for key in entry} if file.name == name else entry

    monkeypatch.setattr(hub, "listed", other)
    with pytest.raises(UsageError, match=f"{name} cannot be downloaded: .*wrong checksum"):
        fetch("hf:me/small")
    monkeypatch.setattr(hub, "listed", listed)
    assert fetch("hf:me/small")


def test_a_model_without_safetensors_is_refused(hub: Hub):
    for file in hub.folder.glob("model*"):
        file.unlink()
    with pytest.raises(UsageError, match=r"has no config\.json with model\.safetensors"):
        fetch("hf:me/small")


def test_an_unknown_model_is_refused(hub: Hub):
    with pytest.raises(UsageError, match=r"no model 'me/none' at 'main' \(HTTP 404\)"):
        load("hf:me/none")


@pytest.mark.parametrize("text", ["hf:", "hf:small", "hf:me/small/more", "hf:../..", "me/small"])
def test_other_names_are_refused(text):
    with pytest.raises(UsageError, match="names no published model"):
        parse(text)


def test_a_name_is_parsed_without_asking_anybody():
    assert parse_reference("hf:me/small@v1").kind == "hub"
    with pytest.raises(UsageError, match="names no published model"):
        parse_reference("hf:small")
