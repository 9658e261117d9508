"""The engine with real threads: it starts, skips, recovers, tells, records and stops."""

import errno
import threading
import time
from collections.abc import Callable

import pytest

from depthface_app.cameras.base import StreamRequest
from depthface_app.core.errors import CameraError
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState, Supervision
from depthface_app.pipeline.stages import Options
from tests.fake_models import axis_vector, fake_card, fake_models
from tests.fakes import FakeCamera

MODEL = fake_card("recogniser").identity
ADA = Gallery.of(MODEL, [("Ada", axis_vector(0)[None])])
PATIENCE_S = 10.0


def until(condition: Callable[[], bool]) -> None:
    """Wait on a condition, looking again every few milliseconds."""
    ticker, deadline_s = threading.Event(), time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        ticker.wait(0.005)


class Plugged:
    """Hands out cameras one after the other, as a socket does."""

    def __init__(self, *cameras: FakeCamera) -> None:
        self.waiting = list(cameras)
        self.given: list[FakeCamera] = []

    def __call__(self) -> FakeCamera:
        camera = self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]
        self.given.append(camera)
        return camera


@pytest.fixture
def run():
    """Start an engine that is stopped at the end of the test whatever happens."""
    engines = []

    def make(*cameras, models=None, gallery=ADA, **more):
        engine = Engine(Plugged(*cameras), models or fake_models(), gallery, **more)
        engines.append(engine)
        engine.start()
        return engine

    yield make
    for engine in engines:
        engine.stop()


def messages(engine):
    return {fault.source: fault.message for fault in engine.standing_faults}


def test_frames_and_results_arrive_and_the_wakes_come_with_them(run):
    woken = []
    wake = Wake(lambda: woken.append("picture"), lambda: woken.append("result"))
    engine = run(FakeCamera(fps=60), wake=wake)
    picture = engine.pictures.take(PATIENCE_S)
    result = engine.results.take(PATIENCE_S)
    assert picture.depth_mm.shape == (120, 160)
    assert result.faces[0].match.name == "Ada"
    assert {"picture", "result"} <= set(woken)
    assert engine.state is FeedState.STREAMING
    assert engine.camera_info.serial == "FAKE1"


def test_a_slow_network_skips_frames_and_never_holds_the_pictures_up(run):
    models = fake_models()
    models.denoiser.gate.clear()
    engine = run(FakeCamera(fps=0), models=models)
    first = engine.pictures.take(PATIENCE_S)
    until(lambda: (engine.pictures.take(PATIENCE_S)).number > first.number + 50)
    assert engine.results.take(0) is None
    assert engine.health().dropped > 0
    models.denoiser.gate.set()
    engine.results.take(PATIENCE_S)
    late = engine.results.take(PATIENCE_S)
    assert late.frame.number > first.number + 50


def test_the_gallery_and_the_options_can_be_swapped_while_it_runs(run):
    engine = run(FakeCamera(fps=120), gallery=Gallery.empty(MODEL))
    assert engine.results.take(PATIENCE_S).faces[0].match.name is None
    engine.gallery = ADA
    until(lambda: engine.results.take(PATIENCE_S).faces[0].match.name == "Ada")
    engine.options = Options(threshold=1.5)
    until(lambda: engine.results.take(PATIENCE_S).faces[0].match.name is None)


def test_a_lost_camera_is_told_and_opened_again_and_the_fault_goes_away(run):
    first = FakeCamera(fps=120)
    absent = FakeCamera(fails_to_open="There is no camera FAKE1; plug it in.")
    engine = run(first, absent, first.again(), supervision=Supervision(pauses_s=(0.01,) * 3))
    engine.pictures.take(PATIENCE_S)
    seen = []
    first.vanish()
    until(lambda: seen.append(engine.faults.take(0)) or any(seen))
    told = next(each for each in seen if each)
    assert told[0].source is FaultSource.CAMERA
    assert told[0].recovering
    until(lambda: engine.state is FeedState.STREAMING)
    until(lambda: engine.standing_faults == ())


