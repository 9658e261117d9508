"""`depthface inspect` and the evaluation that is published report the same figure for the same surface."""

import numpy as np
import pytest

from depthface_app.core.face import DenoisedFace, FaceLocation, HeadPose
from depthface_app.core.filters import bilateral, median
from depthface_app.core.frame import Frame
from depthface_app.core.metrics.judged import against
from depthface_app.pipeline.inspection import Pair
from depthface_app.pipeline.inspection.figures import to_reference
from depthface_app.pipeline.methods import FIXED_METHODS
from training.cells import Cell, Job
from training.methods import filter_method, raw
from training.metrics import Truth, scores

# A figure of the evaluation, the same of an inspection, and how far apart they may lie: normals and flying pixels at
# the border of a gap, which evaluation fills, see other neighbours.
SAME = (
    ("rmse_mm", "rmse_mm", 1e-4),
    ("p95_mm", "p95_mm", 1e-4),
    ("psnr_db", "psnr_db", 1e-4),
    ("ssim", "ssim", 1e-5),
    ("flying", "flying_share", 2e-3),
    ("angle_deg", "normal_angle_deg", 0.5),
)
METHODS = {"raw": raw, "bilateral": filter_method(bilateral, {}), "median": filter_method(median, {})}


@pytest.fixture(scope="module")
def truths(faces_folder, tmp_path_factory) -> list[Truth]:
    job = Job(faces_folder, "ict", "d415", 3, 2, (), None, tmp_path_factory.mktemp("work"), "code")
    return Cell(job).truths


@pytest.mark.parametrize("name", METHODS)
def test_both_report_the_same_figure(truths, name):
    for truth in truths:
        crop = truth.pair.crop
        published = scores(truth, METHODS[name](crop))
        face = FIXED_METHODS[name].denoise(crop)
        inspected = against(face.depth_mm, truth.depth_mm, truth.judged, crop.intrinsics, crop.nose_mm[2])
        assert published["rmse_mm"] > 0.2
        for theirs, ours, apart in SAME:
            assert inspected[ours] == pytest.approx(published[theirs], abs=apart), ours


def test_an_inspected_pair_is_judged_by_that_very_function(truths):
    """From the frame's side: the reference as the crop sees it, judged near its own nose where all have a value."""
    truth = truths[0]
    crop = truth.pair.crop
    frame = Frame(np.nan_to_num(crop.depth_mm), crop.intrinsics, 0.0)
    location = FaceLocation(crop.nose_mm, (0.0, 0.0), HeadPose(0, 0, 0), 1.0, (0.0, 0.0, 1.0, 1.0))
    face = FIXED_METHODS["bilateral"].denoise(crop)
    untouched = DenoisedFace(crop, crop.depth_mm, face.normals)
    _, second = to_reference(Pair(frame, location, untouched, face), np.nan_to_num(truth.depth_mm))
    expected = against(face.depth_mm, truth.depth_mm, truth.judged, crop.intrinsics, crop.nose_mm[2])
    for name in ("rmse_mm", "p95_mm", "ssim"):
        assert second[name] == pytest.approx(expected[name], rel=0.1), name
