"""One rule for each statement: a pure function from evidence to what follows from it.

Intervals and noise count: "no measurable difference" is not "faster", and what was not measured is
not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isograd.claims.outcome import Outcome
from isograd.claims.rules import (
    debugging,
    distribution,
    effort,
    gains,
    gradients,
    graphs,
    production,
    shipping,
    speed,
    tutorials,
)
from isograd.evidence import Evidence

Rule = Callable[[Evidence], Outcome]

RULES: Mapping[str, Rule] = {
    "static-faster": speed.static_graphs_are_faster,
    "dynamic-loses": speed.dynamic_graphs_lose,
    "compiling-pays": speed.compiling_pays,
    "autodiff-exact": gradients.differentiation_is_exact,
    "gradient-cheap": gradients.gradients_are_cheap,
    "no-grad": shipping.no_grad_speeds_up,
    "torch-jit": shipping.traces_speed_up,
    "tf-function": shipping.graph_functions_speed_up,
    "autograph": graphs.autograph_keeps_control_flow,
    "pruning": gains.pruning_improves,
    "quantisation": gains.quantisation_improves,
    "mixed-precision": gains.mixed_precision_improves,
    "dynamic-debugging": debugging.dynamic_graphs_are_easier,
    "simpler-api": effort.api_is_simpler,
    "learning-curve": effort.learning_is_not_tested,
    "static-inspectable": graphs.static_graphs_show_more,
    "tf-distribution": distribution.scales_better,
    "tf-production": production.tools_are_richer,
    "same-tutorials": tutorials.scripts_are_the_same,
    "tf-static": tutorials.graphs_are_static,
}
"""A claim's id to its rule."""
