"""The fused reference: what it is made of, when it begins anew, and what it is worth."""

import sys
import threading

import numpy as np
import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.errors import InputError
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.pipeline.fusing import Fusing, error_mm
from depthface_app.pipeline.fusion import Fused, Fusion
from depthface_app.pipeline.methods import fixed_methods

PINHOLE = Intrinsics(320, 240, 420.0, 420.0, 159.5, 119.5)
NOSE = (0.0, 0.0, 600.0)
NOISE_MM = 2.0
LIMIT_S = 60


def head_mm(nose_mm=NOSE):
    """An egg with a nose: a surface that can be registered every way."""
    rows, columns = np.mgrid[: PINHOLE.height, : PINHOLE.width]
    x = (columns - PINHOLE.cx) * nose_mm[2] / PINHOLE.fx - nose_mm[0]
    y = (rows - PINHOLE.cy) * nose_mm[2] / PINHOLE.fy - nose_mm[1]
    egg = 1 - (x / 78) ** 2 - (y / 105) ** 2
    depth = np.where(egg > 0, 95 - 90 * np.sqrt(np.clip(egg, 0, 1)), np.nan)
    depth -= 22 * np.exp(-((x / 11) ** 2) - (y / 22) ** 2)
    depth += 8 * np.exp(-(((np.abs(x) - 32) / 14) ** 2) - ((y + 36) / 10) ** 2)
    return (nose_mm[2] + 17 + depth).astype(np.float32)


def look(number, nose_mm=NOSE, with_truth=True):
    """A frame with noise, and its crop."""
    truth = head_mm(nose_mm)
    noise = np.random.default_rng(number).normal(0, NOISE_MM, truth.shape)
    depth = np.nan_to_num(truth + noise).astype(np.float32)
    frame = Frame(depth, PINHOLE, number / 30, number, truth_mm=np.nan_to_num(truth) if with_truth else None)
    return frame, crop_face(frame.depth_float(), PINHOLE, nose_mm)


def wall(frames=7, z_mm=620.0):
    """A fused surface that needs no Open3D: a square wall."""
    corners = np.array([(-150, -150, z_mm), (150, -150, z_mm), (150, 150, z_mm), (-150, 150, z_mm)], np.float32)
    return Fused(frames, corners, np.array([(0, 1, 2), (0, 2, 3)], np.int32), NOSE)


def test_a_fused_surface_is_seen_from_where_the_camera_is():
    _, crop = look(0)
    face = wall().face(crop)
    assert np.isnan(face.depth_mm).mean() < 0.02  # the rasteriser may miss pixels on an edge between two triangles
    assert np.nanmax(np.abs(face.depth_mm - 620)) < 0.01
    assert np.nanmax(np.abs(face.normals[..., 2] + 1)) < 1e-3
    assert wall().seen_by(PINHOLE).shape == (240, 320)


def fused_head(shift_mm=(0.0, 0.0, 0.0), turn_deg=0.0):
    """A fused surface that is the true head, moved."""
    points = PINHOLE.back_project(head_mm()).reshape(-1, 3)
    angle = np.radians(turn_deg)
    turn = np.array(((np.cos(angle), 0, np.sin(angle)), (0, 1, 0), (-np.sin(angle), 0, np.cos(angle))))
    moved = (points - NOSE) @ turn.T + NOSE + shift_mm
    number = np.arange(320 * 240).reshape(240, 320)
    corner, right, down = (part.ravel() for part in (number[:-1, :-1], number[:-1, 1:], number[1:, :-1]))
    triangles = np.concatenate((np.stack((corner, right, down), 1), np.stack((right, down + 1, down), 1)))
    whole = ~np.isnan(points[triangles, 2]).any(1)
    return Fused(9, np.nan_to_num(moved).astype(np.float32), triangles[whole].astype(np.int32), NOSE)


