"""Every kind of record that is saved can be shown and written again."""

from __future__ import annotations

import pytest

from isograd.errors import UsageError
from isograd.report.saved import KINDS, _named, read


@pytest.mark.parametrize("schema", KINDS)
def test_what_a_kind_names_is_there(schema) -> None:
    kind = KINDS[schema]
    assert kind.cls.schema.rpartition("/")[0] == schema
    assert callable(_named(kind.render))
    assert callable(_named(kind.write))


def test_no_two_kinds_share_a_file() -> None:
    files = [kind.file for kind in KINDS.values()]
    assert len(set(files)) == len(files)


def test_a_folder_without_a_result_says_what_would_be_one(tmp_path) -> None:
    with pytest.raises(UsageError, match="holds no result") as caught:
        read(tmp_path)
    assert "result.json" in str(caught.value.hint)


def test_a_record_of_another_kind_is_named(tmp_path) -> None:
    path = tmp_path / "odd.json"
    path.write_text('{"schema": "isograd/mapping/1"}')
    with pytest.raises(UsageError, match="isograd/mapping/1"):
        read(path)
