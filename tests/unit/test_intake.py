"""What is looked at in every frame before anybody sees it."""

from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.frame import Frame
from depthface_app.pipeline.intake import Intake, take_in
from tests.fakes import fake_frame

NOW_S = 100.0
STALE_S = 2.0


def frame_at(number: int, captured_s: float = NOW_S, **changed) -> Frame:
    return replace(fake_frame(number), captured_s=captured_s, **changed)


def after(*frames: Frame) -> Intake:
    intake = Intake()
    for frame in frames:
        intake, good, why = take_in(intake, frame, frame.captured_s, STALE_S)
        assert good is not None, why
    return intake


def refused(frame: Frame, intake: Intake | None = None, now_s: float = NOW_S) -> str:
    before = intake or Intake()
    left, good, why = take_in(before, frame, now_s, STALE_S)
    assert good is None
    assert left is before  # a bad frame leaves nothing behind
    return why


def test_a_good_frame_passes_as_it_is() -> None:
    frame = frame_at(1)
    intake, good, why = take_in(Intake(), frame, NOW_S, STALE_S)
    assert good is frame
    assert why == ""
    assert intake.last is frame


def of_depth(depth: np.ndarray) -> Frame:
    return frame_at(1, depth_mm=depth, colour=None, infrared=None)


FINE = np.full((120, 160), 700, np.float32)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (of_depth(np.where(np.eye(120, 160) > 0, np.nan, FINE).astype(np.float32)), "depths from nan"),
        (of_depth(np.where(np.eye(120, 160) > 0, np.inf, FINE).astype(np.float32)), "depths from 700 to inf mm"),
        (of_depth(-FINE), "depths from -700"),
        (of_depth(FINE.astype(np.float64)), "depth of the type float64"),
        (frame_at(1, colour=np.zeros((60, 80, 3), np.uint8)), "colour does not have the size of depth"),
        (frame_at(1, infrared=np.zeros((160, 120), np.uint8)), "infrared does not have the size of depth"),
        (replace(fake_frame(0, (6, 9000)), captured_s=NOW_S), "9000x6 pixels"),
        (frame_at(1, intrinsics=replace(fake_frame().intrinsics, fx=float("nan"))), "no focal length"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_frame_that_contradicts_itself_is_refused(frame: Frame, sentence: str) -> None:
    why = refused(frame)
    assert sentence in why
    assert why.endswith("unplug it for a moment, or choose another mode")


def test_old_and_future_frames_are_refused_and_a_little_of_both_is_not() -> None:
    assert "sends pictures 2.5 s late" in refused(frame_at(1, NOW_S - 2.5))
    assert "from the future" in refused(frame_at(1, NOW_S + 5))
    assert "from the future" in refused(frame_at(1, float("nan")))
    for captured_s in (NOW_S - 1.9, NOW_S + 0.1):
        assert take_in(Intake(), frame_at(1, captured_s), NOW_S, STALE_S)[1] is not None


def test_the_same_picture_again_is_refused_from_a_live_camera_only() -> None:
    first = frame_at(1)
    again = replace(first, number=2, device_timestamp_ms=first.device_timestamp_ms + 33, captured_s=NOW_S + 0.03)
    assert "the same picture again and again" in refused(again, after(first))
    other = again.depth_mm.copy()
    other[60, 80] += 1
    assert take_in(after(first), replace(again, depth_mm=other), NOW_S, STALE_S)[1] is not None
    still, still_again = replace(first, is_live=False), replace(again, is_live=False)
    assert take_in(after(still), still_again, NOW_S, STALE_S)[1] is not None


def test_darkness_is_handed_on_and_its_beginning_remembered() -> None:
    dark = [frame_at(n, NOW_S + n, depth_mm=np.zeros((120, 160), np.uint16)) for n in range(3)]
    assert after(frame_at(9, NOW_S - 1)).dark_since_s is None
    assert after(*dark).dark_since_s == NOW_S
    assert after(*dark, frame_at(5, NOW_S + 5)).dark_since_s is None
    speck = np.zeros((120, 160), np.uint16)
    speck[3, 3:12] = 700
    assert after(frame_at(1, depth_mm=speck)).dark_since_s == NOW_S


def segment_after(last: Frame, frame: Frame) -> int:
    good = take_in(after(last), frame, frame.captured_s, STALE_S)[1]
    assert good is not None
    return good.segment


def test_a_jump_of_clock_or_counter_begins_a_new_segment_and_ordinary_time_does_not() -> None:
    last = frame_at(10)
    following = frame_at(11, NOW_S + 1 / 30)
    assert segment_after(last, following) == 0
    assert segment_after(last, frame_at(40, NOW_S + 1)) == 0  # frames were skipped
    unpaced = frame_at(11, NOW_S + 0.001)
    assert segment_after(last, unpaced) == 0
    assert segment_after(last, replace(following, number=3)) == 1
    assert segment_after(last, replace(following, device_timestamp_ms=5.0)) == 1
    assert segment_after(last, replace(following, device_timestamp_ms=last.device_timestamp_ms + 5000)) == 1
    assert segment_after(last, replace(following, serial="OTHER")) == 1
    assert segment_after(last, replace(following, timestamp_domain="another clock")) == 1
    assert segment_after(last, replace(fake_frame(11, (60, 80)), captured_s=NOW_S + 0.03)) == 1
    assert segment_after(last, frame_at(11, NOW_S - 0.1)) == 1


def test_opening_again_begins_a_new_segment_and_forgets_the_last_picture() -> None:
    first = frame_at(1)
    intake = after(first).reopened()
    _, good, _ = take_in(intake, first, NOW_S, STALE_S)
    assert good is not None
    assert good.segment == 1
