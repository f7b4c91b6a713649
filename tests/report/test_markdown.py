import re

import pytest

from isograd.report import markdown


def table_after(text: str, heading: str) -> list[list[str]]:
    """Cells of the first table after a heading, split where GitHub splits them."""
    lines = text.split(heading, 1)[1].splitlines()
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return rows


def test_the_answer_is_the_heading(result):
    heading = markdown.render(result).splitlines()[0]
    assert heading == "# The same network in 6 of 7 modes. TensorFlow session trains it fastest."


def test_every_mode_has_a_row_with_its_status(result):
    header, _, *rows = table_after(markdown.render(result), "\n")
    assert [row[0] for row in rows][-2:] == ["TensorFlow function", "TensorFlow xla"]
    assert len(rows) == 7
    assert rows[-1][-1].startswith("crashed: The worker ended with signal 11")
    assert all(len(row) == len(header) for row in rows)


def test_pipes_and_markup_break_no_table(result):
    result.modes[-1].reason = "a | b <script>alert(1)</script> `c` \\| [x](javascript:y)\n| d"
    header, _, *rows = table_after(markdown.render(result), "\n")
    assert all(len(row) == len(header) for row in rows)
    assert "<script>" not in markdown.render(result)
    assert "](javascript" not in markdown.render(result)


def test_a_command_cannot_end_its_block(result):
    result.command = "x\n```\n</code></pre><script>"
    assert "<script>" not in markdown.render(result)
    assert markdown.render(result).count("</pre>") == 1


def test_a_partial_result_is_labelled(partial):
    assert "> **Partial result.** Interrupted with Ctrl-C in round 3 of 6." in markdown.render(
        partial
    )


def test_a_failed_condition_stands_out(unfair):
    rows = table_after(markdown.render(unfair), "## Fairness gate")
    assert rows[-1][:2] == ["learned", "**no**"]


@pytest.mark.parametrize(
    "heading", ["Proof", "Training agreement", "Derivatives", "Fairness gate", "How to reproduce"]
)
def test_what_was_found_has_its_section(result, heading):
    assert f"## {heading}\n" in markdown.render(result)


def test_what_was_not_found_has_no_section(result):
    result.derivatives = []
    assert "Derivatives" not in markdown.render(result)
