"""Symbolic sizes in a forward pass: each symbol that is needed becomes a local variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isograd.errors import UsageError
from isograd.frameworks.naming import UniqueNames
from isograd.frameworks.structure import size_source
from isograd.ir.ops.base import Dim, Shape
from isograd.ir.sizes import symbols, written


class Sizes:
    """Writes sizes, given the physical shapes of the inputs that they are read off. ``size`` is the
    source of an input's size along an axis. Variables are called after the symbols, or with
    ``alike`` as in every other module.
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        reserved: frozenset[str],
        size: Callable[[str, int], str],
        *,
        alike: bool = False,
    ) -> None:
        self._size = size
        self._found: dict[str, tuple[int, str, int]] = {}
        sizes = [(d, name, axis) for name, shape in shapes.items() for axis, d in enumerate(shape)]
        for symbol in symbols(*(size for size, _, _ in sizes)):
            options = [
                (factor, name, axis)
                for size, name, axis in sizes
                if (factor := size_source(symbol, size))
            ]
            if options:
                self._found[symbol] = min(options, key=lambda option: option[0])
        names = UniqueNames(reserved)
        self.names = {
            symbol: names.claim("size" if alike else symbol.lower(), "size")
            for symbol in self._found
        }
        self._used: set[str] = set()

    def __call__(self, size: Dim) -> int | str:
        """``size`` as source. Raises `UsageError` where no input tells it."""
        if isinstance(size, int):
            return size
        for symbol in symbols(size):
            if symbol not in self._found:
                raise UsageError(
                    f"The size {symbol!r} is not a size of any input by itself.",
                    hint="Give it as a number.",
                )
            self._used.add(symbol)
        return written(size, self.names)

    def prelude(self, inputs: Mapping[str, str]) -> list[str]:
        """The lines that read the symbols off the inputs, given the inputs' local names."""
        lines = []
        for symbol, (factor, name, axis) in self._found.items():
            if symbol in self._used:
                source = self._size(inputs[name], axis)
                share = f" // {factor}" if factor != 1 else ""
                lines.append(f"        {self.names[symbol]} = {source}{share}")
        return lines
