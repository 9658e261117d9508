"""From the state of the stream to the words for it."""

from pathlib import Path

import pytest

from depthface_app.cameras.recorder import RecordingProgress
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState
from depthface_app.ui.saying import (
    Situation,
    banner_of,
    chosen_face,
    disk_note,
    is_still,
    lamp_of,
    next_track,
    nobody_word,
    notice_of,
    where_to_stand,
)
from tests.ui.values import LEFT, NEAR, RIGHT, face_of, frame_of, result_of

GONE = Fault(FaultSource.CAMERA, "The camera 0123 was unplugged; plug it in again.", recovering=True)
GONE_FOR_GOOD = Fault(FaultSource.CAMERA, GONE.message)
MODEL = Fault(FaultSource.MODEL, "The file locator.onnx is missing; install the program again.")
STREAMING = Situation(state=FeedState.STREAMING, has_picture=True)


def test_while_all_is_well_nothing_is_said():
    assert notice_of(STREAMING) is None
    assert banner_of(STREAMING) is None


@pytest.mark.parametrize(
    ("now", "title", "action"),
    [
        (Situation(is_opening=True), "Starting…", ""),
        (Situation(), "Stopped", "stream"),
        (Situation(problem="nonsense: is no source"), "This source cannot be opened", "simulate"),
        (Situation(state=FeedState.STARTING), "Waiting for the first picture…", ""),
        (Situation(state=FeedState.RECOVERING, faults=(GONE,)), "No camera", "simulate"),
        (Situation(state=FeedState.FAILED, faults=(GONE_FOR_GOOD,)), "No camera", "simulate"),
    ],
)
def test_an_empty_picture_says_what_is_missing_and_the_way_out(now, title, action):
    message = notice_of(now)
    assert (message.title, message.action) == (title, action)
    assert bool(message.label) == bool(action)


@pytest.mark.parametrize(
    ("state", "fault", "title"),
    [
        (FeedState.STALLED, GONE, "The camera has stalled"),
        (FeedState.LOST, GONE, "Camera lost – trying again"),
        (FeedState.RECOVERING, GONE, "Camera lost – trying again"),
        (FeedState.STREAMING, GONE_FOR_GOOD, "The camera sees nothing"),
        (FeedState.FAILED, GONE_FOR_GOOD, "Camera lost"),
    ],
)
def test_a_fault_is_a_banner_with_its_own_sentence_and_a_way_to_try(state, fault, title):
    message = banner_of(Situation(state=state, faults=(fault,), has_picture=True))
    assert (message.title, message.text, message.action) == (title, fault.message, "replay")


@pytest.mark.parametrize("state", list(FeedState))
def test_every_state_has_a_word_and_only_the_present_is_not_still(state):
    now = Situation(state=state, has_picture=True)
    assert lamp_of(now, False, 30.0, None)[0]
    assert is_still(now) == (state not in (FeedState.STREAMING, FeedState.PAUSED))


def test_the_camera_matters_more_than_a_model():
    both = Situation(state=FeedState.STALLED, faults=(MODEL, GONE), has_picture=True)
    assert banner_of(both).text == GONE.message
    assert banner_of(Situation(state=FeedState.STREAMING, faults=(MODEL,), has_picture=True)).text == MODEL.message


def test_the_end_of_a_recording_is_no_fault():
    message = banner_of(Situation(state=FeedState.ENDED, has_picture=True))
    assert (message.title, message.label) == ("The recording is over", "Play again")


def test_nobody_is_told_to_stand_anywhere_while_the_picture_stands_still():
    still = Situation(state=FeedState.FAILED, has_picture=True)
    assert (nobody_word(still), where_to_stand(still)) == ("No picture", "")
    assert nobody_word(STREAMING) == "No face"
    assert "0.4 to 1.2 m" in where_to_stand(STREAMING)
    blind = Situation(state=FeedState.STREAMING, has_picture=True, recognises=False)
    assert (nobody_word(blind), where_to_stand(blind)) == ("No networks", "")


def test_the_lamp_tells_stream_pause_and_recording():
    assert lamp_of(STREAMING, False, 29.97, None) == ("streaming 30 fps", True, False)
    assert lamp_of(STREAMING, False, float("nan"), None) == ("streaming", True, False)
    assert lamp_of(STREAMING, True, 30.0, None) == ("paused", False, False)
    progress = RecordingProgress(Path("a.mcap"), frames=2000, size_bytes=34_500_000, duration_s=72.4)
    assert lamp_of(STREAMING, False, 30.0, progress) == ("rec 1:12  34.5 MB", True, True)


def test_a_nearly_full_disk_is_told_before_it_is_full():
    assert disk_note(5_000_000_000) is None
    assert "420 MB are left" in disk_note(420_000_000).text


@pytest.fixture(scope="module")
def three():
    frame = frame_of([NEAR, LEFT, RIGHT])
    faces = (face_of(frame, RIGHT, track=3), face_of(frame, NEAR, track=5), face_of(frame, LEFT, track=4))
    return result_of(frame, *faces)


def test_the_nearest_face_is_shown_until_one_is_chosen(three):
    assert chosen_face(three, None).location.track == 5
    assert chosen_face(three, 3).location.track == 3
    assert chosen_face(three, 99).location.track == 5
    assert chosen_face(None, 3) is None


def test_the_next_face_goes_from_left_to_right_and_round(three):
    assert [next_track(three, track) for track in (4, 5, 3, None, 99)] == [5, 3, 4, 4, 4]
    assert next_track(result_of(three.frame), 4) is None
