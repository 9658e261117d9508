"""`recognise`: from a frame to named faces, with networks that need no weights."""

from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.errors import GalleryError
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.stages import STAGES, Models, Options, recognise
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser, axis_vector, fake_card, fake_models
from tests.fakes import fake_frame

MODEL = fake_card("recogniser").identity
ADA_AND_BOB = Gallery.of(MODEL, [("Ada", axis_vector(0)[None]), ("Bob", axis_vector(1)[None])])


def test_a_known_face_is_named_and_everything_about_it_is_there():
    result, tracks = recognise(fake_frame(), fake_models(), ADA_AND_BOB)
    (face,) = result.faces
    assert face.match.name == "Ada"
    assert face.match.threshold == 0.6
    assert face.location.track == 1
    assert face.crop.depth_mm.shape == (128, 128)
    assert face.denoised.fine_depth_mm is None
    assert 0 < face.quality <= 1
    assert tuple(result.stages_ms) == STAGES
    assert result.stages_ms["locate"] > 0
    assert len(tracks.following) == 1


def test_the_next_frame_keeps_the_number():
    _, tracks = recognise(fake_frame(0), fake_models(), ADA_AND_BOB)
    result, _ = recognise(fake_frame(1), fake_models(), ADA_AND_BOB, tracks)
    assert result.faces[0].location.track == 1


def test_a_stranger_is_unknown():
    models = Models(FakeLocator(), FakeDenoiser(), FakeRecogniser(lambda location: axis_vector(5)))
    result, _ = recognise(fake_frame(), models, ADA_AND_BOB)
    assert result.faces[0].match.name is None


def test_the_users_threshold_and_fine_decoding_are_obeyed():
    result, _ = recognise(
        fake_frame(), fake_models(), ADA_AND_BOB, options=Options(threshold=1.01, candidates=1, fine=True)
    )
    assert result.faces[0].match.name is None
    assert len(result.faces[0].match.candidates) == 1
    assert result.faces[0].denoised.fine_depth_mm.shape == (256, 256)


def test_without_any_threshold_nobody_is_accepted():
    recogniser = FakeRecogniser()
    recogniser.card = replace(recogniser.card, threshold=None)
    result, _ = recognise(fake_frame(), Models(FakeLocator(), FakeDenoiser(), recogniser), ADA_AND_BOB)
    assert result.faces[0].match.name is None


def test_a_frame_without_a_face_is_an_ordinary_result():
    empty = replace(fake_frame(), depth_mm=np.full((120, 160), 2000, np.uint16))
    result, tracks = recognise(empty, fake_models(), ADA_AND_BOB)
    assert result.faces == ()
    assert tracks.following == ()


def test_people_of_another_recogniser_are_never_compared():
    gallery = Gallery.of("fake-recogniser 0", [("Ada", axis_vector(0)[None])])
    with pytest.raises(GalleryError, match="cannot be compared"):
        recognise(fake_frame(), fake_models(), gallery)


def test_no_stage_changes_what_it_reads():
    frame: Frame = fake_frame()
    before = frame.depth_mm.copy()
    recognise(frame, fake_models(), ADA_AND_BOB)
    np.testing.assert_array_equal(frame.depth_mm, before)
    with pytest.raises(ValueError, match="read-only"):
        ADA_AND_BOB.templates[0, 0] = 1
