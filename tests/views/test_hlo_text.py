"""XLA's text is read as it is written."""

from __future__ import annotations

import pytest

from isograd.frameworks.tensorflow.views.hlo_text import parse
from isograd.frameworks.tensorflow.views.purposes import Purposes
from isograd.views import Value

TEXT = """HloModule step, entry_computation_layout={(f32[8,3]{1,0})->f32[]}

%add.1 (a.1: f32[], b.1: f32[]) -> f32[] {
  %a.1 = f32[] parameter(0)
  %b.1 = f32[] parameter(1)
  ROOT %sum.1 = f32[] add(f32[] %a.1, f32[] %b.1)
}

%fused (p.0: f32[8,3]) -> (f32[8,3], f32[8,3]) {
  %p.0 = f32[8,3]{1,0} parameter(0)
  %twice = f32[8,3]{1,0} multiply(%p.0, %p.0), metadata={op_type="Mul" op_name="net/Mul"}
  ROOT %both = (f32[8,3]{1,0}, /*index=1*/f32[8,3]{1,0}) tuple(%twice, %p.0)
}

ENTRY %main (x: f32[8,3]) -> f32[] {
  %x = f32[8,3]{1,0} parameter(0), metadata={op_name="XLA_Args"}
  %zero = bf16[2]{0} constant({0, 1})
  %copy.1 = f32[8,3]{0,1} copy(%x)
  %made = (f32[8,3]{1,0}, /*index=1*/f32[8,3]{1,0}) fusion(%copy.1), kind=kLoop, calls=%fused
  %first = f32[8,3]{1,0} get-tuple-element(%made), index=1
  %open = s64[<=8,3]{1,0} convert(%first)
  ROOT %total = f32[] reduce(%first, %zero), dimensions={0,1}, to_apply=%add.1
}
"""


def test_computations_and_their_instructions() -> None:
    program = parse(TEXT)
    assert program.entry == "main"
    assert {name: len(found) for name, found in program.computations.items()} == {
        "add.1": 3,
        "fused": 3,
        "main": 7,
    }


def test_types_operands_and_attributes() -> None:
    x, zero, copy, made, first, opened, total = parse(TEXT).computations["main"]
    assert (x.number, x.operands, x.op_name) == (0, (), "XLA_Args")
    assert zero.values == (Value("bfloat16", (2,)),)
    assert zero.attribute("value") == "{0, 1}"
    assert copy.operands == ("x",)
    assert made.values == (Value("float32", (8, 3)),) * 2
    assert made.calls == [("calls", "fused")]
    assert made.attribute("kind") == "kLoop"
    assert (first.operands, first.index) == (("made",), 1)
    assert opened.values == (Value("int64", (None, 3)),)
    assert (total.root, total.values, total.operands) == (
        True,
        (Value("float32", ()),),
        ("first", "zero"),
    )
    assert total.calls == [("to_apply", "add.1")]


def test_an_instruction_without_a_name_is_for_what_reads_it_inside_of_a_fusion_too() -> None:
    program = parse(TEXT)
    purposes = Purposes(program)
    by_name = {instruction.name: instruction for instruction in program.computations["main"]}
    assert purposes.find("main", by_name["copy.1"]) == "net/Mul"
    assert purposes.find("main", by_name["made"]) == "net/Mul"
    assert purposes.find("main", by_name["total"]) == ""


def test_a_text_without_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="no entry"):
        parse("HloModule nothing\n")
