"""Several methods side by side: what is shown, what is measured, and that the newest moment wins."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.face import FaceResult, Result
from depthface_app.core.latest import Latest
from depthface_app.pipeline.comparison import (
    DENOISED,
    FUSED,
    LEAST_FUSED,
    RAW,
    TRUTH,
    Comparison,
    Measured,
    Meter,
    Moment,
    Wanted,
    seen_by,
)
from depthface_app.pipeline.fusing import Reference
from depthface_app.pipeline.fusion import Fused
from depthface_app.pipeline.inspection import inspect_frame, summary
from depthface_app.pipeline.maps import DEPTH, DIFFERENCE, NOISE
from depthface_app.pipeline.methods import FIXED_METHODS, true_face
from depthface_app.pipeline.stages import Models
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser
from tests.unit.test_inspection import PerfectDenoiser, noisy, truth

LIMIT_S = 20
FOUR = Wanted(((RAW, DEPTH), (DENOISED, DEPTH), (DENOISED, DIFFERENCE), ("median", NOISE)))


def moment(number=0, denoiser=None, **changes):
    frame = noisy(number, **changes)
    (location,) = FakeLocator().locate(frame)
    crop = crop_face(frame.depth_float(), frame.intrinsics, location.nose_mm)
    return Moment(frame, location, (denoiser or PerfectDenoiser()).denoise(crop))


class Counting(FakeDenoiser):
    def __init__(self):
        super().__init__()
        self.calls = []

    def denoise(self, crop, fine=False):
        self.calls.append(fine)
        return super().denoise(crop, fine)


def test_every_view_has_its_map_and_the_running_models_answer_is_not_made_twice():
    now = moment()
    seen = seen_by(now, FOUR, FIXED_METHODS)
    assert [each.shape for each in seen.maps] == [(128, 128)] * 4
    assert seen.faces[DENOISED] is now.denoised
    np.testing.assert_array_equal(seen.maps[2], now.denoised.depth_mm - now.crop.depth_mm)


def test_a_method_that_four_views_share_runs_once():
    other = Counting()
    wanted = Wanted((("other", DEPTH), ("other", NOISE), ("other", DIFFERENCE), (RAW, DEPTH)), ("other", RAW))
    seen_by(moment(), wanted, {**FIXED_METHODS, "other": other})
    assert other.calls == [False]


def test_the_truth_is_missing_where_nobody_knows_it_and_shown_where_it_is_known():
    wanted = Wanted(((TRUTH, DEPTH), (DENOISED, DIFFERENCE)), (TRUTH, DENOISED))
    assert seen_by(moment(), wanted, FIXED_METHODS).maps == (None, None)
    error = seen_by(moment(truth_mm=truth()), wanted, FIXED_METHODS).maps[1]
    assert np.nanmedian(np.abs(error)) < 0.2


def test_finer_pictures_are_decoded_when_asked_for_by_methods_that_can():
    own = Counting()
    methods = {**FIXED_METHODS, DENOISED: own}
    wanted = Wanted(((DENOISED, DEPTH), ("median", DEPTH)), fine=True)
    seen = seen_by(moment(), wanted, methods)
    assert [each.shape for each in seen.maps] == [(256, 256), (128, 128)]
    assert own.calls == [True]
    seen_by(moment(), Wanted(((DENOISED, DEPTH),)), methods)
    assert own.calls == [True]


def test_figures_are_those_of_the_command_line():
    networks = Models(FakeLocator(), PerfectDenoiser(), FakeRecogniser())
    frames = [noisy(number, truth_mm=truth()) for number in range(2)]
    reports, look = [], None
    for frame in frames:
        report, look = inspect_frame(frame, networks, look, frame.truth_mm, against=FIXED_METHODS["bilateral"])
        reports.append(report)
    wanted = Wanted(((RAW, DEPTH),), ("bilateral", DENOISED))
    meter = Meter()
    for number, now_s in ((0, 0.0), (1, 9.0)):
        seen = seen_by(moment(number, truth_mm=truth()), wanted, FIXED_METHODS)
        measured = meter.measure(seen, FakeRecogniser(), lambda now_s=now_s: now_s)
    assert measured.frames == 2
    expected = summary(reports, ("bilateral", DENOISED))
    for side in ("bilateral", DENOISED):
        assert measured.figures[side] == pytest.approx(expected[side], nan_ok=True)
    assert expected["bilateral"]["rmse_mm"] > expected[DENOISED]["rmse_mm"] > 0


def test_figures_come_now_and_then():
    meter, recogniser = Meter(), FakeRecogniser()

    def measure(number, now_s):
        return meter.measure(seen_by(moment(number), Wanted(()), FIXED_METHODS), recogniser, lambda: now_s)

    assert measure(0, 0.0).frames == 1
    assert measure(1, 0.1) is None
    assert measure(2, 0.3).frames == 2


def test_a_slow_machine_measures_less_often():
    times = iter((0.0, 1.0, 3.9, 4.1, 4.2))  # begun, done a second later, too early, begun again, done
    meter = Meter()
    done = [
        meter.measure(seen_by(moment(k), Wanted(()), FIXED_METHODS), FakeRecogniser(), lambda: next(times))
        for k in range(3)
    ]
    assert [each is None for each in done] == [False, True, False]


def test_another_pair_begins_anew_and_a_picture_that_stands_still_is_counted_once():
    meter, recogniser, now = Meter(), FakeRecogniser(), moment()

    def measure(now_s, pair):
        return meter.measure(seen_by(now, Wanted((), pair), FIXED_METHODS), recogniser, lambda: now_s)

    assert measure(0.0, (RAW, DENOISED)).frames == 1
    assert measure(9.0, (RAW, DENOISED)) is None
    again = measure(9.1, ("median", DENOISED))
    assert (again.frames, again.pair) == (1, ("median", DENOISED))
    assert measure(99.0, (TRUTH, DENOISED)) is None


def test_a_break_is_not_measured_across_and_another_person_begins_anew():
    meter, recogniser = Meter(), FakeRecogniser()

    def measure(number, track=1, segment=0):
        now = moment(number, segment=segment)
        now = replace(now, location=replace(now.location, track=track))
        return meter.measure(seen_by(now, Wanted(()), FIXED_METHODS), recogniser, lambda: float(number))

    assert measure(0).frames == 1
    broken = measure(1, track=2, segment=1)
    assert broken.frames == 2
    assert np.isnan(broken.figures[RAW]["temporal_noise_mm"])
    again = measure(2, track=2, segment=1)
    assert again.figures[RAW]["temporal_noise_mm"] > 1
    assert measure(3, track=3, segment=1).frames == 1


def until(condition):
    """Wait on a condition, looking again every few milliseconds."""
    ticker, deadline_s = threading.Event(), time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        ticker.wait(0.005)


class Desk:
    """A comparison that runs, and its bells."""

    def __init__(self):
        self.seen, self.measured, self.problem = (threading.Event() for _ in range(3))
        self.comparison = Comparison(self.seen.set, self.measured.set, self.problem.set)
        self.comparison.recogniser = FakeRecogniser()
        self.comparison.start()


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.comparison.stop()
    assert not any(thread.is_alive() for thread in desk.comparison._threads)


def test_a_moment_is_shown_and_measured_on_the_thread(desk):
    desk.comparison.show(moment(), FOUR)
    assert desk.measured.wait(LIMIT_S)
    assert len(desk.comparison.seen.take().maps) == 4
    assert isinstance(desk.comparison.measured.take(), Measured)


def test_the_newest_moment_wins(desk):
    slow = Counting()
    slow.gate.clear()
    desk.comparison.methods = {**FIXED_METHODS, "slow": slow}
    wanted = Wanted((("slow", DEPTH),), (RAW, DENOISED))
    moments = [moment(number) for number in range(4)]
    for each in moments:
        desk.comparison.show(each, wanted)
    slow.gate.set()
    assert desk.seen.wait(LIMIT_S)
    while (seen := desk.comparison.seen.take(1.0)) is not None:
        last = seen
    assert last.moment.frame is moments[-1].frame
    assert len(slow.calls) <= 3


def test_a_method_that_fails_is_told_and_the_next_moment_is_shown(desk):
    broken = Counting()
    broken.failure = "the model gave up"
    desk.comparison.methods = {**FIXED_METHODS, "broken": broken}
    desk.comparison.show(moment(), Wanted((("broken", DEPTH),)))
    assert desk.problem.wait(LIMIT_S)
    assert desk.comparison.problems.take() == "the model gave up"
    desk.comparison.show(moment(), FOUR)
    assert desk.comparison.seen.take(LIMIT_S) is not None


def stream(desk, now, wanted=FOUR):
    """What the engine tells of a moment: the box for its surface, not filled yet, and what will be put into it."""
    face = FaceResult(now.location, now.crop)
    desk.comparison.following = (lambda result: result.faces[0], wanted)
    surfaces = Latest()
    desk.comparison.watch(Result(now.frame, (face,)), surfaces)
    return surfaces, Result(now.frame, (replace(face, denoised=now.denoised),))


def test_other_methods_are_at_work_before_the_running_model_has_answered(desk):
    other, now = Counting(), moment()
    desk.comparison.methods = {**FIXED_METHODS, "other": other}
    surfaces, answer = stream(desk, now, Wanted(((DENOISED, DEPTH), ("other", DEPTH))))
    until(lambda: other.calls == [False])
    assert not desk.seen.is_set()
    surfaces.put(answer)
    assert desk.seen.wait(LIMIT_S)
    seen = desk.comparison.seen.take()
    assert seen.faces[DENOISED] is now.denoised
    assert set(seen.faces) == {RAW, DENOISED, "other"}
    assert other.calls == [False]


def test_a_running_model_that_fails_leaves_its_moment_out_and_the_next_is_shown(desk):
    surfaces, _ = stream(desk, moment())
    surfaces.close()
    surfaces, answer = stream(desk, moment(1))
    surfaces.put(answer)
    assert desk.comparison.seen.take(LIMIT_S).moment.frame.number == 1
    assert desk.comparison.problems.take() is None


def test_nothing_is_shown_of_a_stream_that_is_not_followed_or_has_no_face(desk):
    now = moment()
    desk.comparison.watch(Result(now.frame, (FaceResult(now.location, now.crop),)), Latest())
    desk.comparison.following = (lambda result: None, FOUR)
    desk.comparison.watch(Result(now.frame, ()), Latest())
    assert desk.comparison._work.take() is None


def test_where_nobody_knows_the_truth_errors_are_counted_from_the_fused_surface(desk):
    """A fused surface that is the truth itself gives the figures that the truth would."""
    now, wanted = moment(), Wanted(((FUSED, DEPTH),))
    known = Meter().measure(seen_by(moment(truth_mm=truth()), wanted, FIXED_METHODS), FakeRecogniser(), lambda: 0.0)
    assert known.reference == TRUTH
    clean = truth()
    rows, columns = np.mgrid[: clean.shape[0], : clean.shape[1]]
    points = now.frame.intrinsics.back_project(clean).reshape(-1, 3)
    corner = (rows * clean.shape[1] + columns)[:-1, :-1].ravel()
    right, down = corner + 1, corner + clean.shape[1]
    triangles = np.concatenate((np.stack((corner, right, down), 1), np.stack((right, down + 1, down), 1)))
    fused = Fused(LEAST_FUSED, points, triangles.astype(np.int32), now.location.nose_mm)
    desk.comparison.fusing.reference = Reference(fused, float("nan"))
    desk.comparison.fusing.has_failed = True  # takes no more frames
    desk.comparison.show(now, wanted)
    seen = desk.comparison.seen.take(LIMIT_S)
    assert seen.reference.fused.frames == LEAST_FUSED
    expected = true_face(replace(now.frame, truth_mm=clean), now.crop).depth_mm
    assert np.nanpercentile(np.abs(seen.maps[0] - expected), 95) < 1
    measured = desk.comparison.measured.take(LIMIT_S)
    assert measured.reference == FUSED
    for side in (RAW, DENOISED):
        assert measured.figures[side]["rmse_mm"] == pytest.approx(known.figures[side]["rmse_mm"], rel=0.05, abs=0.02)


def test_a_fused_surface_of_few_frames_is_no_reference():
    now, few = moment(), Fused(LEAST_FUSED - 1, np.zeros((3, 3), np.float32), np.zeros((1, 3), np.int32), (0, 0, 600))
    seen = replace(seen_by(now, Wanted(()), FIXED_METHODS), reference=Reference(few, float("nan")))
    assert Meter().measure(seen, FakeRecogniser(), lambda: 0.0).reference == ""
