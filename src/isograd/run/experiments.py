"""Small runs that make the evidence for statements, where no result of it is there yet.

Each is a command that a user has as well, on a small network and with little measuring. How long
they take is a guess for the budget, made on two slow cores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from isograd.claims.forms import ran
from isograd.claims.rules.tutorials import ARTICLE, DEFAULTS
from isograd.claims.speeds import fair, workload
from isograd.evidence import Evidence
from isograd.progress import Progress
from isograd.run.small_runs import (
    CONTRASTED,
    FORMS,
    LARGE,
    NETWORK,
    PROBING,
    SCALING,
    SMALL,
    add_workers,
    ask_programs,
    compare_little,
    compare_much,
    count_effort,
    observe_defaults,
    prove_tutorials,
    ship,
    show_graphs,
    show_loop,
)


@dataclass(frozen=True)
class Experiment:
    """A small run. ``about`` says what it runs, ``command`` what a user would write for that, where
    there is one. ``seconds`` is how long it usually takes. ``is_there`` says whether evidence of
    its kind was found; ``run`` writes it into a folder."""

    name: str
    about: str
    seconds: float
    is_there: Callable[[Evidence], bool]
    run: Callable[[Path, Progress], None]
    command: str = ""


def _is_shipped(evidence: Evidence) -> bool:
    """Whether one result has something of each technique."""
    wanted = {"dense/torch/grad", "dense/torch/torchscript", "structured-50/torch/eager"}
    return any(wanted <= {point.id for point in ran(one.record)} for one in evidence.frontiers)


EXPERIMENTS: Mapping[str, Experiment] = {
    one.name: one
    for one in (
        Experiment(
            "effort",
            "counting what scripts of both frameworks use",
            2,
            lambda evidence: bool(evidence.efforts),
            count_effort,
        ),
        Experiment(
            "defaults",
            "starting each framework with nothing set",
            15,
            lambda evidence: evidence.observation(DEFAULTS) is not None,
            observe_defaults,
            "python -m isograd.frameworks.tensorflow.defaults",
        ),
        Experiment(
            "article",
            "proving two tutorial scripts against each other",
            30,
            lambda evidence: evidence.observation(ARTICLE) is not None,
            prove_tutorials,
            "isograd prove examples/article/torch_mnist.py:training "
            "examples/article/keras_mnist.py:training",
        ),
        Experiment(
            "halving",
            "the graphs of a network with a loop that depends on data",
            25,
            lambda evidence: any(
                not one.record.layers and one.record.views[0].framework == "tensorflow"
                for one in evidence.graphs
                if one.record.views
            ),
            show_loop,
            "isograd graph examples/control_flow/keras_halving.py:Halving --input 'x=float32[N,8]'",
        ),
        Experiment(
            "graphs",
            f"the graphs of {NETWORK}'s training step, with the time of each layer",
            60,
            lambda evidence: any(one.record.overlays for one in evidence.graphs),
            show_graphs,
            f"isograd graph {NETWORK}",
        ),
        Experiment(
            "small",
            f"proving and timing {NETWORK} in all modes, {SMALL} examples in a step",
            100,
            lambda evidence: bool(fair(evidence.compares)),
            compare_little,
            f"isograd compare {NETWORK} --batch-size {SMALL}",
        ),
        Experiment(
            "shipped",
            f"shipping {NETWORK} in {len(FORMS)} forms",
            170,
            _is_shipped,
            ship,
            f"isograd optimize {NETWORK}",
        ),
        Experiment(
            "large",
            f"timing {NETWORK} in {len(CONTRASTED)} modes, {LARGE} examples in a step",
            60,
            lambda evidence: len({workload(one.record) for one in fair(evidence.compares)}) > 1,
            compare_much,
            f"isograd compare {NETWORK} --batch-size {LARGE}",
        ),
        Experiment(
            "probes",
            "asking small programs in every mode what a mistake looks like",
            250,
            lambda evidence: bool(evidence.probes),
            ask_programs,
            PROBING,
        ),
        Experiment(
            "scale",
            f"training {NETWORK} on one worker and on two",
            120,
            lambda evidence: bool(evidence.scalings),
            add_workers,
            SCALING,
        ),
    )
}
"""By name, the cheapest first: the order in which a budget is spent."""
