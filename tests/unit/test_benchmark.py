"""The program's own benchmark: figures from readings worked by hand, and one short run with fakes."""

import pytest

from depthface_app.core.errors import CameraError
from depthface_app.pipeline.benchmark import PEOPLE, Readings, crowd, measure
from depthface_app.pipeline.stages import STAGES
from tests.fake_models import fake_models
from tests.fakes import FakeCamera


def test_figures_are_what_was_read():
    readings = Readings(
        pictures=[(index / 30, 10.0 + (index == 30)) for index in range(31)],
        results=[(index / 10, 50.0 + index, {"locate": 2.0, "embed": float(index)}) for index in range(11)],
    )
    figures = readings.figures()
    assert figures["picture_fps"] == pytest.approx(30)
    assert figures["identity_hz"] == pytest.approx(10)
    assert figures["picture_age_ms"]["median"] == 10
    assert figures["picture_age_ms"]["p99"] == pytest.approx(10.7)
    assert figures["identity_age_ms"] == {"median": 55.0, "p95": 59.5}
    assert figures["stages_ms"]["embed"] == {"median": 5.0, "p95": 9.5}
    assert figures["frames"] == 31


def test_a_short_run_measures_every_stage():
    figures = measure(lambda: FakeCamera(fps=60), fake_models(), seconds=0.5, warm_up_s=0.1).figures()
    assert figures["frames"] >= 3
    assert tuple(figures["stages_ms"]) == STAGES
    assert figures["identity_age_ms"]["p95"] >= figures["identity_age_ms"]["median"] > 0


def test_the_crowd_has_embeddings_of_the_recognisers_length():
    gallery = crowd(lambda: FakeCamera(fps=0), fake_models())
    assert gallery.templates.shape == (PEOPLE, 8)


def test_a_source_that_fails_is_one_sentence():
    with pytest.raises(CameraError, match="There is no camera"):
        measure(lambda: FakeCamera(fails_to_open="There is no camera."), fake_models(), seconds=0.1)
