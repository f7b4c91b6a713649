"""Tables of numbers, read with pyarrow: Parquet by row groups, CSV as a stream of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isograd.errors import MissingDependency, UsageError, unknown
from isograd.ir.mapping import Array
from isograd.pipelines.items import Pair, classes_of

USUAL_TARGETS = ("label", "target", "class", "y")
"""Columns that are taken for the target where none is named; else it is the last one."""

BLOCK = 1 << 20
"""Bytes of a CSV file that are parsed at a time."""


class Table:
    """Inputs float32 [rows, columns], targets int64 or float32 [rows]; see `Blocks`. pyarrow's own
    threads are off: a pipeline's workers are the parallelism that is compared.

    Raises `UsageError` for a column that holds no numbers, or lacks some.
    """

    reorder = True

    def __init__(self, path: Path, target: str | None) -> None:
        self.path = path
        self.target = self._choose(target)
        found = [self._targets(block) for block in self._columns([self.target])]
        if not found:
            raise UsageError("There is no row in this table.", where=str(path))
        self.sizes: Sequence[int] = [len(some) for some in found]
        self.count = sum(self.sizes)
        self.targets = classes_of(np.concatenate(found))

    def names(self) -> list[str]:
        """Of all columns."""
        raise NotImplementedError

    def read(self, numbers: Sequence[int]) -> Iterator[Pair]:
        raise NotImplementedError

    def _columns(self, names: list[str]) -> Iterator[Any]:
        """These columns of every block."""
        raise NotImplementedError

    def groups(self) -> Iterator[Pair]:
        return self.read(range(len(self.sizes)))

    def _choose(self, target: str | None) -> str:
        names = self.names()
        if target is None:
            return next((n for n in names if n.lower() in USUAL_TARGETS), names[-1])
        if target not in names:
            raise unknown("column", target, names)
        return target

    def _pair(self, block: Any) -> Pair:
        inputs = [n for n in block.schema.names if n != self.target]
        columns = [self._numbers(block, name).astype(np.float32) for name in inputs]
        return np.stack(columns, axis=1), self._targets(block)

    def _targets(self, block: Any) -> Array:
        values = self._numbers(block, self.target)
        return values.astype(np.int64 if values.dtype.kind in "iub" else np.float32)

    def _numbers(self, block: Any, name: str) -> Array:
        column = block.column(name)
        if column.null_count:
            raise UsageError(
                f"The column {name!r} lacks {column.null_count:,} values.",
                where=str(self.path),
                hint="Fill them in first, or leave the column out.",
            )
        values: Array = column.to_numpy(zero_copy_only=False)
        if values.dtype.kind not in "iufb":
            raise UsageError(
                f"The column {name!r} holds no numbers.",
                where=str(self.path),
                hint="Encode it first, or leave it out.",
            )
        return values


class ParquetTable(Table):
    """A Parquet file: any row group can be read by itself."""

    def __init__(self, path: Path, target: str | None) -> None:
        self._file = _arrow("parquet").ParquetFile(path)
        super().__init__(path, target)

    def names(self) -> list[str]:
        return list(self._file.schema_arrow.names)

    def read(self, numbers: Sequence[int]) -> Iterator[Pair]:
        # a file that is open must not be shared with the processes that workers are
        file = _arrow("parquet").ParquetFile(self.path)
        for number in numbers:
            yield self._pair(file.read_row_group(int(number), use_threads=False))

    def _columns(self, names: list[str]) -> Iterator[Any]:
        for number in range(self._file.num_row_groups):
            yield self._file.read_row_group(number, columns=names, use_threads=False)


class CsvTable(Table):
    """A CSV file with a head line: it can only be read from its beginning, so that whoever wants a
    block parses all before it."""

    reorder = False

    def names(self) -> list[str]:
        return list(self._open(None).schema.names)

    def read(self, numbers: Sequence[int]) -> Iterator[Pair]:
        wanted = set(map(int, numbers))
        for number, block in enumerate(self._open(None)):
            if number in wanted:
                yield self._pair(block)

    def _columns(self, names: list[str]) -> Iterator[Any]:
        return iter(self._open(names))

    def _open(self, columns: list[str] | None) -> Any:
        csv = _arrow("csv")
        return csv.open_csv(
            self.path,
            read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK),
            convert_options=csv.ConvertOptions(include_columns=columns),
        )


def open_table(path: Path, target: str | None) -> Table:
    """A table by its suffix. Raises `UsageError` for a damaged file, `MissingDependency` without
    pyarrow."""
    kind = ParquetTable if path.suffix.lower() == ".parquet" else CsvTable
    invalid = _arrow("lib").ArrowInvalid
    try:
        return kind(path, target)
    except (invalid, OSError) as error:
        first = str(error).splitlines()[0]
        raise UsageError(f"This table cannot be read: {first}", where=str(path)) from None


def _arrow(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"pyarrow.{name}")
    except ModuleNotFoundError:
        raise MissingDependency(
            "Tables need pyarrow.", hint="pip install 'isograd[data]'"
        ) from None
