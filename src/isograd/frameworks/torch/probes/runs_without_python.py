"""A network is saved as it runs, and run by a C++ program that is linked to libtorch alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import cpp_extension

from isograd.probes.building import build, watch

X = [0.5, -1.0, 2.0]


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[2.0, -1.0, 0.5], [0.25, 1.0, -0.5]]))
        self.bias = nn.Parameter(torch.tensor([0.1, -0.2]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.weight @ x + self.bias)


def save(mode: Any, network: nn.Module, x: Tensor, file: Path) -> str:
    """Saves what this mode runs, and says by what."""
    if mode.name == "jit":
        torch.jit.save(mode.run(network, x), file)
        return "torch.jit.save of the trace"
    if mode.name == "compile":
        program = torch.export.export(network, (x,))
        torch._inductor.aoti_compile_and_package(program, package_path=str(file))
        return "AOTInductor, the same compiler ahead of time"
    torch.save(network, file)
    return "torch.save, which leaves the code in the Python class"


JIT = """
#include <torch/csrc/jit/serialization/import.h>

at::Tensor run(const char* file, const at::Tensor& x) {
  static auto network = torch::jit::load(file);
  return network.forward({x}).toTensor();
}
"""

PACKAGE = """
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

at::Tensor run(const char* file, const at::Tensor& x) {
  static torch::inductor::AOTIModelPackageLoader network(file);
  return network.run({x})[0];
}
"""

MAIN = """
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int count, char** words) {  // the file, and the numbers that go in
  std::vector<float> numbers;
  for (int i = 2; i < count; ++i) numbers.push_back(std::atof(words[i]));
  try {
    c10::InferenceMode guard;
    auto x = at::from_blob(numbers.data(), {static_cast<long>(numbers.size())});
    auto y = run(words[1], x).contiguous();
    for (long i = 0; i < y.numel(); ++i) std::printf("%.9g ", y.data_ptr<float>()[i]);
  } catch (const std::exception& error) {
    std::puts(error.what());
    return 1;
  }
  std::puts("");
  std::fflush(stdout);
  std::getchar();  // it is looked at, and may then end
}
"""


def flags() -> list[str]:
    """For the compiler and the linker: libtorch's own headers and libraries, without the one that
    ties it to Python."""
    found = ["-std=c++20", f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}"]
    found += [f"-I{path}" for path in cpp_extension.include_paths()]
    for path in cpp_extension.library_paths():
        found += [f"-L{path}", f"-Wl,-rpath,{path}"]
    return [*found, "-ltorch", "-ltorch_cpu", "-lc10"]


def observe(mode: Any) -> dict[str, Any]:
    network, x = Network().eval(), torch.tensor(X)
    loader, through = JIT, "torch::jit::load"
    if mode.name == "compile":
        loader, through = PACKAGE, "AOTIModelPackageLoader"
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        file, program = Path(folder) / "network.pt2", Path(folder) / "program"
        how = save(mode, network, torch.zeros(3), file)
        compiler = build(loader + MAIN, program, flags())
        found = watch(program, [file, *X])
        right = mode.run(network, torch.zeros(3))(x).tolist()
    return {"how": how, "through": through, "compiler": compiler, "right": right, **found}
