"""The forms in which a network can be run and shipped, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "bfloat16", "float16", "int8"]

Technique = Literal["mode", "artefact", "mixed precision", "quantisation"]

RUNTIMES: dict[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "tensorflow": ("tensorflow",),
    "litert": ("ai_edge_litert.interpreter",),
    "onnxruntime": ("onnxruntime",),
}
"""What runs a form, to the modules that a process needs for that."""


@dataclass(frozen=True)
class Candidate:
    """One form. ``id`` is ``torch/int8-static``; its first part is the framework that builds it,
    ``runtime`` what runs it. ``tuned`` ones train while they are built. ``packages`` are the
    modules that it needs beside the framework, and ``extra`` is what installs them.
    """

    id: str
    runtime: str
    technique: Technique
    about: str
    precision: Precision = "float32"
    tuned: bool = False
    packages: tuple[str, ...] = ()
    extra: str = ""

    @property
    def framework(self) -> str:
        """Who builds it."""
        return self.id.partition("/")[0]

    @property
    def exact(self) -> bool:
        """Whether it must compute what the network computes, up to float32's rounding."""
        return self.precision == "float32"


CANDIDATES: tuple[Candidate, ...] = (
    Candidate("torch/eager", "torch", "mode", "the module under torch.no_grad"),
    Candidate("torch/grad", "torch", "mode", "the module, which records for a backward pass"),
    Candidate("torch/inference-mode", "torch", "mode", "the module under torch.inference_mode"),
    Candidate("torch/compile", "torch", "mode", "torch.compile with inductor"),
    Candidate("torch/torchscript", "torch", "artefact", "torch.jit.trace, frozen"),
    Candidate(
        "torch/torchscript-optimized",
        "torch",
        "artefact",
        "torch.jit.trace, frozen, torch.jit.optimize_for_inference",
    ),
    Candidate("torch/exported-program", "torch", "artefact", "torch.export"),
    Candidate("torch/aot-inductor", "torch", "artefact", "AOTInductor package"),
    Candidate("torch/bfloat16", "torch", "mixed precision", "torch.autocast", "bfloat16"),
    Candidate(
        "torch/int8-dynamic",
        "torch",
        "quantisation",
        "torchao, int8 weights, activations quantised at run time",
        "int8",
        packages=("torchao",),
        extra="quantize",
    ),
    Candidate(
        "torch/int8-dynamic-fbgemm",
        "torch",
        "quantisation",
        "torch.ao.quantization.quantize_dynamic, traced: deprecated, and on kernels of its own",
        "int8",
    ),
    Candidate(
        "torch/int8-static",
        "torch",
        "quantisation",
        "exported, calibrated, quantised (pt2e, X86InductorQuantizer), compiled by inductor",
        "int8",
        packages=("torchao",),
        extra="quantize",
    ),
    Candidate(
        "torch/int8-qat",
        "torch",
        "quantisation",
        "pt2e as int8-static, fine-tuned with quantisation in the forward pass",
        "int8",
        tuned=True,
        packages=("torchao",),
        extra="quantize",
    ),
    Candidate(
        "torch/onnx",
        "onnxruntime",
        "artefact",
        "torch.onnx.export, ONNX Runtime",
        packages=("onnx", "onnxscript", "onnxruntime"),
        extra="onnxruntime",
    ),
    Candidate(
        "torch/onnx-int8-dynamic",
        "onnxruntime",
        "quantisation",
        "ONNX Runtime's quantize_dynamic",
        "int8",
        packages=("onnx", "onnxscript", "onnxruntime"),
        extra="onnxruntime",
    ),
    Candidate(
        "torch/onnx-int8-static",
        "onnxruntime",
        "quantisation",
        "ONNX Runtime's quantize_static, calibrated",
        "int8",
        packages=("onnx", "onnxscript", "onnxruntime"),
        extra="onnxruntime",
    ),
    Candidate("tensorflow/eager", "tensorflow", "mode", "the Keras model, called eagerly"),
    Candidate("tensorflow/function", "tensorflow", "mode", "tf.function, with Grappler"),
    Candidate(
        "tensorflow/function-plain", "tensorflow", "mode", "tf.function, Grappler switched off"
    ),
    Candidate("tensorflow/xla", "tensorflow", "mode", "tf.function with jit_compile"),
    Candidate(
        "tensorflow/saved-model", "tensorflow", "artefact", "SavedModel, by tf.saved_model.save"
    ),
    Candidate("tensorflow/bfloat16", "tensorflow", "mixed precision", "Keras policy", "bfloat16"),
    Candidate(
        "tensorflow/keras-int8",
        "tensorflow",
        "quantisation",
        "Keras' model.quantize('int8')",
        "int8",
    ),
    Candidate(
        "tensorflow/litert",
        "litert",
        "artefact",
        "LiteRT, float32",
        packages=("ai_edge_litert",),
        extra="litert",
    ),
    Candidate(
        "tensorflow/litert-int8-dynamic",
        "litert",
        "quantisation",
        "LiteRT, int8 weights, activations quantised at run time",
        "int8",
        packages=("ai_edge_litert",),
        extra="litert",
    ),
    Candidate(
        "tensorflow/litert-int8-static",
        "litert",
        "quantisation",
        "LiteRT, int8 throughout, calibrated",
        "int8",
        packages=("ai_edge_litert",),
        extra="litert",
    ),
    Candidate(
        "tensorflow/litert-int8-qat",
        "litert",
        "quantisation",
        "LiteRT, int8 throughout, fine-tuned with quantisation in the forward pass",
        "int8",
        tuned=True,
        packages=("ai_edge_litert",),
        extra="litert",
    ),
    Candidate(
        "tensorflow/onnx",
        "onnxruntime",
        "artefact",
        "tf2onnx, ONNX Runtime",
        packages=("tf2onnx", "onnx", "onnxruntime"),
        extra="onnxruntime",
    ),
)
"""All of them; the first one of a framework is what it does without any of this."""
