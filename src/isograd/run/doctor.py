"""`doctor`: what this machine has, what of isograd can run here, and what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from isograd.doctor import Check, Doctor, State
from isograd.frameworks import DISTRIBUTIONS, MODES, installed
from isograd.measure.environment import environment, version_of
from isograd.notation.names import title
from isograd.probes.building import find_compiler

LEAST = (3, 11)
"""The oldest Python that isograd runs on."""

TRY_S = 180.0
"""How long one thing may take to be tried."""

OPTIONAL: dict[str, tuple[tuple[str, str], ...]] = {
    "onnx": (("onnx", "onnx"),),
    "onnxruntime": (("onnxruntime", "onnxruntime"), ("onnxscript", "onnxscript")),
    "quantize": (("torchao", "torchao"),),
    "litert": (("ai_edge_litert.interpreter", "ai-edge-litert"),),
    "text": (("tokenizers", "tokenizers"),),
    "data": (("pyarrow", "pyarrow"), ("PIL", "pillow")),
    "ray": (("ray", "ray"),),
}
"""Extra to (module, package) of what it installs."""

FOR = {
    "onnx": ".onnx files as networks",
    "onnxruntime": "ONNX and its int8 forms in isograd optimize",
    "quantize": "int8 forms of PyTorch in isograd optimize",
    "litert": "LiteRT forms in isograd optimize",
    "text": "isograd pretrain, finetune and use",
    "data": "images, Parquet and CSV in isograd data",
    "ray": "isograd sweep",
}

TRIALS = {
    "torch/eager": "x = torch.ones(2, requires_grad=True); (x * x).sum().backward()",
    "torch/jit": "torch.jit.trace(lambda x: x * x, torch.ones(2))(torch.ones(2))",
    "torch/compile": "torch.compile(lambda x: x * x + 1)(torch.ones(2))",
    "tensorflow/eager": "x = tf.ones(2); tf.reduce_sum(x * x).numpy()",
    "tensorflow/session": "g = tf.Graph()\nwith g.as_default(): y = tf.ones(2) * 2\n"
    "tf.compat.v1.Session(graph=g).run(y)",
    "tensorflow/function": "tf.function(lambda x: x * x)(tf.ones(2)).numpy()",
    "tensorflow/xla": "tf.function(lambda x: x * x, jit_compile=True)(tf.ones(2)).numpy()",
}
"""Mode to the smallest thing that shows that it runs."""

DEVICES = {
    "torch": "[torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]",
    "tensorflow": "[d.name for d in tf.config.list_physical_devices('GPU')]",
}

PROGRAM = """
import json, sys
{imports}
found = {{}}
for name, trial in json.loads(sys.argv[1]).items():
    try:
        exec(trial)
        found[name] = ""
    except BaseException as error:
        found[name] = f"{{type(error).__name__}}: {{error}}".splitlines()[0][:300]
print("isograd-doctor " + json.dumps({{"found": found, "devices": {devices}}}))
"""

IMPORTS = {
    "torch": "import torch",
    "tensorflow": "import tensorflow as tf; import keras",
}


def doctor() -> Doctor:
    """Looks, and tries: every mode runs something small in a process of its own."""
    found = Doctor(environment())
    found.checks.append(_python())
    with ThreadPoolExecutor() as pool:
        for checks, devices in pool.map(_framework, MODES):
            found.checks += checks
            found.devices += devices
    found.checks.append(_compiler())
    found.checks += [check for extra in OPTIONAL for check in _extra(extra)]
    return found


def _python() -> Check:
    here, wanted = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, LEAST))
    good = sys.version_info[:2] >= LEAST
    fix = "" if good else f"Install Python {wanted} or later."
    return Check("isograd", "Python", "ok" if good else "broken", here, fix)


def _framework(framework: str) -> tuple[list[Check], list[str]]:
    """Its modules, each of its modes, and its devices."""
    name, fix = title(framework), f"pip install 'isograd[{framework}]'"
    if not installed(framework):
        return [Check(name, "installed", "missing", "", fix)], []
    versions = ", ".join(f"{m} {_version(m)}" for m in DISTRIBUTIONS[framework])
    checks = [Check(name, "installed", "ok", versions)]
    trials = {f"{framework}/{mode}": TRIALS[f"{framework}/{mode}"] for mode in MODES[framework]}
    program = PROGRAM.format(imports=IMPORTS[framework], devices=DEVICES[framework])
    answer, reason = _run(program, json.dumps(trials))
    if answer is None:
        checks[0] = Check(name, "installed", "broken", f"{versions}: {reason}", fix)
        return checks, []
    for mode, error in answer["found"].items():
        label = mode.partition("/")[2]
        checks.append(Check(name, label, "broken" if error else "ok", error or "runs"))
    return checks, [f"{name}: {device}" for device in answer["devices"]]


def _compiler() -> Check:
    found = find_compiler()
    if found:
        return Check("PyTorch", "C++ compiler", "ok", f"{found}, for compile", needed=False)
    fix = "apt install g++, or your system's package of a C++ compiler"
    return Check("PyTorch", "C++ compiler", "missing", "compile needs it on a CPU", fix, False)


def _extra(extra: str) -> list[Check]:
    trials = {package: f"import {module}" for module, package in OPTIONAL[extra]}
    answer, reason = _run(PROGRAM.format(imports="", devices="[]"), json.dumps(trials))
    checks = []
    for package in trials:
        own = _version(package)
        error = reason if answer is None else answer["found"][package]
        state: State = "ok" if not error else "broken" if own else "missing"
        fix = "" if state == "ok" else f"pip install 'isograd[{extra}]'"
        detail = f"{own}, for {FOR[extra]}" if state == "ok" else f"for {FOR[extra]}"
        if state == "broken":
            detail = f"{own}: {error}"
        checks.append(Check("optional", package, state, detail, fix, False))
    return checks


def _version(package: str) -> str:
    """Its own, or that of its build for processors alone."""
    return version_of(package) or version_of(f"{package}-cpu")


def _run(program: str, argument: str) -> tuple[dict[str, Any] | None, str]:
    """What a program answers, or None and why it does not."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, argument],
            capture_output=True,
            text=True,
            timeout=TRY_S,
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer for {TRY_S:g} s"
    for line in done.stdout.splitlines():
        if line.startswith("isograd-doctor "):
            answer: dict[str, Any] = json.loads(line.partition(" ")[2])
            return answer, ""
    lines = done.stderr.strip().splitlines()
    return None, lines[-1][:300] if lines else f"it ended with code {done.returncode}"
