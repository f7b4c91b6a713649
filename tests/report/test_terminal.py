import io

import pytest
from rich.console import Console

from isograd.report import terminal
from isograd.result import Mode, Proof


def printed(width: int = 100, encoding: str = "utf-8", colour: bool = False, **kinds) -> str:
    """What one of the renderers writes to a terminal of this kind."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=width, force_terminal=colour)
    for name, argument in kinds.items():
        getattr(terminal, name)(argument, console)
    file.flush()
    return raw.getvalue().decode(encoding)


def proofs(result) -> dict[str, Proof]:
    return {mode.label: mode.proof for mode in result.modes if mode.proof}


WIDTHS = [60, 80, 100, 140]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(result, width):
    text = printed(width, render=result, render_proof=proofs(result))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_every_mode_has_its_row_also_one_that_crashed(result, width):
    table = printed(width, render=result).split("Noise floor")[0]
    rows = [line.split()[0] for line in table.splitlines() if line.startswith("  ")]
    for mode in ("eager", "jit", "compile", "session", "function", "xla"):
        assert mode in rows


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_figure_of_a_mode_is_shown(result, width):
    text = printed(width, render=result)
    for figure in ("391 µs", "[389–393]", "0.64×", "11.8 s", "53,299", "97.2%", "698 MiB"):
        assert figure in text


def test_the_answer_comes_before_the_table(result):
    text = printed(render=result)
    assert text.strip().startswith("Equivalent")
    assert text.index("Fastest: TensorFlow session") < text.index("mode ")


def test_a_partial_result_says_so_first(partial):
    assert printed(render=partial).strip().startswith("PARTIAL RESULT. Interrupted with Ctrl-C")


def test_an_unfair_comparison_names_the_failed_condition_and_no_winner(unfair):
    text = printed(200, render=unfair)
    assert "No winner is named" in text
    assert "learned: accuracy 10.3%" in text
    assert "Fastest" not in text


def test_a_missing_framework_comes_with_the_command_that_installs_it(without_tensorflow):
    text = printed(140, render=without_tensorflow)
    assert text.count("not installed") > 4
    assert "try: pip install 'isograd[tensorflow]'" in text


def test_a_terminal_without_utf8_gets_ascii(result):
    text = printed(80, "ascii", render=result, render_proof=proofs(result))
    assert text.isascii()
    assert "352 us [350-354]" in text
    assert "1.11x [1.10-1.12]" in text


def test_text_that_the_terminal_cannot_show_does_not_stop_the_report(result):
    result.modes[-1].reason = "\u30e1\u30e2\u30ea"
    assert "crashed" in printed(80, "ascii", render=result)


def test_markup_and_control_characters_of_a_worker_reach_no_terminal(result):
    result.modes[-1].reason = "[red]gone[/red] \x1b[2J\x07"
    text = printed(140, render=result)
    assert "[red]gone[/red]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_colour_adds_nothing_but_colour(result):
    plain = printed(100, render=result)
    coloured = printed(100, colour=True, render=result)
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain


def test_the_report_is_pointed_to(result):
    console = Console(record=True, width=100, file=io.StringIO())
    terminal.render(result, console, report="runs/1/report.html")
    assert "Report: runs/1/report.html" in console.export_text()


def test_a_proof_table_has_stages_down_and_modes_across(result):
    text = printed(100, render_proof=proofs(result))
    head = next(line for line in text.splitlines() if line.startswith("stage"))
    assert head.split()[1:] == ["eager", "jit", "compile", "eager", "session", "function"]
    for stage in ("structure", "gradients", "float32"):
        assert any(line.startswith(stage) for line in text.splitlines())


def test_a_failed_stage_is_spelled_out_with_tensor_and_size(different):
    text = printed(200, render_proof=proofs(different))
    assert "Different: torch/compile" in text
    assert "torch/compile, gradients: fc2.weight; 6 tensors; 3.1e9× the envelope" in text


def test_no_proof_at_all_is_not_called_equivalent():
    assert "Nothing was proven" in printed(render_proof={})


def test_modes_that_are_missing_from_a_proof_are_told_with_the_next_command():
    command = "pip install 'isograd[tensorflow]'"
    modes = [Mode("tensorflow", m, "not installed", command) for m in ("eager", "xla")]
    text = printed(render_missing=modes)
    assert "TensorFlow eager and xla: not installed." in text
    assert text.count(command) == 1


def test_a_proof_without_missing_modes_says_nothing_about_them(result):
    assert printed(render_missing=result.modes[:-1]) == ""


@pytest.mark.parametrize(("width", "figure"), [(80, "-3.08642e-02"), (140, "-3.08641972530e-02")])
def test_derivatives_are_shown_side_by_side(result, width, figure):
    text = printed(width, render_derivatives=result.derivatives)
    line = next(line for line in text.splitlines() if "fc1.weight[0, 0]" in line)
    assert line.count(figure[:9]) == 4
    assert figure in line


def test_a_derivative_without_a_formula_is_a_dash(result):
    result.derivatives[0].analytic = None
    assert "–" in printed(render_derivatives=result.derivatives)
