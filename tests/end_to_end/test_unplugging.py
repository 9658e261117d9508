"""The whole way from the SDK to the picture, while somebody pulls the plug of a camera that is being recorded."""

import time
from collections.abc import Callable
from pathlib import Path

from depthface_app.cameras.realsense import RealSenseCamera, RealSenseSettings
from depthface_app.cameras.session import SessionReader
from depthface_app.core.frame import Frame
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.faults import FaultSource
from depthface_app.pipeline.feed import FeedState
from tests.realsense_server import DOMAIN, SERIAL, VirtualCamera

WAIT_S = 30.0


def wait_for(condition: Callable[[], bool]) -> float:
    """Seconds until the condition holds."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < WAIT_S, "it never came"
        time.sleep(0.02)
    return time.monotonic() - begun_s


def picture(engine: Engine) -> Frame:
    frame = engine.pictures.take(WAIT_S)
    assert frame is not None, "no picture came"
    return frame


def test_an_unplugged_camera_shows_comes_back_and_its_recording_is_whole(tmp_path: Path) -> None:
    plug = VirtualCamera(DOMAIN + 3)
    plug.up()
    settings = RealSenseSettings(DOMAIN + 3, ("127.0.0.1",))
    engine = Engine(lambda: RealSenseCamera(settings=settings), None, None)
    engine.start()
    try:
        assert picture(engine).serial == SERIAL
        engine.record(tmp_path / "a.mcap")
        wait_for(lambda: engine.recording.frames > 5)

        plug.down()
        shown_s = wait_for(lambda: bool(engine.standing_faults))
        assert shown_s < 2
        fault = engine.standing_faults[0]
        assert fault.source is FaultSource.CAMERA
        assert fault.recovering
        engine.pictures.take(0)
        before = engine.recording.frames

        plug.up()
        assert picture(engine).serial == SERIAL
        wait_for(lambda: not engine.standing_faults)
        assert engine.state is FeedState.STREAMING
        wait_for(lambda: engine.recording.frames > before + 5)
        done = engine.stop_recording()
        reader = SessionReader(tmp_path / "a.mcap")
        assert len(reader) == done.frames
        assert reader.notes["serial"] == SERIAL
        assert reader.notes["setting.emitter_enabled"] == "1"
        assert reader.read(len(reader) - 1).serial == SERIAL
        reader.close()
    finally:
        engine.stop()
        plug.close()
