"""Variants of a result as `isograd compare mnist-mlp` writes it, and a browser for its page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from results import make_result

from isograd.report import language
from isograd.result import Check, Mode, Result

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no chromium on this machine")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def result() -> Result:
    return make_result()


@pytest.fixture
def partial() -> Result:
    """Interrupted after the PyTorch modes."""
    found = make_result()
    found.status, found.reason = "partial", "Interrupted with Ctrl-C in round 3 of 6."
    for mode in found.modes[3:]:
        found.modes[found.modes.index(mode)] = Mode(mode.framework, mode.mode)
    found.comparisons = [c for c in found.comparisons if c.a.startswith("torch/")]
    found.agreement = found.agreement[:3]
    return found


@pytest.fixture
def without_tensorflow() -> Result:
    found = make_result()
    reason = "tensorflow is not installed (no module named 'keras')."
    for place, mode in enumerate(found.modes):
        if mode.framework == "tensorflow":
            found.modes[place] = Mode("tensorflow", mode.mode, "not installed", reason)
    found.comparisons = [c for c in found.comparisons if c.a.startswith("torch/")]
    found.agreement = found.agreement[:3]
    return found


@pytest.fixture
def unfair() -> Result:
    """The network learned nothing."""
    found = make_result()
    found.fairness[-1] = Check("learned", False, "accuracy 10.3%, guessing gives 10.0%")
    return found


@pytest.fixture
def tied() -> Result:
    """Nothing but noise between the fastest modes of both frameworks."""
    found = make_result()
    for comparison in found.comparisons:
        if {comparison.a, comparison.b} == {"torch/compile", "tensorflow/session"}:
            comparison.ratio, comparison.low, comparison.high = 1.003, 0.991, 1.014
            comparison.verdict = "no measurable difference"
    return found


@pytest.fixture
def different() -> Result:
    """torch/compile computes something else from the gradients on."""
    found = make_result()
    mode = found.mode("torch/compile")
    assert mode.proof
    for stage in mode.proof.stages[4:]:
        stage.verdict, stage.ratio, stage.worst = "different", 3.14e9, "fc2.weight"
        stage.detail = "6 tensors"
    mode.proof.verdict = mode.verdict = found.verdict = "different"
    return found


@pytest.fixture
def chinese() -> Iterator[None]:
    """Reports speak Chinese."""
    language.speak("zh")
    yield
    language.speak("en")
