"""`xla`: the program that XLA runs: its fusions and kernels."""

from __future__ import annotations

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.compiling import count_kernels, view_program
from isograd.views import View


def capture(subject: Subject) -> View:
    """See `isograd.frameworks.tensorflow.views.compiling`."""
    view = View(
        "tensorflow",
        "xla",
        "XLA's program, optimised",
        "What XLA runs: one kernel for each fusion, which holds the instructions that it computes "
        "together (experimental_get_compiler_ir, stage optimized_hlo).",
    )
    view_program(view, subject, "optimized_hlo")
    if view.status == "ok":
        view.figures |= count_kernels(view)
    return view
