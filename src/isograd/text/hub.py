"""Published checkpoints by name: ``hf:owner/name``, or ``hf:owner/name@revision``.

A revision is resolved to one commit first, and everything comes from that commit. Every file is
held against the checksum that the hub lists for it (SHA-256 of large files, Git's SHA-1 of small
ones), and kept in the user's cache, so that a network is needed once. ``HF_ENDPOINT`` names another
hub. What speaks to a network is imported where it is needed: names are parsed in every run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isograd.checkpoints.safetensors import INDEX_FILE
from isograd.errors import UsageError
from isograd.text import tokenizer
from isograd.text.folder import CONFIG_FILE, WEIGHTS_FILE

PREFIX = "hf:"
ENDPOINT = "https://huggingface.co"

SECONDS = 30.0
"""How long the hub may take to answer at all."""

_NAME = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Listed:
    """A file as the hub lists it: its name, the kind of its checksum, the checksum itself."""

    name: str
    kind: str
    checksum: str


@dataclass(frozen=True)
class Published:
    """What stands behind ``hf:``: ``owner/name`` and a branch, tag or commit."""

    name: str
    revision: str = "main"


def parse(text: str) -> Published:
    """``hf:owner/name`` or ``hf:owner/name@revision``. Raises `UsageError` for anything else."""
    found = _NAME.fullmatch(text.removeprefix(PREFIX))
    if not text.startswith(PREFIX) or found is None or ".." in text:
        raise UsageError(
            "This names no published model.", where=text, hint="Write hf:owner/name[@revision]."
        )
    return Published(found["name"], found["revision"] or "main")


def fetch(text: str, cache: Path | None = None) -> Path:
    """The folder with a published checkpoint, downloaded where it is not there yet.

    Without a network, the commit that was last found for the revision is taken, if all of it is
    there. Raises `UsageError` when the hub cannot be reached or has no such model, when the model
    has no safetensors, and when a file is not what the hub lists.
    """
    import pooch

    wanted = parse(text)
    home = (cache or Path(pooch.os_cache("isograd")) / "hub") / wanted.name.replace("/", "--")
    try:
        commit, files = _listing(wanted)
    except OSError as error:
        return _kept(home, wanted, text, error)
    folder = home / commit
    for file in files:
        _download(wanted, commit, file, folder, text)
    _write(folder / ".complete", "")
    _write(home / "refs" / wanted.revision.replace("/", "--"), commit)
    return folder


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")


def _listing(wanted: Published) -> tuple[str, list[Listed]]:
    """The commit of a revision, and those of its files that are read."""
    import urllib.error
    import urllib.request

    url = f"{_endpoint()}/api/models/{wanted.name}/revision/{wanted.revision}?blobs=true"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            found = json.loads(answer.read())
        commit = found["sha"]
        listed = {entry["rfilename"]: entry for entry in found["siblings"]}
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404):
            raise UsageError(
                f"The hub gives out no model {wanted.name!r} at {wanted.revision!r} "
                f"(HTTP {error.code}).",
                hint="Check the name. A model with access rules is downloaded by hand; name its "
                "folder then.",
            ) from None
        raise
    except (KeyError, TypeError, ValueError):
        raise UsageError("The hub's answer is no list of files.", where=url) from None
    if not (isinstance(commit, str) and _COMMIT.fullmatch(commit)):
        raise UsageError("The hub's answer names no commit.", where=url)
    return commit, [_listed(listed[name], url) for name in _wanted(listed, wanted)]


def _wanted(listed: Mapping[str, Any], wanted: Published) -> list[str]:
    """The weights in one file or in shards, what they belong to, and the tokenizer."""
    shard = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
    weights = [WEIGHTS_FILE] if WEIGHTS_FILE in listed else []
    if not weights and INDEX_FILE in listed:
        weights = [INDEX_FILE, *sorted(name for name in listed if shard.fullmatch(name))]
    if not weights or CONFIG_FILE not in listed:
        raise UsageError(
            f"{wanted.name} has no {CONFIG_FILE} with {WEIGHTS_FILE} (or shards of it).",
            hint="Files that can run code when they are opened are not read; another revision may "
            "have safetensors.",
        )
    return [CONFIG_FILE, *([tokenizer.FILE] if tokenizer.FILE in listed else []), *weights]


def _listed(entry: Mapping[str, Any], url: str) -> Listed:
    large = entry.get("lfs") or {}
    kind, checksum = ("sha256", large.get("sha256")) if large else ("git", entry.get("blobId"))
    if not (isinstance(checksum, str) and re.fullmatch(r"[0-9a-f]{40,64}", checksum)):
        raise UsageError(f"The hub lists no checksum of {entry['rfilename']}.", where=url)
    return Listed(entry["rfilename"], kind, checksum)


def _download(wanted: Published, commit: str, file: Listed, folder: Path, text: str) -> None:
    """Into the folder, unless it is there; a file that is wrong is taken away again."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    url = f"{_endpoint()}/{wanted.name}/resolve/{commit}/{file.name}"
    known = f"sha256:{file.checksum}" if file.kind == "sha256" else None
    path = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(url, known, fname=file.name, path=folder)
    except Exception as error:  # whatever the network objects to; pooch's own class is ValueError
        wrong = type(error) is ValueError
        reason = "it is not what the hub lists (wrong checksum)" if wrong else str(error)
        raise UsageError(f"{file.name} cannot be downloaded: {reason}.", where=text) from None
    if file.kind == "git" and git_checksum(path) != file.checksum:
        path.unlink()
        raise UsageError(
            f"{file.name} cannot be downloaded: it is not what the hub lists (wrong checksum).",
            where=text,
        )


def git_checksum(path: Path) -> str:
    """The name that Git gives to a file's contents."""
    contents = path.read_bytes()
    head = f"blob {len(contents)}\0".encode()
    return hashlib.sha1(head + contents, usedforsecurity=False).hexdigest()


def _kept(home: Path, wanted: Published, text: str, error: OSError) -> Path:
    """What an earlier run has left whole."""
    reference = home / "refs" / wanted.revision.replace("/", "--")
    commit = reference.read_text() if reference.is_file() else wanted.revision
    if _COMMIT.fullmatch(commit) and (home / commit / ".complete").is_file():
        return home / commit
    reason = getattr(error, "reason", None) or error
    raise UsageError(
        f"The hub cannot be reached: {reason}.",
        where=text,
        hint="Download the model where there is a network, and name its folder.",
    ) from None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