def test_a_camera_that_stays_away_is_given_up_until_somebody_asks_again(run):
    absent = FakeCamera(fails_to_open="No device connected; plug in a camera.")
    here = FakeCamera(fps=120)
    plugged = Plugged(absent, absent, absent, here)
    engine = Engine(plugged, fake_models(), ADA, supervision=Supervision(pauses_s=(0.01, 0.01)))
    engine.start()
    try:
        until(lambda: engine.state is FeedState.FAILED)
        assert len(plugged.given) == 3
        assert engine.standing_faults[0].message == "No device connected; plug in a camera."
        assert not engine.standing_faults[0].recovering
        engine.retry_camera()
        until(lambda: engine.state is FeedState.STREAMING)
        until(lambda: engine.standing_faults == ())
    finally:
        engine.stop()


def test_a_camera_that_falls_silent_is_stalled_and_recovers(run):
    camera = FakeCamera(fps=120)
    engine = run(camera, supervision=Supervision(stall_after_s=0.15))
    engine.pictures.take(PATIENCE_S)
    camera.stall()
    until(lambda: engine.state is FeedState.STALLED)
    until(lambda: "sent nothing" in messages(engine).get(FaultSource.CAMERA, ""))
    camera.resume()
    until(lambda: engine.standing_faults == ())
    assert engine.state is FeedState.STREAMING


def test_a_camera_that_hangs_inside_its_sdk_is_seen_all_the_same(run):
    camera = FakeCamera(fps=120)
    hang, read = threading.Event(), camera.read
    released = threading.Event()

    def hanging_read(timeout_s):
        if hang.is_set():
            released.wait(PATIENCE_S)
        return read(timeout_s)

    camera.read = hanging_read
    engine = run(camera, supervision=Supervision(stall_after_s=0.15))
    engine.pictures.take(PATIENCE_S)
    hang.set()
    until(lambda: FaultSource.CAMERA in messages(engine))
    assert engine.state is FeedState.STALLED
    released.set()


def test_the_end_of_a_recording_is_no_fault_and_can_be_played_again(run):
    camera = FakeCamera(fps=0, ends_after=5)
    engine = run(camera, camera.again())
    until(lambda: engine.state is FeedState.ENDED)
    assert engine.standing_faults == ()
    engine.retry_camera()
    until(lambda: engine.state is FeedState.ENDED)


def test_a_failing_network_is_told_and_forgotten_when_it_works_again(run):
    models = fake_models()
    models.denoiser.failure = "fake-denoiser 1 failed on the processor; choose another model."
    engine = run(FakeCamera(fps=120), models=models)
    until(lambda: "fake-denoiser" in messages(engine).get(FaultSource.RECOGNISER, ""))
    assert engine.pictures.take(PATIENCE_S) is not None
    models.denoiser.failure = ""
    until(lambda: engine.standing_faults == ())


def test_an_unforeseen_failure_of_one_frame_does_not_end_recognition(run, caplog):
    models = fake_models()
    locate, calls = models.locator.locate, []

    def odd_first(frame):
        calls.append(frame)
        if len(calls) == 1:
            raise ZeroDivisionError("odd frame")
        return locate(frame)

    models.locator.locate = odd_first
    engine = run(FakeCamera(fps=120), models=models)
    assert engine.results.take(PATIENCE_S).faces
    assert "odd frame" in caplog.text


def test_without_models_there_are_pictures_and_the_standing_fault(run):
    missing = Fault(FaultSource.MODEL, "The denoiser model is not there; restore it.")
    engine = Engine(Plugged(FakeCamera(fps=120)), None, None, standing=(missing,))
    engine.start()
    try:
        assert engine.pictures.take(PATIENCE_S) is not None
        assert engine.faults.take(PATIENCE_S) == (missing,)
        assert engine.results.take(0) is None
    finally:
        engine.stop()


