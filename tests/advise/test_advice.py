"""Who is advised what, and that the advice follows from measurements and limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from measurements import STEPS_US, measured, scaled, trained

from isograd.advice import Advice
from isograd.advise.conclude import advise
from isograd.advise.measured import Figure, Measured, debugging, scalings
from isograd.advise.profile import Profile
from isograd.advise.rank import rank, sureness
from isograd.errors import UsageError
from isograd.scaling.record import EngineResult, Estimate, Run, Scaling, Trajectory


def given(found: Measured | None = None, **profile: object) -> Advice:
    return advise(
        Profile().but(**profile), found or measured(), model="net", command="isograd advise net"
    )


def first(advice: Advice) -> tuple[str, str]:
    return f"{advice.ranked[0].framework}/{advice.ranked[0].mode}", advice.ranked[0].form


LITERT = "dense/tensorflow/litert-int8-static"

PROFILES: dict[str, tuple[dict[str, object], tuple[str, str]]] = {
    "a server": ({}, ("torch/eager", "dense/torch/onnx")),
    "a server that is trained for long": (
        {"steps": 10_000_000, "debugging": "low"},
        ("torch/compile", "dense/torch/onnx"),
    ),
    "a phone": (
        {"target": "phone", "debugging": "low"},
        ("tensorflow/function", LITERT),
    ),
    "a browser": ({"target": "browser"}, ("torch/eager", "dense/torch/onnx")),
    "a microcontroller": (
        {"target": "microcontroller", "limits": "size<200kB", "debugging": "low"},
        ("tensorflow/function", LITERT),
    ),
    "a microcontroller, by people who know PyTorch": (
        {"target": "microcontroller", "limits": "size<200kB", "team": "torch"},
        ("torch/eager", LITERT),
    ),
    "research": ({"target": "research"}, ("torch/eager", "")),
    "research with long trainings and no bugs": (
        {"target": "research", "steps": 10_000_000, "debugging": "low"},
        ("torch/compile", ""),
    ),
    "a server with a TensorFlow team and its code": (
        {"team": "tensorflow", "code": "tensorflow"},
        ("tensorflow/function", LITERT),
    ),
    "research on two machines": ({"target": "research", "workers": 2}, ("torch/eager", "")),
}


@pytest.mark.parametrize("who", PROFILES)
def test_each_profile_has_its_own_answer(who) -> None:
    profile, expected = PROFILES[who]
    assert first(given(**profile)) == expected


# Measurements decide ---------------------------------------------------------------------------


def test_a_quicker_step_changes_the_order() -> None:
    slow = given(target="research", debugging="low")
    quick = given(
        measured(trained=trained(tensorflow_function=4)), target="research", debugging="low"
    )
    assert first(slow)[0] == "torch/eager"
    assert first(quick)[0] == "tensorflow/function"


def test_a_quicker_form_changes_what_is_shipped() -> None:
    found = measured()
    assert found.shipped
    usual = first(given(found))[1]
    for latency in found.shipped.point("dense/tensorflow/saved-model").latencies:
        latency.p50_ms /= 50
    assert usual == "dense/torch/onnx"
    assert first(given(found))[1] == "dense/tensorflow/saved-model"


def test_better_debugging_changes_the_order() -> None:
    found = measured()
    profile = {"target": "research", "debugging": "high", "steps": 10_000_000}
    assert first(given(found, **profile))[0] == "torch/eager"
    alike = tuple(replace(one, yes=10.0) for one in found.debugged)
    assert first(given(measured(debugged=alike), **profile))[0] == "torch/compile"


def test_better_scaling_changes_the_order() -> None:
    profile = {"target": "research", "workers": 2, "debugging": "low"}
    assert first(given(**profile))[0].startswith("torch/")
    other = measured(scaled=scaled(torch=0.3, tensorflow=0.99))
    assert first(given(other, **profile))[0].startswith("tensorflow/")


def test_a_limit_changes_the_order_and_says_who_is_out() -> None:
    free, tight = given(), given(limits="size<200kB")
    assert free.ranked[0].form == "dense/torch/onnx"
    assert tight.ranked[0].form == LITERT
    assert any(o.what == "dense/torch/onnx" and "size<200kB" in o.why for o in tight.out)


def test_a_limit_that_nothing_meets_leaves_nothing() -> None:
    none = given(limits="size<1kB")
    assert not none.ranked
    assert none.exit_code == 5
    assert len([o for o in none.out if "size<1kB" in o.why]) == 6


def test_a_mode_that_is_not_proven_is_no_option() -> None:
    modes = tuple(
        replace(one, parted="it is not proven to be the same network (different)")
        if one.label == "torch/eager"
        else one
        for one in trained()
    )
    found = given(measured(trained=modes), target="research")
    assert "torch/eager" not in [f"{o.framework}/{o.mode}" for o in found.ranked]
    assert any("not proven" in o.why for o in found.out)


def test_reasons_name_the_measurement_and_where_it_is() -> None:
    (reason,) = [r for r in given().ranked[0].reasons if r.respect == "time of a training"]
    assert "400 µs" in reason.words
    assert reason.kind == "measured"
    assert reason.source == "a/result.json"
    (shipped,) = [r for r in given().ranked[0].reasons if r.respect == "latency"]
    assert shipped.source == "a/frontier.json"


def test_points_are_factors_of_two_times_their_weight() -> None:
    found = given(target="research", debugging="low", steps=10_000_000)
    points = {f"{o.framework}/{o.mode}": o.points for o in found.ranked}
    assert points["torch/compile"] == pytest.approx(0.0, abs=1e-3)
    assert points["tensorflow/eager"] == pytest.approx(-3.0, abs=0.02)  # eight times as slow


def test_facts_are_not_shown_as_measurements() -> None:
    advice = given(target="microcontroller")
    (out,) = [one for one in advice.out if one.what == "dense/torch/onnx"]
    assert "looked up" in out.why
    assert out.source.startswith("https://")


# How sure, and what would change it ------------------------------------------------------------


def wider(step: Figure | None, times: float) -> Figure:
    assert step
    return replace(step, low=step.value / times, high=step.value * times)


def test_wide_intervals_make_it_less_sure() -> None:
    def at(width: float) -> float:
        modes = tuple(
            replace(
                one, step=replace(one.step, low=one.step.value / width, high=one.step.value * width)
            )
            for one in trained()
            if one.step
        )
        profile = Profile(target="research", debugging="low", steps=1_000_000)
        sure = sureness(rank(profile, measured(trained=modes))[0], 0.0)
        assert sure is not None
        return sure

    assert at(1.01) > 0.99
    assert at(3.0) < 0.9


def test_two_that_are_alike_are_said_to_be() -> None:
    profile = {"target": "research", "debugging": "low", "steps": 1_000_000}
    pair = ("torch/eager", "tensorflow/function")
    even = [one for one in trained(tensorflow_function=450 / 404) if one.label in pair]
    uneven = [one for one in trained(tensorflow_function=2) if one.label in pair]
    assert given(measured(trained=tuple(even)), **profile).same
    assert not given(measured(trained=tuple(uneven)), **profile).same


def test_what_would_change_it_really_does() -> None:
    advice = given(target="phone", team="torch")
    named = [one for one in advice.changes if one.kind == "yours"]
    assert named
    for change in named:
        key, _, value = change.what.partition(": ")
        if key == "target":
            other = given(target=value, team="torch")
            assert f"{first(other)[0]}, {first(other)[1]}".rstrip(", ") == change.leader


def test_a_measurement_that_would_turn_it_is_as_large_as_it_is_said_to_be() -> None:
    profile = {"target": "research", "debugging": "low", "steps": 1_000_000}
    advice = given(**profile)
    (change,) = [one for one in advice.changes if one.kind == "measured"]
    times = float(change.what.split()[-2])
    assert change.leader == "tensorflow/function"
    less, more = (
        given(measured(trained=trained(tensorflow_function=factor * times)), **profile)
        for factor in (0.9, 1.1)
    )
    assert first(less)[0].startswith("torch/")
    assert first(more)[0] == "tensorflow/function"


def test_what_is_not_known_is_said() -> None:
    bare = given(Measured(trained=trained()), workers=4, hardware="gpu")
    said = " ".join(bare.cautions)
    for words in ("isograd optimize", "isograd probe", "isograd scale", "not on gpu"):
        assert words in said
    assert "isograd optimize" not in " ".join(given(target="research").cautions)


def test_nothing_measured_recommends_nothing() -> None:
    assert not given(Measured()).ranked


def test_the_record_is_read_back() -> None:
    advice = given()
    assert Advice.from_json(advice.to_json()) == advice


def test_every_mode_is_in_the_list_once_for_each_framework_to_ship_from() -> None:
    assert len(given().ranked) == 2 * len(STEPS_US)


def test_limits_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="weight"):
        given(limits="weight<3kg")


def test_times_on_other_hardware_do_not_count() -> None:
    here, there = given(target="research"), given(target="research", hardware="gpu")
    for advice, counts in ((here, True), (there, False)):
        respects = {reason.respect for one in advice.ranked for reason in one.reasons}
        assert ("time of a training" in respects) is counts
    bare = given(Measured(trained=trained()), target="research", hardware="gpu")
    assert bare.open
    assert not bare.same
    assert bare.sure is None
    assert bare.exit_code == 5
    cuda = measured(device="cuda")
    assert first(given(cuda, target="research", hardware="gpu")) == first(here)


def test_scalings_that_are_another_training_do_not_count() -> None:
    def run(workers: int, value: float, verdict: str) -> Run:
        held = Trajectory(verdict, [], [])  # type: ignore[arg-type]
        return Run(workers, 64, "", "ok", trajectory=held, efficiency=Estimate(value, 0.5, 1.0))

    engines = [
        EngineResult("ddp", "torch", "DDP", "", "ok", runs=[run(2, 0.8, "equivalent")]),
        EngineResult("fsdp", "torch", "FSDP", "", "ok", runs=[run(2, 0.9, "equivalent")]),
        EngineResult("multiworker", "tensorflow", "M", "", "ok", runs=[run(2, 0.9, "different")]),
    ]
    found = Scaling("", "", {}, {}, {}, {}, {}, engines=engines)
    (best,) = scalings(found, "a/scaling.json")
    assert (best.framework, best.efficiency.value) == ("torch", 0.9)


def test_whether_a_form_needs_python_is_said_and_does_not_count() -> None:
    def said(answer: str) -> dict[str, str]:
        asked = replace(
            measured(),
            without_python={"torch/compile": answer},
            without_python_source="b/probes.json",
        )
        found = given(asked, weights={"size": 0.0})
        assert [one.points for one in found.ranked] == points
        assert "b/probes.json" in found.evidence
        reasons = ((one.form, reason) for one in found.ranked for reason in one.reasons)
        return {form: reason.words for form, reason in reasons if reason.respect == "Python"}

    points = [one.points for one in given(weights={"size": 0.0}).ranked]
    form = "dense/torch/aot-inductor"
    assert said("yes") == {form: "a program without Python runs this form"}
    assert said("no") == {form: "this form runs in Python alone"}


def test_answers_about_debugging_are_counted() -> None:
    asked = [
        ("print", "torch", "eager", "yes"),
        ("hooks", "torch", "eager", "partly"),
        ("print", "torch", "jit", "no"),
        ("hooks", "torch", "jit", ""),
    ]
    eager, jit = debugging(asked, "a/probes.json")
    assert (eager.yes, eager.asked, eager.noes) == (1.5, 2, ())
    assert (jit.yes, jit.asked, jit.noes) == (0.0, 1, ("print",))
