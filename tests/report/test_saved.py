"""Every kind of record that is saved can be shown and written again."""

from __future__ import annotations

import pytest

from isograd.errors import UsageError
from isograd.records import KINDS
from isograd.report.saved import SHOWN, _named, read


@pytest.mark.parametrize("kind", SHOWN)
def test_what_shows_a_kind_is_there(kind) -> None:
    assert callable(_named(SHOWN[kind].render))
    assert callable(_named(SHOWN[kind].write))


def test_every_kind_with_a_page_can_be_shown() -> None:
    assert set(SHOWN) == {name for name, kind in KINDS.items() if kind.page}


def test_a_folder_without_a_result_says_what_would_be_one(tmp_path) -> None:
    with pytest.raises(UsageError, match="holds no result") as caught:
        read(tmp_path)
    assert "result.json" in str(caught.value.hint)


def test_a_record_of_another_kind_is_named(tmp_path) -> None:
    path = tmp_path / "odd.json"
    path.write_text('{"schema": "isograd/mapping/1"}')
    with pytest.raises(UsageError, match="isograd/mapping/1"):
        read(path)