def test_it_starts_once_and_stops_once_and_leaves_no_thread(run):
    camera = FakeCamera(fps=120)
    engine = run(camera, request=StreamRequest(fps=60))
    engine.pictures.take(PATIENCE_S)
    with pytest.raises(RuntimeError, match="starts once"):
        engine.start()
    engine.stop()
    engine.stop()
    assert engine.pictures.take(None) is None
    assert camera.requests == [StreamRequest(fps=60)]
    assert camera.state.value == "closed"
    assert engine.state is FeedState.STOPPED
    assert not {"camera", "recogniser"} & {thread.name for thread in threading.enumerate()}


def test_stopping_waits_for_a_slow_step_of_recognition(run, monkeypatch):
    """Native code that still computes while Python ends aborts the program."""
    monkeypatch.setattr("depthface_app.pipeline.engine.STOP_TIMEOUT_S", 0.05)
    models = fake_models()
    models.denoiser.gate.clear()
    engine = run(FakeCamera(fps=0), models=models)
    engine.pictures.take(PATIENCE_S)
    threading.Timer(0.5, models.denoiser.gate.set).start()
    engine.stop()
    assert "recogniser" not in {thread.name for thread in threading.enumerate()}


def test_an_engine_that_never_started_can_be_stopped():
    engine = Engine(Plugged(FakeCamera()), fake_models(), ADA)
    engine.stop()
    assert engine.pictures.take(None) is None


def test_health_tells_rates_ages_and_stages(run):
    engine = run(FakeCamera(fps=60))
    shown = []
    until(lambda: shown.append(engine.pictures.take(PATIENCE_S)) or engine.picture_shown(shown[-1]) or len(shown) > 20)
    until(lambda: engine.health().identity_hz > 5)
    health = engine.health()
    assert 20 < health.picture_fps < 80
    assert 0 <= health.picture_age_ms < 500
    assert health.identity_age_ms > 0
    assert health.stages_ms["crop"] > 0
    assert health.provider == "CPU"
    assert "fps" in health.line()


def test_recording_keeps_every_frame_and_goes_on_when_the_camera_was_lost(run, tmp_path):
    first = FakeCamera(fps=60)
    engine = run(first, first.again(), supervision=Supervision(pauses_s=(0.01,)))
    engine.pictures.take(PATIENCE_S)
    engine.record(tmp_path / "a.mcap")
    with pytest.raises(CameraError, match="is running"):
        engine.record(tmp_path / "b.mcap")
    until(lambda: engine.recording.frames >= 5)
    first.vanish()
    at = engine.recording.frames
    until(lambda: engine.recording.frames >= at + 5)
    progress = engine.stop_recording()
    assert progress.dropped == 0
    assert progress.frames >= at + 5
    assert engine.recording is None
    assert engine.stop_recording() is None


def test_recording_before_there_is_a_camera_is_refused():
    engine = Engine(Plugged(FakeCamera()), fake_models(), ADA)
    with pytest.raises(CameraError, match="no camera"):
        engine.record("never.mcap")
    engine.stop()


