"""Pipelines of the user's own: ``torch=file.py:loader``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from isograd.errors import IsogradError, UsageError
from isograd.frameworks import MODES, part
from isograd.pipelines.items import Pair
from isograd.pipelines.pipeline import Pipeline, each_epoch
from isograd.pipelines.profiling import sampling
from isograd.reference_text import parse_reference
from isograd.references import Reference, first_line, load_object, user_line
from isograd.waiting import Spot

LOOK_S = 1.0
"""How long a pipeline is watched, or for one batch if that takes longer."""


@dataclass(frozen=True)
class FeedReference:
    """Where a user's pipeline is made: an iterable of (inputs, targets) batches, or a function
    without arguments that returns one."""

    framework: str
    reference: Reference

    @property
    def text(self) -> str:
        """As it is named on the command line."""
        return f"{self.framework}={self.reference.text}"

    @property
    def id(self) -> str:
        """``torch/loader``, as pipelines are called."""
        return f"{self.framework}/feed:{self.reference.symbol}"


def parse_feeds(texts: Sequence[str]) -> tuple[FeedReference, ...]:
    """One for each framework at most. Raises `UsageError` for anything else."""
    found: dict[str, FeedReference] = {}
    for text in texts:
        framework, equals, name = text.partition("=")
        if not equals or framework not in MODES:
            raise UsageError(
                f"--feed {text} does not say which framework it feeds.",
                hint=f"Write --feed torch=file.py:loader; frameworks: {', '.join(MODES)}.",
            )
        if framework in found:
            raise UsageError(f"There are two feeds for {framework}.", hint="Give one for each.")
        reference = parse_reference(name)
        if reference.kind != "python":
            raise UsageError(
                f"{name!r} names no Python code.", hint=f"Write --feed {framework}=file.py:loader."
            )
        found[framework] = FeedReference(framework, reference)
    return tuple(found.values())


class FeedPipeline:
    """A user's pipeline as a `Pipeline`. An iterator that can be read only once is made anew for
    each epoch."""

    def __init__(self, feed: FeedReference, *, here: bool = False) -> None:
        self.feed = feed
        self._door = part(feed.framework, "pipelines")
        self._here = here
        self._used = False
        self._make()

    def _make(self) -> None:
        made = load_object(self.feed.reference, "pipeline")
        if not isinstance(made, Iterable):
            raise UsageError(
                f"This is a {type(made).__name__}, not an iterable of batches.",
                where=self.feed.reference.text,
            )
        self._once = isinstance(made, Iterator)
        self.depth: int = self._door.depth_of(made)
        made = self._door.in_this_process(made) if self._here else made
        self._inner: Pipeline = self._door.open_feed(made)

    def epoch(self) -> Iterator[Any]:
        if self._once and self._used:
            self._make()
        self._used = True
        return self._told(self._inner.epoch())

    def _told(self, batches: Iterator[Any]) -> Iterator[Any]:
        """What the user's code raises becomes an error with its line."""
        try:
            yield from batches
        except IsogradError:
            raise
        except Exception as error:
            raise UsageError(
                f"The pipeline raised {type(error).__name__}: {first_line(error)}",
                where=user_line(error) or self.feed.reference.text,
            ) from None

    def arrays(self, batch: Any) -> Pair:
        return self._inner.arrays(batch)

    def close(self) -> None:
        self._inner.close()


def find_spots(feed: FeedReference, seconds: float = LOOK_S) -> list[Spot]:
    """The lines of the user's code that the pipeline's time goes into, workers left out so that
    their work is seen."""
    pipeline = FeedPipeline(feed, here=True)
    batches = each_epoch(pipeline)
    next(batches)  # the first one makes what is kept
    end = perf_counter() + seconds
    with sampling() as sampler:
        while True:
            next(batches)
            if perf_counter() > end:
                break
    pipeline.close()
    return sampler.spots()
