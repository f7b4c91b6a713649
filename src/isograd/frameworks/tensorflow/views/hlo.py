"""`hlo`: the program that XLA gets of the training step, before it optimises."""

from __future__ import annotations

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.compiling import view_program
from isograd.views import View


def capture(subject: Subject) -> View:
    """See `isograd.frameworks.tensorflow.views.compiling`."""
    view = View(
        "tensorflow",
        "hlo",
        "XLA's program, before optimisation",
        "What tf.function(jit_compile=True) hands to XLA: each TensorFlow operation written out in "
        "XLA's few instructions (experimental_get_compiler_ir, stage hlo).",
    )
    return view_program(view, subject, "hlo")
