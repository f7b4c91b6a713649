"""The environment variables that every worker process gets."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

SHORT = 60
"""Letters that the path of temporary files may have: with what multiprocessing adds to it, a Unix
socket's path must stay below 108, or a loader's workers hand nothing over, and it waits forever."""


def _short(folder: Path) -> Path:
    """A short name for a folder, until this process ends."""
    link = Path(tempfile.mkdtemp(prefix="isograd-")) / "t"
    link.symlink_to(folder)
    atexit.register(shutil.rmtree, link.parent, ignore_errors=True)
    return link


def worker_environment(device: str, threads: int, cache: Path) -> dict[str, str]:
    """The same for every worker: threads, quiet logs, a compiler cache that starts empty, and a
    place for temporary files, which a worker that is killed leaves behind."""
    count = str(threads)
    temporary = cache.resolve() / "temporary"
    temporary.mkdir(parents=True, exist_ok=True)
    if len(str(temporary)) > SHORT:
        temporary = _short(temporary)
    return {
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TORCHINDUCTOR_CACHE_DIR": str(cache.resolve()),
        "TMPDIR": str(temporary),
        "PYTHONHASHSEED": "0",
        **({"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}),
    }
