"""Does a camera deliver depth in this light? Judged on pictures that say why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depthface_app.build import Setup
from depthface_app.cameras.base import BackendReport, CameraInfo
from depthface_app.cli.checks import Verdict
from depthface_app.cli.diagnose import first_frames
from depthface_app.cli.first_pictures import GENERAL, NO_LIGHT, SUN, check_pictures, judge
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame
from depthface_app.pipeline.settings import Settings
from tests.fakes import fake_frame
from tests.kinect_dumps import plug_in, simulated_frames, write_dump


def picture(filled: float, infrared: float | None) -> Frame:
    """A frame with readings in that share of its rows and infrared of that brightness."""
    frame = fake_frame(size=(100, 100))
    depth = np.full((100, 100), 900, np.uint16)
    depth[round(100 * filled) :] = 0
    grey = None if infrared is None else np.full((100, 100), infrared, np.uint8)
    return replace(frame, depth_mm=depth, infrared=grey, colour=None)


def test_a_filled_picture_is_well():
    check = judge("orbbec:1", [picture(0.8, 255)])
    assert (check.verdict, check.found) == (Verdict.GOOD, "orbbec:1 reads 80 % of its picture")


@pytest.mark.parametrize(
    ("infrared", "advice", "found"),
    [
        (255, SUN, "100 % of its infrared picture is overexposed"),
        (2, NO_LIGHT, "its infrared picture is dark"),
        (90, GENERAL, "reads 10 % of its picture"),
    ],
)
def test_infrared_tells_why_a_picture_is_empty(infrared, advice, found):
    check = judge("realsense:1", [picture(0.1, infrared)])
    assert check.verdict is Verdict.WARNING
    assert check.advice == advice
    assert found in check.found


def test_without_infrared_no_cause_is_claimed():
    check = judge("kinect1:0", [picture(0.0, None)])
    assert check.advice == f"{GENERAL} {SUN}"


def test_every_camera_is_looked_through_but_no_simulation():
    asked = []

    def look(source: str) -> list[Frame]:
        asked.append(source)
        if source == "azure:0":
            raise CameraError("Azure Kinect 0 cannot be opened.")
        return [] if source == "azure:1" else [picture(1.0, None)]

    reports = [
        BackendReport("simulated", (CameraInfo("simulated:", "S"),)),
        BackendReport("azure", (CameraInfo("azure:0", "A"), CameraInfo("azure:1", "A"), CameraInfo("azure:2", "A"))),
    ]
    checks = check_pictures(reports, look)
    assert asked == ["azure:0", "azure:1", "azure:2"]
    assert [check.verdict for _, check in checks] == [Verdict.WARNING, Verdict.WARNING, Verdict.GOOD]
    assert checks[0][1].advice == "Azure Kinect 0 cannot be opened."


def test_the_doctor_looks_through_a_kinect(tmp_path: Path, monkeypatch):
    plug_in(write_dump(tmp_path / "dump", simulated_frames(12)), monkeypatch)
    frames = first_frames(Setup(Settings(), tmp_path), "kinect1:")
    assert judge("kinect1:0", frames).verdict is Verdict.GOOD
