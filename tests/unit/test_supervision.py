"""The engine on a camera that fails in every way: each fault is told, nothing bad gets through, the picture returns."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, Patience
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.enrolment import Enrolment, advance
from depthface_app.pipeline.feed import FeedState, Supervision
from depthface_app.pipeline.stages import recognise
from tests.fake_models import axis_vector, fake_card, fake_models
from tests.fakes import FakeCamera, fake_frame
from tests.faulty_camera import LONG_AGO_S, Fault, FaultyCamera, Hanging, Misfortune, Trouble

MODEL = fake_card("recogniser").identity
ADA = Gallery.of(MODEL, [("Ada", axis_vector(0)[None])])
QUICK = Supervision(0.15, 0.8, pauses_s=(0.02,) * 20, hang_after_s=30.0, steady_after_s=0.01)
PATIENCE_S = 60.0


def until(condition: Callable[[], object]) -> None:
    ticker, deadline_s = threading.Event(), time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        ticker.wait(0.003)


class Run:
    """An engine on faulty cameras, and everything it told and showed."""

    def __init__(self, *faults: Fault, supervision: Supervision = QUICK) -> None:
        self.misfortune, self.cameras = Misfortune(list(faults)), 0
        self.told: list[str] = []
        self.states: list[FeedState] = []
        self.pictures: list[Frame] = []
        self.ages_s: list[float] = []
        self.matched: list[Frame] = []
        self.engine = Engine(self._make, fake_models(), ADA, supervision=supervision)
        self.engine.start()

    def _make(self) -> FaultyCamera:
        self.cameras += 1
        return FaultyCamera(FakeCamera(fps=100), self.misfortune)

    def look(self) -> None:
        """Take what is there."""
        if (faults := self.engine.faults.take(0)) is not None:
            self.told += [fault.message for fault in faults]
        if not self.states or self.states[-1] is not self.engine.state:
            self.states.append(self.engine.state)
        if (picture := self.engine.pictures.take(0)) is not None:
            self.pictures.append(picture)
            self.ages_s.append(time.monotonic() - picture.captured_s)
        if (result := self.engine.results.take(0)) is not None:
            self.matched += [result.frame] if result.faces else []

    def until(self, condition: Callable[[], object]) -> None:
        until(lambda: self.look() or condition())

    def until_well(self) -> None:
        """All faults are over, no fault stands, and pictures come."""
        self.until(lambda: self.misfortune.is_over)
        over_s = time.monotonic() + max(fault.lasts_s for fault in self.misfortune.faults)
        self.until(lambda: self.pictures and self.pictures[-1].captured_s > over_s and not self.engine.standing_faults)
        assert self.engine.state is FeedState.STREAMING


@pytest.fixture
def run() -> Iterator[Callable[..., Run]]:
    runs = []

    def begin(*faults: Fault, **more) -> Run:
        runs.append(Run(*faults, **more))
        return runs[-1]

    yield begin
    for each in runs:
        each.engine.stop()


@pytest.mark.parametrize(
    ("trouble", "lasts_s", "sentence", "opened"),
    [
        (Trouble.STALL, 0.6, "has sent nothing for over 0.15 s; check its cable", 1),
        (Trouble.STALL, 1.2, "has sent nothing", 2),
        (Trouble.ERROR, 0.0, "", 1),
        (Trouble.CRASH, 0.0, "", 1),
        (Trouble.LOST, 0.0, "was unplugged; plug it in", 2),
        (Trouble.ABSENT, 0.1, "not plugged in; plug it in", 3),
        (Trouble.NO_START, 0.0, "does not start", 3),
        (Trouble.DARK, 0.6, "delivers no depth at all; free its lenses", 1),
        (Trouble.FROZEN, 0.6, "sends the same picture again and again", 1),
        (Trouble.FROZEN, 1.2, "sends the same picture again and again", 2),
        (Trouble.JUMP_BACK, 0.0, "", 1),
        (Trouble.JUMP_AHEAD, 0.0, "", 1),
        (Trouble.OLD, 0.0, "", 1),
        (Trouble.FUTURE, 0.0, "", 1),
        (Trouble.HUGE, 0.0, "", 1),
        (Trouble.NOT_FINITE, 0.0, "", 1),
        (Trouble.SHAPE, 0.0, "", 1),
        (Trouble.OTHER_SIZE, 0.0, "", 1),
        (Trouble.HANG_READ, 0.6, "has sent nothing", 1),
        (Trouble.HANG_OPEN, 0.3, "was unplugged", 2),
        (Trouble.HANG_CLOSE, 0.3, "was unplugged", 2),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Trouble) else "",
)
def test_each_fault_is_told_once_it_lasts_and_the_picture_returns(run, trouble, lasts_s, sentence, opened) -> None:
    """`opened` at least so many times; one bad frame is no news, a camera that is gone is."""
    it = run(Fault(5, trouble, lasts_s))
    it.until_well()
    assert not sentence or any(sentence in message for message in it.told), it.told
    assert it.cameras >= opened
    for frame in it.pictures + it.matched:
        assert frame.depth_mm.shape == (120, 160)
        assert frame.depth_mm.dtype == np.uint16
        assert frame.colour is None or frame.colour.shape[:2] == (120, 160)
    assert -1 < min(it.ages_s) <= max(it.ages_s) < LONG_AGO_S - 5
    assert all(frame.depth_mm.any() for frame in it.matched)


def test_states_are_walked_through_in_order(run) -> None:
    it = run(Fault(5, Trouble.ABSENT, 0.3), supervision=replace(QUICK, pauses_s=(0.1,) * 20))
    it.until_well()
    seen = [state for state in it.states if state not in (FeedState.STALLED, FeedState.IDLE)]
    lost = seen.index(FeedState.LOST)
    assert FeedState.STREAMING in seen[:lost]
    assert seen[-1] is FeedState.STREAMING
    assert set(seen[lost:-1]) <= {FeedState.LOST, FeedState.RECOVERING, FeedState.CONNECTED}


def test_tries_are_bounded_and_the_button_tries_again(run) -> None:
    it = run(Fault(5, Trouble.ABSENT, 1.5), supervision=replace(QUICK, pauses_s=(0.02, 0.02)))
    it.until(lambda: it.engine.state is FeedState.FAILED)
    assert it.cameras == 4  # the one that was lost, and a try at once, after each pause
    assert not it.engine.standing_faults[0].recovering
    it.until(lambda: time.monotonic() > it.misfortune.away_until_s)
    assert it.cameras == 4
    it.engine.retry_camera()
    it.until_well()


def test_one_bad_frame_after_the_other_is_told_and_the_camera_opened_again(run) -> None:
    it = run(*(Fault(5 if n == 0 else 0, Trouble.NOT_FINITE) for n in range(120)))
    it.until(lambda: any("cannot be right (depths from nan" in message for message in it.told))
    it.until(lambda: it.cameras > 1)
    assert it.engine.health().refused > 10
    it.until_well()


def test_a_recording_may_hold_still_and_end_and_is_not_opened_again_for_that() -> None:
    """A stretch of a recording without frames is told as one, and forgotten when the recording ends."""
    cameras = []

    def make() -> FakeCamera:
        cameras.append(FakeCamera(lambda number: fake_frame(number, is_live=False), fps=100, ends_after=20))
        return cameras[-1]

    engine = Engine(make, fake_models(), ADA, supervision=QUICK)
    engine.start()
    try:
        until(lambda: cameras and cameras[0].delivered > 5)
        cameras[0].stall()
        until(lambda: any("nothing was recorded there" in fault.message for fault in engine.standing_faults))
        still_s = time.monotonic()
        until(lambda: time.monotonic() - still_s > 2 * QUICK.lost_after_s)
        cameras[0].resume()
        until(lambda: engine.state is FeedState.ENDED)
        assert engine.standing_faults == ()
        assert len(cameras) == 1
    finally:
        engine.stop()


@pytest.mark.parametrize("trouble", [Trouble.JUMP_BACK, Trouble.JUMP_AHEAD, Trouble.LOST])
def test_nobody_is_followed_across_a_break(run, trouble: Trouble) -> None:
    it = run(Fault(8, trouble))
    it.until(lambda: it.matched)
    it.until_well()
    it.until(lambda: it.matched and it.matched[-1].segment > it.pictures[0].segment)


def test_a_break_gives_the_same_face_another_number() -> None:
    """Somebody else may stand there now; enrolment then asks whether it is still the same person."""
    first, tracks = recognise(fake_frame(1), fake_models(), ADA)
    second, tracks = recognise(fake_frame(2), fake_models(), ADA, tracks)
    third, _ = recognise(replace(fake_frame(3), segment=1), fake_models(), ADA, tracks)
    numbers = [result.faces[0].location.track for result in (first, second, third)]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_recording_keeps_its_breaks_so_that_its_replay_has_them_too(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.mcap", CameraInfo("fake:", "Fake"))
    for number, segment in enumerate((0, 0, 1, 4)):
        writer.add(replace(fake_frame(number), captured_s=number / 30, segment=segment))
    writer.finish()
    reader = SessionReader(tmp_path / "a.mcap")
    assert [reader.read(index).segment for index in range(len(reader))] == [0, 0, 1, 4]
    reader.close()


def test_an_enrolment_does_not_go_on_with_somebody_else_after_a_break() -> None:
    models, enrolment, tracks = fake_models(), Enrolment(), None
    for number in range(4):
        result, tracks = recognise(seen_from_near(number, segment=0), models, ADA, tracks)
        enrolment = advance(enrolment, result)
    followed, kept = enrolment.track, enrolment.captures
    assert len(kept[0]) >= 2
    models.recogniser.who = lambda location: axis_vector(3)
    stranger, tracks = recognise(seen_from_near(5, segment=1), models, ADA, tracks)
    enrolment = advance(enrolment, stranger)
    assert (enrolment.track, enrolment.captures, enrolment.reason) == (followed, kept, "another face")
    models.recogniser.who = lambda location: axis_vector(0)
    same, _ = recognise(seen_from_near(6, segment=2), models, ADA, tracks)
    assert len(advance(enrolment, same).captures[0]) == len(kept[0]) + 1


def seen_from_near(number: int, segment: int) -> Frame:
    """A face that is large and still enough to be kept."""
    frame = fake_frame(0, (480, 640))
    return replace(frame, captured_s=100 + number, number=number, segment=segment)


def test_darkness_has_no_faces_whatever_a_network_says() -> None:
    models = fake_models()
    models.locator.locate = lambda frame: pytest.fail("a dark frame was looked at")
    result, _ = recognise(replace(fake_frame(), depth_mm=np.zeros((120, 160), np.uint16)), models, ADA)
    assert result.faces == ()


def test_a_frame_that_grew_old_while_the_networks_were_busy_is_not_matched() -> None:
    camera, models = FakeCamera(fps=100), fake_models()
    engine = Engine(lambda: camera, models, ADA, supervision=replace(QUICK, stale_after_s=0.3, lost_after_s=60.0))
    models.denoiser.gate.clear()
    engine.start()
    try:
        until(lambda: engine.health().dropped > 3)
        camera.stall()
        until(lambda: engine.state is FeedState.STALLED)
        waiting_s = time.monotonic()
        until(lambda: time.monotonic() - waiting_s > 0.4)
        models.denoiser.gate.set()
        late = engine.results.take(PATIENCE_S)
        assert late is not None  # the one that was being worked on
        assert engine.results.take(0.5) is None  # the one that waited behind it
        camera.resume()
        assert engine.results.take(PATIENCE_S) is not None
    finally:
        engine.stop()


def test_a_call_that_never_returns_is_told_and_the_engine_still_stops(run, monkeypatch) -> None:
    monkeypatch.setattr("depthface_app.pipeline.engine.STOP_TIMEOUT_S", 0.2)
    it = run(Fault(5, Trouble.HANG_READ, 60.0), supervision=replace(QUICK, hang_after_s=0.5))
    it.until(lambda: any("its driver has not returned from a call. Unplug it" in message for message in it.told))
    assert it.engine.state is FeedState.FAILED
    assert it.engine.camera_hangs
    begun_s = time.monotonic()
    it.engine.stop()
    assert time.monotonic() - begun_s < 5


def test_a_process_whose_sdk_never_returns_is_replaced() -> None:
    made = []

    def make() -> IsolatedCamera:
        made.append("read" if not made else "")
        patience = Patience(open_s=60.0, read_s=0.3, close_s=0.3)
        return IsolatedCamera(Hanging(made[-1]), CameraInfo("hanging:", "Hanging camera"), patience)

    engine = Engine(make, fake_models(), ADA, supervision=replace(QUICK, lost_after_s=60.0, hang_after_s=90.0))
    engine.start()
    try:
        until(lambda: engine.standing_faults)
        until(lambda: len(made) == 2)
        until(lambda: engine.state is FeedState.STREAMING and not engine.standing_faults)
    finally:
        engine.stop()