@pytest.mark.parametrize(
    ("shift_mm", "turn_deg"), [((2.0, -1.5, 3.0), 0.0), ((0.0, 0.0, 0.0), 2.0), ((-2, 1, -2), -1.5)]
)
def test_a_person_who_moved_a_little_is_followed(shift_mm, turn_deg):
    _, crop = look(0)
    fused = fused_head(shift_mm, turn_deg)
    before, after = rmse(fused.face(crop), crop), rmse(fused.aligned(crop).face(crop), crop)
    assert before > 0.5
    assert after < 0.3


def test_a_face_that_has_moved_away_or_is_none_has_no_fused_surface():
    assert fused_head().aligned(look(0, (7.0, 0.0, 600.0))[1]) is None
    assert wall(z_mm=660.0).aligned(look(0)[1]) is None


def test_its_own_error_is_told_where_the_truth_is_known():
    frame, crop = look(0)
    truth = np.where(frame.truth_mm > 0, frame.truth_mm, np.nan)
    near = np.hypot(np.arange(320)[None] - 159.5, np.arange(240)[:, None] - 119.5) * 600 / 420 < 60
    expected = np.sqrt(np.nanmean((620 - truth[near]) ** 2))
    assert 0.5 * expected < error_mm(wall(), frame, crop) < 3 * expected
    assert np.isnan(error_mm(wall(), look(0, with_truth=False)[0], crop))


def test_without_open3d_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(InputError, match="depthface\\[scan\\]"):
        fixed_methods()["fused"].denoise(look(0)[1])


def test_the_thread_tells_once_and_takes_no_more(monkeypatch):
    monkeypatch.setitem(sys.modules, "open3d", None)
    told, rung = [], threading.Event()
    fusing = Fusing(lambda problem: (told.append(problem), rung.set()))
    fusing.start()
    fusing.add(*look(0))
    assert rung.wait(LIMIT_S)
    fusing.add(*look(1))
    fusing.stop()
    assert len(told) == 1
    assert fusing.has_failed
    assert fusing.reference is None


@pytest.fixture
def library():
    return pytest.importorskip("open3d", reason="the optional extra `scan` is not installed")


def rmse(face, crop):
    truth = crop_face(head_mm(crop.nose_mm), PINHOLE, crop.nose_mm).depth_mm
    inner = np.hypot(*(np.mgrid[:128, :128] - 63.5)) < 40
    return float(np.sqrt(np.nanmean((face.depth_mm - truth)[inner] ** 2)))


def test_frames_of_a_face_that_sways_come_to_a_surface_nearer_to_the_truth_than_any(library):
    fusion = Fusion()
    for number in range(12):
        nose = (2 * np.sin(number / 3), np.cos(number / 4), 600 + 1.5 * np.sin(number / 5))
        _, crop = look(number, nose)
        fused = fusion.add(crop)
    assert fused.frames == 12
    assert rmse(fused.face(crop), crop) < 0.5 * NOISE_MM
    raw = np.nanstd(crop.depth_mm - crop_face(head_mm(nose), PINHOLE, nose).depth_mm)
    assert rmse(fused.face(crop), crop) < 0.5 * raw


def test_the_same_crop_again_is_counted_once_and_another_place_begins_anew(library):
    fusion, (_, crop) = Fusion(), look(0)
    assert [fusion.add(crop).frames for _ in range(3)] == [1, 1, 1]
    assert fusion.add(look(1)[1]).frames == 2
    assert fusion.add(look(2, (60.0, 0.0, 600.0))[1]).frames == 1


def test_something_that_does_not_fit_begins_anew(library):
    fusion = Fusion()
    for number in range(3):
        fusion.add(look(number)[1])
    board = crop_face(np.full((240, 320), 640.0, np.float32), PINHOLE, NOSE)
    assert fusion.add(board).frames == 1


def test_the_thread_fuses_and_says_what_it_is_worth(library):
    fusing = Fusing(lambda problem: None)
    fusing.start()
    ticker = threading.Event()
    for number in range(2000):
        fusing.add(*look(number % 20))
        if fusing.reference is not None and fusing.reference.fused.frames >= 3:
            break
        ticker.wait(0.03)
    fusing.stop()
    assert fusing.reference.fused.frames >= 3
    assert 0 < fusing.reference.error_mm < NOISE_MM