def test_a_full_disk_ends_the_recording_with_a_fault_and_the_picture_goes_on(run, tmp_path, monkeypatch):
    engine = run(FakeCamera(fps=60))
    engine.pictures.take(PATIENCE_S)
    engine.record(tmp_path / "a.mcap")
    until(lambda: engine.recording.frames >= 2)
    writing = engine._recorder._writer._file._file

    def full(data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(engine._recorder._writer._file, "write", full)
    until(lambda: "no space left" in messages(engine).get(FaultSource.RECORDING, ""))
    until(lambda: writing.closed)
    assert engine.recording is None
    assert engine.pictures.take(PATIENCE_S) is not None


def test_a_gallery_that_fits_takes_its_fault_away(run):
    engine = run(FakeCamera(fps=60), gallery=Gallery.empty(MODEL))
    engine.gallery = Gallery.empty(MODEL, outdated=("Ada",))
    assert "Ada" in messages(engine)[FaultSource.GALLERY]
    engine.gallery = ADA
    assert FaultSource.GALLERY not in messages(engine)


class Watching:
    """Keeps what an engine tells a watcher."""

    def __init__(self):
        self.told = []

    def __call__(self, sighted, surfaces):
        self.told.append((sighted, surfaces))


def test_a_watcher_gets_faces_before_the_denoiser_has_them_and_then_their_surfaces(run):
    models, watching = fake_models(), Watching()
    engine = run(FakeCamera(fps=60), models=models)
    engine.watcher = watching
    until(lambda: watching.told)
    models.denoiser.gate.clear()
    before = len(watching.told)
    until(lambda: len(watching.told) > before)
    sighted, surfaces = watching.told[before]
    assert sighted.faces[0].crop is not None
    assert sighted.faces[0].denoised is None
    assert surfaces.take() is None
    models.denoiser.gate.set()
    denoised = surfaces.take(PATIENCE_S)
    assert denoised.frame is sighted.frame
    assert denoised.faces[0].denoised.crop is sighted.faces[0].crop
    assert denoised.faces[0].match is None


def test_a_watcher_is_not_left_waiting_when_the_denoiser_fails(run):
    models, watching = fake_models(), Watching()
    models.denoiser.failure = "the model gave up"
    engine = run(FakeCamera(fps=60), models=models)
    engine.watcher = watching
    until(lambda: watching.told and FaultSource.RECOGNISER in messages(engine))
    began_s = time.monotonic()
    assert watching.told[0][1].take(PATIENCE_S) is None
    assert time.monotonic() - began_s < PATIENCE_S / 2


def test_while_somebody_watches_people_are_named_less_often_and_the_last_frame_is_named_all_the_same(run):
    watching, camera = Watching(), FakeCamera(fps=120)
    engine = run(camera)
    engine.watcher = watching
    named = []
    until(lambda: (named.append(engine.results.take()) or len(watching.told)) > 60)
    assert sum(each is not None for each in named) < 40
    camera.stall()
    until(lambda: (result := engine.results.take()) is not None and result.frame is watching.told[-1][0].frame)


def test_a_recording_gets_every_result_although_somebody_watches(run, tmp_path):
    """The recorder is told as often as the watcher, up to the frame that is at work when it ends."""
    engine, watching, recorded = run(FakeCamera(fps=60)), Watching(), []
    engine.results.take(PATIENCE_S)
    engine.record(tmp_path / "all.mcap")
    keep = engine._recorder.put_result
    engine._recorder.put_result = lambda result: (recorded.append(result.frame), keep(result))
    until(lambda: recorded)
    engine.watcher = watching
    until(lambda: len(watching.told) > 12)
    engine.stop_recording()
    watched = [sighted.frame for sighted, _ in watching.told][:12]
    assert watched == [frame for frame in recorded if frame in watched]


def test_while_somebody_watches_faces_are_searched_when_people_are_named_and_else_followed(run):
    models, searched, followed = fake_models(), [], []
    locate = models.locator.locate
    models.locator.locate = lambda frame: (searched.append(frame), locate(frame))[1]
    models.locator.follow = lambda frame, known: (followed.append((frame, known)), locate(frame))[1]
    engine = run(FakeCamera(fps=120), models=models)
    until(lambda: len(searched) > 5)
    assert followed == []
    engine.watcher = Watching()
    until(lambda: len(followed) > 20)
    engine.watcher = None
    count = len(followed)
    until(lambda: len(searched) > 30)
    assert len(followed) <= count + 1
    assert all(known[0].track == 1 for _, known in followed)
    assert all(frame not in [each for each, _ in followed] for frame in searched[-5:])
