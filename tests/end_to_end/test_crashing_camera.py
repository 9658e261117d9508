"""An SDK that aborts or never returns under the whole engine: a fault that passes, and the picture is back."""

import functools
import time
from collections.abc import Callable

import pytest

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, Patience
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.faults import FaultSource
from tests.misbehaving import Misbehaving

WAIT_S = 40.0
INFO = CameraInfo("fake:0", "Fake camera")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.01)


@pytest.mark.parametrize(("how", "words"), [("abort", "crashed (SIGABRT)"), ("hang", "has not answered")])
def test_the_picture_comes_back_after_the_sdk_fell_over(how: str, words: str):
    made: list[IsolatedCamera] = []

    def make() -> IsolatedCamera:
        call = "" if made else "read"  # the first one falls over, the next one is well
        made.append(IsolatedCamera(functools.partial(Misbehaving, call, how, 5), INFO, Patience(read_s=1)))
        return made[-1]

    engine = Engine(make, None, None)
    engine.start()
    try:
        wait_for(lambda: any(words in fault.message for fault in engine.standing_faults))
        (fault,) = [fault for fault in engine.standing_faults if words in fault.message]
        assert fault.source is FaultSource.CAMERA
        assert fault.recovering
        wait_for(lambda: not engine.standing_faults)
        engine.pictures.take(0)
        assert engine.pictures.take(WAIT_S) is not None
        assert len(made) == 2
    finally:
        engine.stop()
